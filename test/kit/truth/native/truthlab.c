// The program of the truth lab: all that is not for LD_PRELOAD. See main().
#include "clock.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

_Noreturn void serve_ntp(const char *address, const char *port); // ntp.c
_Noreturn void serve_gm(const char *interface, bool is_udp);     // gm.c
_Noreturn void serve_gnss(const char *clock, const char *socket); // gnss.c

static void fail(const char *what) {
  fprintf(stderr, "truthlab: %s: %s\n", what, strerror(errno));
  exit(1);
}

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

// Runs a program among the processes of another one and ends with it; unlike nsenter, it does not stop when that stops.
static int run_inside(const char *pid, char **words) {
  join_namespace(pid, "pid", CLONE_NEWPID);
  join_namespace(pid, "ipc", CLONE_NEWIPC);
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
  bool is_clock = strcmp(command, "clock") == 0;
  if (is_clock && strcmp(what, "init") == 0 && count == 6)
    return make_clock(words[2], atof(words[4]), atof(words[5]));
  if (is_clock && count == 5) return change_clock(words[2], what, atof(words[4]));
  if (strcmp(command, "host") == 0) return printf("%" PRId64 "\n", host_epoch_ns(1000)) < 0;
  if (strcmp(command, "inside") == 0 && count > 3) return run_inside(words[2], words + 3);
  if (strcmp(command, "ntp") == 0 && count == 4) serve_ntp(words[2], words[3]);
  if (strcmp(command, "gm") == 0 && count >= 3) serve_gm(words[2], strcmp(what, "udp") == 0);
  if (strcmp(command, "gnss") == 0 && count == 4) serve_gnss(words[2], words[3]);
  fprintf(stderr, "truthlab clock FILE init OFFSET_S PPM | clock FILE step S | clock FILE osc PPM |\n"
                  "  host: CLOCK_REALTIME minus CLOCK_MONOTONIC, in ns |\n"
                  "  ntp ADDRESS PORT | gm INTERFACE [udp] | gnss CLOCK SOCKET | inside PID PROGRAM...\n");
  return 2;
}
