// A library for LD_PRELOAD: the processes of a unit read and steer the clock in the file that TRUTHLAB_CLOCK names, in
// the place of the clock of the machine.
#include "clock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("TRUTHLAB_CLOCK");
  if (path != NULL && file == NULL && !open_clock(path)) {
    fprintf(stderr, "truthlab: %s: %s\n", path, strerror(errno));
    _exit(127);
  }
}

int clock_gettime(clockid_t id, struct timespec *t) {
  bool is_wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
  bool is_mono = id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE || id == CLOCK_BOOTTIME;
  if (file == NULL || (!is_wall && !is_mono)) {
    if (host_gettime == NULL) host_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    return host_gettime(id, t);
  }
  struct clock clock = read_clock();
  int64_t wall = wall_ns(&clock, host_ns(CLOCK_MONOTONIC));
  *t = timespec_of(is_wall ? wall : wall - clock.wall_ns + clock.mono_ns);
  return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
  struct timespec t;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &t);
  *tv = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *out) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  if (out != NULL) *out = t.tv_sec;
  return t.tv_sec;
}

static int refused(int reason) {
  errno = reason;
  return -1;
}

static int64_t clamp(int64_t value, int64_t limit) {
  return value > limit ? limit : value < -limit ? -limit : value;
}

// What adjtimex does with one call, to the clock as of now.
static void adjust(struct clock *clock, const struct timex *x) {
  if (x->modes & ADJ_SETOFFSET)
    step(clock, x->time.tv_sec * SECOND + x->time.tv_usec * (x->modes & ADJ_NANO ? 1 : 1000));
  if (x->modes & ADJ_FREQUENCY) clock->freq = clamp(x->freq, 500 << 16);
  if (x->modes & ADJ_TICK) clock->tick = x->tick;
  if (x->modes & ADJ_STATUS) clock->status = x->status;
  if (x->modes & ADJ_MAXERROR) clock->maxerror = x->maxerror;
  if (x->modes & ADJ_ESTERROR) clock->esterror = x->esterror;
  if (x->modes & ADJ_TIMECONST) clock->constant = x->constant;
  if (x->modes & ADJ_TAI) clock->tai = x->constant;
}

int adjtimex(struct timex *x) {
  if (file == NULL) return refused(EPERM);
  bool is_slew = (x->modes & ADJ_OFFSET_SINGLESHOT) == ADJ_OFFSET_SINGLESHOT; // of adjtime: none is ever under way
  if (!is_slew && (x->modes & ADJ_TICK) && (x->tick < 9000 || x->tick > 11000)) return refused(EINVAL);
  if (!is_slew && x->modes != 0) {
    struct clock next = begin_change();
    adjust(&next, x);
    end_change(next);
  }
  struct clock clock = read_clock();
  struct timespec now = timespec_of(wall_ns(&clock, host_ns(CLOCK_MONOTONIC)));
  *x = (struct timex){.modes = x->modes, .freq = clock.freq, .tick = clock.tick, .status = clock.status,
                      .maxerror = clock.maxerror, .esterror = clock.esterror, .constant = clock.constant,
                      .tai = clock.tai, .precision = 1, .tolerance = 500 << 16,
                      .time = {now.tv_sec, clock.status & STA_NANO ? now.tv_nsec : now.tv_nsec / 1000}};
  return clock.status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
}
int ntp_adjtime(struct timex *x) { return adjtimex(x); }
int clock_adjtime(clockid_t id, struct timex *x) { return id == CLOCK_REALTIME ? adjtimex(x) : refused(EOPNOTSUPP); }

static int set_wall(int64_t wanted_ns) {
  if (file == NULL) return refused(EPERM);
  struct clock next = begin_change();
  step(&next, wanted_ns - next.wall_ns);
  end_change(next);
  return 0;
}
int clock_settime(clockid_t id, const struct timespec *t) {
  return id == CLOCK_REALTIME ? set_wall(ns_of(*t)) : refused(EPERM);
}
int settimeofday(const struct timeval *t, const struct timezone *zone) {
  (void)zone;
  return t == NULL ? 0 : set_wall(t->tv_sec * SECOND + t->tv_usec * 1000LL);
}

// What the unit's clock showed when the host's kernel stamped a packet.
static struct timespec unit_stamp(struct timespec host) {
  if (host.tv_sec == 0 && host.tv_nsec == 0) return host; // a kind of stamp that was not asked for
  struct clock clock = read_clock();
  return timespec_of(wall_ns(&clock, ns_of(host) - host_epoch_ns(3)));
}

static void convert_stamps(struct msghdr *message) {
  if (file == NULL) return;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level != SOL_SOCKET) continue;
    struct timespec *stamp = (struct timespec *)CMSG_DATA(c); // of SCM_TIMESTAMPING the first: software
    struct timeval *coarse = (struct timeval *)CMSG_DATA(c);
    if (c->cmsg_type == SCM_TIMESTAMPNS || c->cmsg_type == SCM_TIMESTAMPING) *stamp = unit_stamp(*stamp);
    if (c->cmsg_type == SCM_TIMESTAMP) {
      struct timespec t = unit_stamp((struct timespec){coarse->tv_sec, coarse->tv_usec * 1000});
      *coarse = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
    }
  }
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  static ssize_t (*real)(int, struct msghdr *, int);
  if (real == NULL) real = dlsym(RTLD_NEXT, "recvmsg");
  ssize_t length = real(fd, message, flags);
  if (length >= 0) convert_stamps(message);
  return length;
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout) {
  static int (*real)(int, struct mmsghdr *, unsigned, int, struct timespec *);
  if (real == NULL) real = dlsym(RTLD_NEXT, "recvmmsg");
  int received = real(fd, messages, count, flags, timeout);
  for (int i = 0; i < received; i++) convert_stamps(&messages[i].msg_hdr);
  return received;
}
