import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NetnsEnd, netnsPair } from '../net/netns.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, tempDir } from '../process/daemon.ts';
import { type LinuxptpPrograms, linuxptpVersion } from '../process/timetools.ts';
import { need } from '../process/tools.ts';
import { withoutClock } from './unsteered.ts';

/** How a ptp4l of the tests is run. It lacks the right to set the clock, and its servo is tame besides. */
export interface Ptp4lOptions {
  /**
   * slave: a pi servo that is clamped to nothing. monitor: measures only, never leaves UNCALIBRATED.
   * ntpshm: hands its samples to chronyd's SHM refclock, segment `shm`.
   * boundary: passes on what it hears; it never steers, so that its own port stays UNCALIBRATED.
   */
  readonly role: 'master' | 'slave' | 'monitor' | 'ntpshm' | 'boundary';
  readonly domain?: number;
  readonly transportSpecific?: number;
  readonly shm?: number;
  /** Lower wins; a master's own by default. */
  readonly priority1?: number;
  /** Path of its management socket; one of its own by default. */
  readonly socket?: string;
  /** Another linuxptp than that of `linuxptp()`. */
  readonly programs?: LinuxptpPrograms;
  /** Interfaces besides that of its end, in the same namespace. */
  readonly moreInterfaces?: readonly string[];
  /** Further lines of [global]. */
  readonly extra?: readonly string[];
}

/** A ptp4l in a namespace. */
export interface Ptp4l extends Daemon {
  /** Its management socket. */
  readonly socket: string;
  /** Starts it anew with the same settings, once it has ended. */
  restart(): Ptp4l;
}

const roleLines = (opts: Ptp4lOptions): readonly string[] => {
  switch (opts.role) {
    case 'master':
      return [
        'masterOnly 1',
        `priority1 ${opts.priority1 ?? 10}`,
        'clockClass 13', // of a timescale of its own, since with software stamps ptp4l serves UTC
        'clockAccuracy 0x21',
        'offsetScaledLogVariance 0x4e5d',
        'free_running 1',
      ];
    case 'slave':
      return [
        'slaveOnly 1',
        'clock_servo pi',
        'max_frequency 1',
        'step_threshold 0',
        'first_step_threshold 0',
      ];
    case 'monitor':
      return ['slaveOnly 1', 'free_running 1'];
    case 'boundary':
      return ['free_running 1', 'clockClass 248', 'priority1 200'];
    case 'ntpshm':
      return ['slaveOnly 1', 'clock_servo ntpshm', `ntpshm_segment ${opts.shm ?? 0}`];
  }
};

/**
 * Path of a program of linuxptp: that of the folder which NUNECT_LINUXPTP names (.tools/suites/linuxptp-newest, by its
 * absolute path), else this machine's.
 */
export const linuxptp = (name: 'ptp4l' | 'pmc'): string => {
  const folder = process.env['NUNECT_LINUXPTP'] ?? '';
  return folder === '' ? need(name) : join(folder, name);
};

/** Lines that make a slave's servo settle within 2 s instead of 16; it is clamped to nothing all the same. */
export const quickServo: readonly string[] = ['pi_proportional_const 0.7', 'pi_integral_const 0.3'];

/** clock_adjtime that reads and, asked to adjust, says that it did. */
const untouching = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/timex.h>
#include <time.h>
int clock_adjtime(clockid_t clock, struct timex *tx) {
  int (*real)(clockid_t, struct timex *) = dlsym(RTLD_NEXT, "clock_adjtime");
  return tx->modes ? 0 : real(clock, tx);
}
`;

/**
 * The words that let a ptp4l of 4.x believe that it steers: told by the kernel that it may not, it never leaves
 * UNCALIBRATED. That of 3.1.1 does not mind.
 */
const steersInVain = (dir: string, program: string): readonly string[] => {
  if (linuxptpVersion(program).startsWith('3.')) return [];
  const source = join(dir, 'untouching.c');
  const library = join(dir, 'untouching.so');
  writeFileSync(source, untouching);
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'], { stdio: 'pipe' });
  return ['env', `LD_PRELOAD=${library}`];
};

/** Starts a ptp4l at one end of a cable, with software timestamps. */
export function ptp4l(owner: Cleanup, at: NetnsEnd, opts: Ptp4lOptions): Ptp4l {
  const dir = tempDir(owner, `ptp4l-${opts.role}`);
  const socket = opts.socket ?? join(dir, 'ptp4l');
  const config = join(dir, 'ptp4l.conf');
  const lines = [
    '[global]',
    'time_stamping software',
    'network_transport L2',
    `domainNumber ${opts.domain ?? 0}`,
    `transportSpecific ${opts.transportSpecific ?? 0}`,
    `uds_address ${socket}`,
    'use_syslog 0',
    'verbose 1',
    ...roleLines(opts),
    ...(opts.extra ?? []),
    `[${at.interface}]`,
    ...(opts.moreInterfaces ?? []).map((name) => `[${name}]`),
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const program = opts.programs?.ptp4l ?? linuxptp('ptp4l');
  const words = [...withoutClock(), ...steersInVain(dir, program), program, '-f', config];
  const start = (): Ptp4l => {
    const [ip = 'ip', ...exec] = at.exec;
    const running = daemon(owner, ip, [...exec, ...words]);
    return { ...running, socket, restart: start };
  };
  return start();
}

/** A master and a slave at the two ends of one cable. */
export interface PtpPair {
  readonly masterEnd: NetnsEnd;
  readonly slaveEnd: NetnsEnd;
  readonly master: Ptp4l;
  readonly slave: Ptp4l;
}

/** The slave needs 23 to 30 s to reach SLAVE. */
export function ptpPair(owner: Cleanup, slave: Ptp4lOptions = { role: 'slave' }): PtpPair {
  const [masterEnd, slaveEnd] = netnsPair(owner);
  const common = { domain: slave.domain ?? 0, transportSpecific: slave.transportSpecific ?? 0 };
  return {
    masterEnd,
    slaveEnd,
    master: ptp4l(owner, masterEnd, { role: 'master', ...common }),
    slave: ptp4l(owner, slaveEnd, slave),
  };
}
