// The part of the truth lab that TypeScript cannot do, built twice by build.ts:
//   with -shared -DPRELOAD  a library for LD_PRELOAD: the clock of a unit, read and steered by all of its processes
//   as a program            truthlab clock|host|ntp|gm|inside: see main() at the end
// The clock of this machine is the truth. It is read here, and there is no call in this file that could set it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <math.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

// The clock of a unit: what it showed at one moment, and how fast it runs from there. vclock.ts reads the same layout.
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

static int64_t ns_of(struct timespec t) { return t.tv_sec * SECOND + t.tv_nsec; }
static struct timespec timespec_of(int64_t ns) { return (struct timespec){ns / SECOND, ns % SECOND}; }

// A clock of this machine.
static int64_t host_ns(clockid_t id) {
  struct timespec t;
  if (host_gettime == NULL) host_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  host_gettime(id, &t);
  return ns_of(t);
}

// CLOCK_REALTIME minus CLOCK_MONOTONIC of this machine, read between two readings that lie close together.
static int64_t host_epoch_ns(int tries) {
  int64_t best = INT64_MAX, epoch = 0;
  while (tries-- > 0) {
    int64_t before = host_ns(CLOCK_MONOTONIC), wall = host_ns(CLOCK_REALTIME), after = host_ns(CLOCK_MONOTONIC);
    if (after - before >= best) continue;
    best = after - before;
    epoch = wall - (before + best / 2);
  }
  return epoch;
}

static bool open_clock(const char *path) {
  file_fd = open(path, O_RDWR | O_CLOEXEC);
  if (file_fd < 0) return false;
  file = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, file_fd, 0);
  return file != MAP_FAILED;
}

static struct clock read_clock(void) {
  for (;;) {
    uint64_t generation = __atomic_load_n(&file->generation, __ATOMIC_ACQUIRE);
    struct clock found = file->slot[generation % 2];
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&file->generation, __ATOMIC_RELAXED) == generation) return found;
  }
}

// What the unit's clock gains in a span of the host's.
static int64_t gain_ns(const struct clock *clock, int64_t span_ns) {
  double ppm = clock->oscillator_ppm + clock->freq / 65536.0 + (clock->tick - 10000) * 100.0;
  return (int64_t)(span_ns * ppm * 1e-6);
}

static int64_t wall_ns(const struct clock *clock, int64_t at_ns) {
  int64_t span = at_ns - clock->at_ns;
  return clock->wall_ns + span + gain_ns(clock, span);
}

// A change: the clock as of now, for one writer at a time; then what it is to be.
static struct clock begin_change(void) {
  flock(file_fd, LOCK_EX);
  struct clock clock = read_clock();
  int64_t now = host_ns(CLOCK_MONOTONIC), wall = wall_ns(&clock, now);
  clock.mono_ns += wall - clock.wall_ns;
  clock.wall_ns = wall;
  clock.at_ns = now;
  return clock;
}
static void end_change(struct clock clock) {
  uint64_t next = file->generation + 1;
  file->slot[next % 2] = clock;
  __atomic_store_n(&file->generation, next, __ATOMIC_RELEASE);
  flock(file_fd, LOCK_UN);
}

static void step(struct clock *clock, int64_t by_ns) {
  clock->wall_ns += by_ns;
  clock->stepped_at_ns = clock->at_ns;
  clock->step_ns = by_ns;
}

#ifdef PRELOAD

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
  if (x->modes & ADJ_FREQUENCY) clock->freq = clamp(x->freq, 500 << 16);
  if (x->modes & ADJ_TICK) clock->tick = x->tick;
  if (x->modes & ADJ_STATUS) clock->status = x->status;
  if (x->modes & ADJ_MAXERROR) clock->maxerror = x->maxerror;
  if (x->modes & ADJ_ESTERROR) clock->esterror = x->esterror;
  if (x->modes & ADJ_TIMECONST) clock->constant = x->constant;
  if (x->modes & ADJ_TAI) clock->tai = x->constant;
  if (x->modes & ADJ_SETOFFSET)
    step(clock, x->time.tv_sec * SECOND + x->time.tv_usec * (x->modes & ADJ_NANO ? 1 : 1000));
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

#else // the program

static void fail(const char *what) {
  fprintf(stderr, "truthlab: %s: %s\n", what, strerror(errno));
  exit(1);
}

// What a server says that is not so, or how: set while it runs by lines `name value` on its standard input.
struct lie {
  const char *name;
  double value;
};
static struct lie *lies; // the server's own, ended by a name that is NULL
static char text[64];    // the one lie that is no number: refid of an NTP server, identity of a grandmaster
static const char *text_name;

static double said(const char *name) {
  for (struct lie *lie = lies; lie->name != NULL; lie++)
    if (strcmp(lie->name, name) == 0) return lie->value;
  fprintf(stderr, "truthlab: no lie is named %s\n", name);
  exit(2);
}

