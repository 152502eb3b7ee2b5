// truthlab ntp ADDRESS PORT: an NTP server.
#include "server.h"
#include <arpa/inet.h>

static struct lie ntp_lies[] = {
    {"offset_s", 0}, {"drift_ppm", 0}, {"jitter_s", 0}, {"stratum", 1}, {"leap", 0}, {"root_delay_s", 0},
    {"root_dispersion_s", 0}, {"delay_in_s", 0}, {"delay_out_s", 0}, {"jitter_in_s", 0}, {"jitter_out_s", 0},
    {"mute", 0}, {"kiss_of_death", 0}, {"ref_age_s", 1}, {NULL, 0}};

// A request that is under way in one of the two directions.
struct request {
  int64_t due_ns, received_ns, way_back_ns; // on CLOCK_REALTIME
  struct sockaddr_in from;
  uint8_t bytes[48];
};
static struct request waiting[256];
static size_t waiting_count;

static int64_t ntp_time_ns(int64_t host) {
  return host + said_ns("offset_s") + drift_ns(host) + gauss_ns("jitter_s");
}
static void put_ntp_time(struct packet *packet, int64_t ns) {
  put(packet, 4, ns / SECOND + 2208988800LL);
  put(packet, 4, ((uint64_t)(ns % SECOND) << 32) / SECOND);
}

static void answer(int fd, const struct request *request) {
  struct packet reply = {.length = 0};
  bool kiss = said("kiss_of_death") != 0;
  int64_t sent_ns = host_ns(CLOCK_REALTIME) - request->way_back_ns; // as late as the send truly is
  put(&reply, 1, (int)said("leap") << 6 | 4 << 3 | 4);
  put(&reply, 1, kiss ? 0 : (int)said("stratum"));
  put(&reply, 1, request->bytes[2]); // poll
  put(&reply, 1, -20);               // precision
  put(&reply, 4, said("root_delay_s") * 65536);
  put(&reply, 4, said("root_dispersion_s") * 65536);
  for (int i = 0; i < 4; i++) put(&reply, 1, kiss ? "DENY"[i] : text[i]);
  put_ntp_time(&reply, ntp_time_ns(request->received_ns) - said_ns("ref_age_s"));
  for (int i = 40; i < 48; i++) put(&reply, 1, request->bytes[i]); // origin: what it sent as transmit time
  put_ntp_time(&reply, ntp_time_ns(request->received_ns));
  put_ntp_time(&reply, ntp_time_ns(sent_ns));
  sendto(fd, reply.bytes, reply.length, 0, (const struct sockaddr *)&request->from, sizeof request->from);
}

static void take_request(int fd) {
  struct request request;
  int64_t stamp_ns;
  ssize_t length = receive(fd, request.bytes, sizeof request.bytes, 0, &request.from, &stamp_ns);
  if (length < 48 || said("mute") != 0 || waiting_count == sizeof waiting / sizeof *waiting) return;
  request.received_ns = stamp_ns + said_ns("delay_in_s") + exponential_ns("jitter_in_s");
  request.way_back_ns = said_ns("delay_out_s") + exponential_ns("jitter_out_s");
  request.due_ns = request.received_ns + request.way_back_ns;
  waiting[waiting_count++] = request;
}

// Answers what is due; gives the time until the next one is, at most 1 s.
static int64_t answer_due(int fd) {
  int64_t next = SECOND;
  for (size_t i = 0; i < waiting_count;) {
    int64_t left = waiting[i].due_ns - host_ns(CLOCK_REALTIME);
    if (left <= 0) {
      answer(fd, &waiting[i]);
      waiting[i] = waiting[--waiting_count];
      continue;
    }
    if (left < next) next = left;
    i += 1;
  }
  return next;
}

void serve_ntp(const char *address, const char *port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, address, &at.sin_addr);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) fail(address);
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) fail("SO_TIMESTAMPNS");
  begin(ntp_lies, "refid", "GPS");
  for (;;) {
    int64_t next = answer_due(fd);
    if (wait_packet(fd, host_ns(CLOCK_MONOTONIC) + next)) take_request(fd);
  }
}
