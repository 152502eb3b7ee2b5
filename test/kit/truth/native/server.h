// What the NTP server and the grandmaster have in common: how they are told to lie, wait, receive and write packets.
#include "clock.h"
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void fail(const char *what) {
  fprintf(stderr, "truthlab: %s: %s\n", what, strerror(errno));
  exit(1);
}

// What a server says that is not so, or how: lines `name value` on its standard input, of which the last before it
// begins is `start now`; those after that change what it says.
struct lie {
  const char *name;
  double value;
};
static struct lie *lies; // the server's own, ended by a name that is NULL
static char text[64];    // the one lie that is no number: refid of an NTP server, identity of a grandmaster
static const char *text_name;
static bool is_started;

static inline double said(const char *name) {
  for (struct lie *lie = lies; lie->name != NULL; lie++)
    if (strcmp(lie->name, name) == 0) return lie->value;
  fprintf(stderr, "truthlab: no lie is named %s\n", name);
  exit(2);
}

static inline int64_t said_ns(const char *name) { return llround(said(name) * 1e9); }

// Uniform in (0, 1]
static inline double chance(void) { return 1 - drand48(); }
static inline int64_t gauss_ns(const char *deviation_s) {
  return llround(said(deviation_s) * 1e9 * sqrt(-2 * log(chance())) * cos(2 * M_PI * chance()));
}
static inline int64_t exponential_ns(const char *mean_s) { return llround(-said(mean_s) * 1e9 * log(chance())); }

// A drift begins where the one before it has come to.
static int64_t drift_since_ns, drifted_ns;
static inline int64_t drift_ns(int64_t at_ns) {
  return drifted_ns + llround((at_ns - drift_since_ns) * said("drift_ppm") * 1e-6);
}

static int64_t frozen_at_ns;

static inline void set_lie(const char *name, const char *value) {
  int64_t now = host_ns(CLOCK_REALTIME);
  drifted_ns = is_started ? drift_ns(now) : 0;
  drift_since_ns = now;
  if (strcmp(name, "frozen") == 0) frozen_at_ns = now;
  if (strcmp(name, "start") == 0) is_started = true;
  else if (strcmp(name, text_name) == 0) snprintf(text, sizeof text, "%s", value);
  else said(name); // ends the program where there is no such lie
  for (struct lie *lie = lies; lie->name != NULL; lie++)
    if (strcmp(lie->name, name) == 0) lie->value = atof(value);
}

// Takes what has come on standard input; when that ends, whoever holds the server is gone.
static inline void read_lies(void) {
  static char line[4096];
  static size_t held;
  ssize_t got = read(STDIN_FILENO, line + held, sizeof line - held - 1);
  if (got <= 0) exit(0);
  held += got;
  line[held] = '\0';
  for (char *end; (end = strchr(line, '\n')) != NULL;) {
    char name[64], value[64];
    if (sscanf(line, "%63s %63s", name, value) == 2) set_lie(name, value);
    held -= end + 1 - line;
    memmove(line, end + 1, held + 1);
  }
}

// Waits until `until_ns` of CLOCK_MONOTONIC for a packet; true when one is there.
static inline bool wait_packet(int fd, int64_t until_ns) {
  int64_t left = until_ns - host_ns(CLOCK_MONOTONIC);
  struct timespec timeout = timespec_of(left > 0 ? left : 0);
  struct pollfd polled[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
  if (ppoll(polled, 2, &timeout, NULL) <= 0) return false;
  if (polled[0].revents != 0) read_lies();
  return polled[1].revents & POLLIN;
}

// Takes the lies with which the server is to begin, and says that it does.
static inline void begin(struct lie *table, const char *name_of_text, const char *first_text) {
  lies = table;
  text_name = name_of_text;
  snprintf(text, sizeof text, "%s", first_text);
  prctl(PR_SET_TIMERSLACK, 1);
  srand48(host_ns(CLOCK_REALTIME) ^ getpid());
  while (!is_started) read_lies();
  puts("ready");
  fflush(stdout);
}

// Receives a packet and the kernel's stamp of it, 0 where there is none.
static inline ssize_t receive(int fd, void *bytes, size_t size, int flags, struct sockaddr_in *from,
                              int64_t *stamp_ns) {
  char control[256];
  struct iovec part = {bytes, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_name = from,
                           .msg_namelen = from == NULL ? 0 : sizeof *from,
                           .msg_control = control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(fd, &message, flags | MSG_DONTWAIT);
  *stamp_ns = 0;
  if (length < 0) return length;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c))
    if (c->cmsg_level == SOL_SOCKET && (c->cmsg_type == SCM_TIMESTAMPNS || c->cmsg_type == SCM_TIMESTAMPING))
      *stamp_ns = ns_of(*(struct timespec *)CMSG_DATA(c));
  return length;
}

// A packet that is being written, the highest byte of each field first.
struct packet {
  uint8_t bytes[128];
  size_t length;
};
static inline void put(struct packet *packet, int size, uint64_t value) {
  while (size-- > 0) packet->bytes[packet->length++] = value >> (8 * size);
}