static int64_t said_ns(const char *name) { return llround(said(name) * 1e9); }

// Uniform in (0, 1]
static double chance(void) { return 1 - drand48(); }
static int64_t gauss_ns(const char *deviation_s) {
  return llround(said(deviation_s) * 1e9 * sqrt(-2 * log(chance())) * cos(2 * M_PI * chance()));
}
static int64_t exponential_ns(const char *mean_s) { return llround(-said(mean_s) * 1e9 * log(chance())); }

// A drift begins where the one before it has come to.
static int64_t drift_since_ns, drifted_ns;
static int64_t drift_ns(int64_t at_ns) {
  return drifted_ns + llround((at_ns - drift_since_ns) * said("drift_ppm") * 1e-6);
}

static int64_t frozen_at_ns;

static void set_lie(const char *name, const char *value) {
  int64_t now = host_ns(CLOCK_REALTIME);
  drifted_ns = drift_ns(now);
  drift_since_ns = now;
  if (strcmp(name, "frozen") == 0) frozen_at_ns = now;
  if (strcmp(name, text_name) == 0) {
    snprintf(text, sizeof text, "%s", value);
    return;
  }
  said(name); // ends the program where there is no such lie
  for (struct lie *lie = lies; lie->name != NULL; lie++)
    if (strcmp(lie->name, name) == 0) lie->value = atof(value);
}

// Takes what has come on standard input; when that ends, whoever holds the server is gone.
static void read_lies(void) {
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
static bool wait_packet(int fd, int64_t until_ns) {
  int64_t left = until_ns - host_ns(CLOCK_MONOTONIC);
  struct timespec timeout = timespec_of(left > 0 ? left : 0);
  struct pollfd polled[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
  if (ppoll(polled, 2, &timeout, NULL) <= 0) return false;
  if (polled[0].revents != 0) read_lies();
  return polled[1].revents & POLLIN;
}

static void ready(void) {
  prctl(PR_SET_TIMERSLACK, 1);
  srand48(host_ns(CLOCK_REALTIME) ^ getpid());
  puts("ready");
  fflush(stdout);
}

// Receives a packet and the kernel's stamp of it, of a kind of SCM_; 0 where there is none.
static ssize_t receive(int fd, void *bytes, size_t size, int flags, struct sockaddr_in *from, int64_t *stamp_ns) {
  char control[256];
  struct iovec part = {bytes, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control,
                           .msg_name = from, .msg_namelen = from == NULL ? 0 : sizeof *from};
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
static void put(struct packet *packet, int size, uint64_t value) {
  while (size-- > 0) packet->bytes[packet->length++] = value >> (8 * size);
}

// --- NTP server

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

static void serve_ntp(const char *address, const char *port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, address, &at.sin_addr);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) fail(address);
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) fail("SO_TIMESTAMPNS");
  ready();
  for (;;) {
    int64_t next = answer_due(fd);
    if (wait_packet(fd, host_ns(CLOCK_MONOTONIC) + next)) take_request(fd);
  }
}

// --- PTP grandmaster: Ethernet, end to end, two-step (IEEE 1588-2019, 13 and annex E)

enum message { SYNC = 0, DELAY_REQ = 1, FOLLOW_UP = 8, DELAY_RESP = 9, ANNOUNCE = 11 };

static struct lie gm_lies[] = {
    {"offset_s", 0}, {"drift_ppm", 0}, {"jitter_s", 0}, {"tai_s", 37}, {"frozen", 0}, {"clock_class", 6},
    {"accuracy", 0x21}, {"variance", 0x4e5d}, {"utc_offset_s", 37}, {"flags", 0x3c}, {"time_source", 0x20},
    {"steps_removed", 0}, {"priority1", 10}, {"priority2", 128}, {"domain", 0}, {"announce_s", 1}, {"sync_s", 1},
    {"no_announce", 0}, {"no_sync", 0}, {"no_response", 0}, {"request_shift_s", 0}, {"sync_shift_s", 0}, {"flood", 0},
    {NULL, 0}};

