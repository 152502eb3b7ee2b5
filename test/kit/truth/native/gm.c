// truthlab gm INTERFACE [udp]: a PTP grandmaster: Ethernet or UDP over IPv4, end to end, two-step (IEEE 1588-2019, 13,
// annexes C and E).
#include "server.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/if.h>

enum message { SYNC = 0, DELAY_REQ = 1, FOLLOW_UP = 8, DELAY_RESP = 9, ANNOUNCE = 11 };

static struct lie gm_lies[] = {
    {"offset_s", 0}, {"drift_ppm", 0}, {"jitter_s", 0}, {"tai_s", 37}, {"frozen", 0}, {"clock_class", 6},
    {"accuracy", 0x21}, {"variance", 0x4e5d}, {"utc_offset_s", 37}, {"flags", 0x3c}, {"time_source", 0x20},
    {"steps_removed", 0}, {"priority1", 10}, {"priority2", 128}, {"domain", 0}, {"announce_s", 1}, {"sync_s", 1},
    {"no_announce", 0}, {"no_sync", 0}, {"no_response", 0}, {"answers_another", 0}, {"request_shift_s", 0}, {"sync_shift_s", 0}, {"flood", 0},
    {NULL, 0}};

// Where messages go to everybody: those that are stamped, and the others. Over Ethernet both are the same.
struct way {
  int fd;
  union {
    struct sockaddr any;
    struct sockaddr_ll ethernet;
    struct sockaddr_in ip;
  } to;
  socklen_t size;
};
static struct way event, general;
static uint16_t announces, syncs;

static int64_t ptp_time_ns(int64_t host, const char *shift_s) {
  int64_t shown = said("frozen") != 0 ? frozen_at_ns : host;
  return shown + drift_ns(shown) + said_ns("tai_s") + said_ns("offset_s") + said_ns(shift_s) + gauss_ns("jitter_s");
}
static void put_ptp_time(struct packet *packet, int64_t ns) {
  put(packet, 6, ns / SECOND);
  put(packet, 4, ns % SECOND);
}

static struct packet begin_message(enum message type, uint64_t identity, uint16_t sequence, double interval_s) {
  static const uint8_t lengths[] = {[SYNC] = 44, [FOLLOW_UP] = 44, [DELAY_RESP] = 54, [ANNOUNCE] = 64};
  static const uint8_t controls[] = {[SYNC] = 0, [FOLLOW_UP] = 2, [DELAY_RESP] = 3, [ANNOUNCE] = 5};
  struct packet packet = {.length = 0};
  put(&packet, 1, type);
  put(&packet, 1, 2); // version
  put(&packet, 2, lengths[type]);
  put(&packet, 1, said("domain"));
  put(&packet, 1, 0);
  put(&packet, 2, type == ANNOUNCE ? (int)said("flags") : type == SYNC ? 0x200 : 0); // 0x200: two-step
  put(&packet, 8, 0); // correction
  put(&packet, 4, 0);
  put(&packet, 8, identity);
  put(&packet, 2, 1); // port
  put(&packet, 2, sequence);
  put(&packet, 1, controls[type]);
  put(&packet, 1, lround(log2(interval_s)));
  return packet;
}

static void send_message(const struct packet *packet) {
  sendto(general.fd, packet->bytes, packet->length, 0, &general.to.any, general.size);
}

static uint64_t own_identity(void) { return strtoull(text, NULL, 16); }

static void announce(uint64_t identity, int priority1) {
  struct packet packet = begin_message(ANNOUNCE, identity, announces, said("announce_s"));
  put_ptp_time(&packet, 0);
  put(&packet, 2, said("utc_offset_s"));
  put(&packet, 1, 0);
  put(&packet, 1, priority1);
  put(&packet, 1, said("clock_class"));
  put(&packet, 1, said("accuracy"));
  put(&packet, 2, said("variance"));
  put(&packet, 1, said("priority2"));
  put(&packet, 8, identity);
  put(&packet, 2, said("steps_removed"));
  put(&packet, 1, said("time_source"));
  send_message(&packet);
}

static void announce_all(void) {
  static uint64_t stranger = 0x00bb00fffe000000;
  announces += 1;
  if (said("no_announce") == 0) announce(own_identity(), said("priority1"));
  for (int i = 0; i < said("flood"); i++) announce(stranger++, 200); // each time other clocks
}

