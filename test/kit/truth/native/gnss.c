// truthlab gnss CLOCK SOCKET: a receiver of GNSS beside the unit whose clock is in the file CLOCK. It gives the chronyd
// that listens on SOCKET (refclock SOCK) a sample each second, which is the truth.
#include "clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

// As chrony.conf(5) has it, under SOCK.
struct sock_sample {
  struct timeval tv;
  double offset_s;
  int pulse, leap, pad, magic;
};

_Noreturn void serve_gnss(const char *clock_path, const char *socket_path) {
  if (!open_clock(clock_path)) {
    perror(clock_path);
    exit(1);
  }
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  snprintf(to.sun_path, sizeof to.sun_path, "%s", socket_path);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (;; sleep(1)) {
    struct clock clock = read_clock();
    int64_t now = host_ns(CLOCK_MONOTONIC), shown = wall_ns(&clock, now), truth = now + host_epoch_ns(100);
    struct sock_sample sample = {.tv = {shown / SECOND, shown % SECOND / 1000}, .magic = 0x534f434b};
    sample.offset_s = (truth - shown) * 1e-9 + (shown % 1000) * 1e-9;
    sendto(fd, &sample, sizeof sample, 0, (struct sockaddr *)&to, sizeof to); // nobody may be there yet
  }
}
