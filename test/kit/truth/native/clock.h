// The clock of a unit, in a file that all of its processes map; and the clock of this machine, which is the truth: it
// is read, and nothing in these files could set it.
#ifndef TRUTHLAB_CLOCK_H
#define TRUTHLAB_CLOCK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timex.h>
#include <time.h>

#define SECOND 1000000000LL

// What the clock showed at one moment, and how fast it runs from there. ../vclock.ts reads the same layout.
struct clock {
  int64_t at_ns;         // the moment, on the host's CLOCK_MONOTONIC
  int64_t wall_ns;       // CLOCK_REALTIME of the unit at that moment
  int64_t mono_ns;       // its CLOCK_MONOTONIC, which is slewed with it and never set
  double oscillator_ppm; // error of its oscillator
  int64_t freq;          // of adjtimex, in 2^-16 ppm
  int64_t tick;          // of adjtimex, in us: each above 10000 adds 100 ppm
  int64_t stepped_at_ns; // when it was set last, on the host's CLOCK_MONOTONIC
  int64_t step_ns;       // by how much
  int64_t status, maxerror, esterror, constant, tai; // of adjtimex, which only keeps them
};

// The next state is written beside the present one, then `generation` is raised: a reader who finds it unchanged has
// read one state, and a writer who is killed half way has changed nothing.
struct clock_file {
  uint64_t generation;
  struct clock slot[2]; // the present one is number generation % 2
};

static struct clock_file *file;
static int file_fd = -1;
static int (*host_gettime)(clockid_t, struct timespec *);

static inline int64_t ns_of(struct timespec t) { return t.tv_sec * SECOND + t.tv_nsec; }
static inline struct timespec timespec_of(int64_t ns) { return (struct timespec){ns / SECOND, ns % SECOND}; }

// A clock of this machine.
static inline int64_t host_ns(clockid_t id) {
  struct timespec t;
  if (host_gettime == NULL) host_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  host_gettime(id, &t);
  return ns_of(t);
}

// CLOCK_REALTIME minus CLOCK_MONOTONIC of this machine, read between two readings that lie close together.
static inline int64_t host_epoch_ns(int tries) {
  int64_t best = INT64_MAX, epoch = 0;
  while (tries-- > 0) {
    int64_t before = host_ns(CLOCK_MONOTONIC), wall = host_ns(CLOCK_REALTIME), after = host_ns(CLOCK_MONOTONIC);
    if (after - before >= best) continue;
    best = after - before;
    epoch = wall - (before + best / 2);
  }
  return epoch;
}

static inline bool open_clock(const char *path) {
  file_fd = open(path, O_RDWR | O_CLOEXEC);
  if (file_fd < 0) return false;
  file = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, file_fd, 0);
  return file != MAP_FAILED;
}

static inline struct clock read_clock(void) {
  for (;;) {
    uint64_t generation = __atomic_load_n(&file->generation, __ATOMIC_ACQUIRE);
    struct clock found = file->slot[generation % 2];
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&file->generation, __ATOMIC_RELAXED) == generation) return found;
  }
}

// What the unit's clock gains in a span of the host's.
static inline int64_t gain_ns(const struct clock *clock, int64_t span_ns) {
  double ppm = clock->oscillator_ppm + clock->freq / 65536.0 + (clock->tick - 10000) * 100.0;
  return (int64_t)(span_ns * ppm * 1e-6);
}

static inline int64_t wall_ns(const struct clock *clock, int64_t at_ns) {
  int64_t span = at_ns - clock->at_ns;
  return clock->wall_ns + span + gain_ns(clock, span);
}

// A change: the clock as of now, for one writer at a time; then what it is to be.
static inline struct clock begin_change(void) {
  flock(file_fd, LOCK_EX);
  struct clock clock = read_clock();
  int64_t now = host_ns(CLOCK_MONOTONIC), wall = wall_ns(&clock, now);
  clock.mono_ns += wall - clock.wall_ns;
  clock.wall_ns = wall;
  clock.at_ns = now;
  return clock;
}
static inline void end_change(struct clock clock) {
  uint64_t next = file->generation + 1;
  file->slot[next % 2] = clock;
  __atomic_store_n(&file->generation, next, __ATOMIC_RELEASE);
  flock(file_fd, LOCK_UN);
}

// Sets the clock; as in a kernel, it is not synchronised then, of which chronyd makes a test whether it can do that.
static inline void step(struct clock *clock, int64_t by_ns) {
  clock->status |= STA_UNSYNC;
  clock->maxerror = clock->esterror = 16000000;
  if (by_ns == 0) return;
  clock->wall_ns += by_ns;
  clock->stepped_at_ns = clock->at_ns;
  clock->step_ns = by_ns;
}

#endif