// Sends a packet and gives the kernel's stamp of its leaving; 0 where none comes within 50 ms.
static int64_t send_stamped(struct packet *packet) {
  char control[CMSG_SPACE(sizeof(uint32_t))] = {0}, back[256];
  uint32_t wanted = SOF_TIMESTAMPING_TX_SOFTWARE;
  struct iovec part = {packet->bytes, packet->length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1,
                           .msg_name = &event.to, .msg_namelen = event.size,
                           .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SO_TIMESTAMPING, .cmsg_len = CMSG_LEN(sizeof wanted)};
  memcpy(CMSG_DATA(c), &wanted, sizeof wanted);
  int64_t stamp_ns = 0;
  while (receive(event.fd, back, sizeof back, MSG_ERRQUEUE, NULL, &stamp_ns) >= 0) continue; // a stamp that came late
  if (sendmsg(event.fd, &message, 0) < 0) return 0;
  struct pollfd polled = {.fd = event.fd};
  if (poll(&polled, 1, 50) > 0) receive(event.fd, back, sizeof back, MSG_ERRQUEUE, NULL, &stamp_ns);
  return stamp_ns;
}

static void sync_all(void) {
  syncs += 1;
  if (said("no_sync") != 0) return;
  struct packet packet = begin_message(SYNC, own_identity(), syncs, said("sync_s"));
  put_ptp_time(&packet, 0);
  int64_t stamp_ns = send_stamped(&packet);
  if (stamp_ns == 0) return;
  packet = begin_message(FOLLOW_UP, own_identity(), syncs, said("sync_s"));
  put_ptp_time(&packet, ptp_time_ns(stamp_ns, "sync_shift_s"));
  send_message(&packet);
}

static void answer_delay(void) {
  uint8_t request[128];
  int64_t stamp_ns;
  ssize_t length = receive(event.fd, request, sizeof request, 0, NULL, &stamp_ns);
  bool is_ours = length >= 44 && (request[0] & 15) == DELAY_REQ && request[4] == said("domain");
  if (!is_ours || stamp_ns == 0 || said("no_response") != 0) return;
  struct packet packet = begin_message(DELAY_RESP, own_identity(), request[30] << 8 | request[31], 1);
  put_ptp_time(&packet, ptp_time_ns(stamp_ns, "request_shift_s"));
  uint8_t last = said("answers_another") != 0 ? 0xff : 0;
  for (int i = 20; i < 30; i++) put(&packet, 1, request[i] ^ (i == 27 ? last : 0)); // who asked
  send_message(&packet);
}

static struct way ethernet_way(int index) {
  struct way way = {.size = sizeof way.to.ethernet,
                    .to.ethernet = {.sll_family = AF_PACKET, .sll_halen = 6, .sll_addr = {0x01, 0x1b, 0x19},
                                    .sll_ifindex = index, .sll_protocol = htons(0x88f7)}};
  way.fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, way.to.ethernet.sll_protocol);
  if (way.fd < 0 || bind(way.fd, &way.to.any, way.size) != 0) fail("AF_PACKET");
  struct packet_mreq group = {.mr_ifindex = index, .mr_type = PACKET_MR_MULTICAST, .mr_alen = 6};
  memcpy(group.mr_address, way.to.ethernet.sll_addr, 6);
  if (setsockopt(way.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof group) != 0) fail("PACKET_ADD_MEMBERSHIP");
  return way;
}

static struct way udp_way(int index, uint16_t port) {
  struct way way = {.size = sizeof way.to.ip, .to.ip = {.sin_family = AF_INET, .sin_port = htons(port)}};
  inet_pton(AF_INET, "224.0.1.129", &way.to.ip.sin_addr);
  struct ip_mreqn group = {.imr_multiaddr = way.to.ip.sin_addr, .imr_ifindex = index};
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)};
  int none = 0;
  way.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (way.fd < 0 || bind(way.fd, (struct sockaddr *)&own, sizeof own) != 0) fail("UDP");
  if (setsockopt(way.fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) != 0 ||
      setsockopt(way.fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof group) != 0 ||
      setsockopt(way.fd, IPPROTO_IP, IP_MULTICAST_LOOP, &none, sizeof none) != 0)
    fail("224.0.1.129");
  return way;
}

void serve_gm(const char *interface, bool is_udp) {
  int index = if_nametoindex(interface);
  event = is_udp ? udp_way(index, 319) : ethernet_way(index);
  general = is_udp ? udp_way(index, 320) : event;
  int stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  if (setsockopt(event.fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) != 0) fail("SO_TIMESTAMPING");
  begin(gm_lies, "identity", "00aa00fffe000001");
  // apart: a Sync right behind an Announce passes a warm switch, sooner than any Delay_Req does
  int64_t next_announce = host_ns(CLOCK_MONOTONIC), next_sync = next_announce + said_ns("sync_s") / 2;
  for (;;) {
    int64_t now = host_ns(CLOCK_MONOTONIC);
    if (now >= next_announce) {
      next_announce = now + said_ns("announce_s");
      announce_all();
    }
    if (now >= next_sync) {
      next_sync = now + said_ns("sync_s");
      sync_all();
    }
    if (wait_packet(event.fd, next_announce < next_sync ? next_announce : next_sync)) answer_delay();
  }
}