static int gm_fd;
static struct sockaddr_ll everybody = {.sll_family = AF_PACKET, .sll_halen = 6, .sll_addr = {0x01, 0x1b, 0x19}};
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
  sendto(gm_fd, packet->bytes, packet->length, 0, (struct sockaddr *)&everybody, sizeof everybody);
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
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control,
                           .msg_name = &everybody, .msg_namelen = sizeof everybody};
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SO_TIMESTAMPING, .cmsg_len = CMSG_LEN(sizeof wanted)};
  memcpy(CMSG_DATA(c), &wanted, sizeof wanted);
  int64_t stamp_ns = 0;
  while (receive(gm_fd, back, sizeof back, MSG_ERRQUEUE, NULL, &stamp_ns) >= 0) continue; // a stamp that came late
  if (sendmsg(gm_fd, &message, 0) < 0) return 0;
  struct pollfd polled = {.fd = gm_fd};
  if (poll(&polled, 1, 50) > 0) receive(gm_fd, back, sizeof back, MSG_ERRQUEUE, NULL, &stamp_ns);
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
  ssize_t length = receive(gm_fd, request, sizeof request, 0, NULL, &stamp_ns);
  bool is_ours = length >= 44 && (request[0] & 15) == DELAY_REQ && request[4] == said("domain");
  if (!is_ours || stamp_ns == 0 || said("no_response") != 0) return;
  struct packet packet = begin_message(DELAY_RESP, own_identity(), request[30] << 8 | request[31], 1);
  put_ptp_time(&packet, ptp_time_ns(stamp_ns, "request_shift_s"));
  for (int i = 20; i < 30; i++) put(&packet, 1, request[i]); // who asked
  send_message(&packet);
}

static void serve_gm(const char *interface) {
  everybody.sll_ifindex = if_nametoindex(interface);
  everybody.sll_protocol = htons(0x88f7);
  gm_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, everybody.sll_protocol);
  if (gm_fd < 0 || bind(gm_fd, (struct sockaddr *)&everybody, sizeof everybody) != 0) fail(interface);
  struct packet_mreq group = {.mr_ifindex = everybody.sll_ifindex, .mr_type = PACKET_MR_MULTICAST, .mr_alen = 6};
  memcpy(group.mr_address, everybody.sll_addr, 6);
  if (setsockopt(gm_fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof group) != 0) fail("PACKET_ADD_MEMBERSHIP");
  int stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  if (setsockopt(gm_fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) != 0) fail("SO_TIMESTAMPING");
  ready();
  int64_t next_announce = host_ns(CLOCK_MONOTONIC), next_sync = next_announce;
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
    if (wait_packet(gm_fd, next_announce < next_sync ? next_announce : next_sync)) answer_delay();
  }
}

// --- clock, host, inside

static int make_clock(const char *path, double offset_s, double oscillator_ppm) {
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || ftruncate(fd, sizeof *file) != 0 || !open_clock(path)) fail(path);
  int64_t now = host_ns(CLOCK_MONOTONIC);
  file->slot[0] = (struct clock){.at_ns = now, .mono_ns = now, .oscillator_ppm = oscillator_ppm, .tick = 10000,
                                 .wall_ns = now + host_epoch_ns(100) + llround(offset_s * 1e9),
                                 .status = STA_UNSYNC, .maxerror = 16000000, .esterror = 16000000};
  return 0;
}

static int change_clock(const char *path, const char *what, double value) {
  if (!open_clock(path)) fail(path);
  struct clock next = begin_change();
  if (strcmp(what, "osc") == 0) next.oscillator_ppm = value;
  if (strcmp(what, "step") == 0) step(&next, llround(value * 1e9));
  end_change(next);
  return 0;
}

static void join_namespace(const char *pid, const char *kind, int type) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/ns/%s", pid, kind);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, type) != 0) fail(path);
}

// Runs a program among the processes of another one, and ends with it. Unlike nsenter it does not stop when that stops.
static int run_inside(const char *pid, char **words) {
  join_namespace(pid, "pid", CLONE_NEWPID);
  join_namespace(pid, "mnt", CLONE_NEWNS);
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(words[0], words);
    fail(words[0]);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **words) {
  const char *command = count > 1 ? words[1] : "", *what = count > 3 ? words[3] : "";
  drift_since_ns = host_ns(CLOCK_REALTIME);
  if (strcmp(command, "clock") == 0 && strcmp(what, "init") == 0 && count == 6)
    return make_clock(words[2], atof(words[4]), atof(words[5]));
  if (strcmp(command, "clock") == 0 && count == 5) return change_clock(words[2], what, atof(words[4]));
  if (strcmp(command, "host") == 0) return printf("%" PRId64 "\n", host_epoch_ns(1000)) < 0;
  if (strcmp(command, "inside") == 0 && count > 3) return run_inside(words[2], words + 3);
  if (strcmp(command, "ntp") == 0 && count == 4) {
    lies = ntp_lies;
    text_name = "refid";
    strcpy(text, "GPS");
    serve_ntp(words[2], words[3]);
  }
  if (strcmp(command, "gm") == 0 && count == 3) {
    lies = gm_lies;
    text_name = "identity";
    strcpy(text, "00aa00fffe000001");
    serve_gm(words[2]);
  }
  fprintf(stderr, "truthlab clock FILE init OFFSET_S PPM | clock FILE step S | clock FILE osc PPM | host |\n"
                  "  ntp ADDRESS PORT | gm INTERFACE | inside PID PROGRAM...\n");
  return 2;
}

#endif
