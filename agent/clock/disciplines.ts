import { isAbsolute } from 'node:path';
import type { ProcessSearch, ProcessSeen } from '../device/processes.ts';
import { known } from '../lib/known.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Disciplines, PiServo } from './facts.ts';
import { confFileOf, piServoOf } from './ptp4l/servosettings.ts';

/** Programs that set or steer the system clock, by the name the kernel knows them under (15 letters of it). */
const otherNtp = new Map([
  ['ntpd', 'ntpd'], // also that of NTPsec and OpenNTPD
  ['ntpsec', 'ntpsec'],
  ['openntpd', 'openntpd'],
  ['ntp-daemon', 'ntpd-rs'],
  ['systemd-timesyn', 'systemd-timesyncd'],
  ['ugps', 'ugps'],
  ['htpdate', 'htpdate'],
  ['ntpclient', 'ntpclient'],
]);
/** Whether a process of this name may have to do with the clock. */
export const isClockProgram = (comm: string): boolean =>
  ['chronyd', 'ptp4l', 'phc2sys', 'busybox'].includes(comm) || otherNtp.has(comm);

/** Letters of chronyd's options that swallow the next word (chrony main.c). */
const takesWord = 'fFlLPtu';

/** Whether chronyd was started with -x, alone or among other letters (`-nx`). */
function monitorOnly(args: readonly string[]): boolean {
  let skip = false;
  for (const arg of args.slice(1)) {
    if (skip) {
      skip = false;
      continue;
    }
    if (!/^-[a-zA-Z0-9]/.test(arg)) continue; // words of configuration
    const word = [...arg.slice(1)].findIndex((letter) => takesWord.includes(letter));
    const letters = word < 0 ? arg.slice(1) : arg.slice(1, word + 1);
    if (letters.includes('x')) return true;
    skip = word >= 0 && word + 2 === arg.length;
  }
  return false;
}

/** Arguments of a phc2sys that feeds chronyd, or sets a card's clock by the system's. */
const setsOther =
  / (?:-E ?|--clock_servo[= ])(?:ntpshm|refclock_sock|nullf)(?: |$)| -s ?CLOCK_REALTIME(?: |$)/;

/** The name of the NTP client that this process is, if it is one. busybox may carry its applet as a word. */
const ntpName = ({ comm, args }: ProcessSeen): string | undefined =>
  comm === 'busybox' ? (args[1] === 'ntpd' ? 'ntpd' : undefined) : otherNtp.get(comm);

/** What steers the clock, by the processes that run. */
export function disciplinesOf(processes: readonly ProcessSeen[]): Disciplines {
  const chronyds = processes.filter(({ comm }) => comm === 'chronyd');
  const other = processes.map(ntpName).find((name) => name !== undefined);
  return {
    ...(chronyds.length === 0 ? {} : { chronydMonitorOnly: chronyds.every(({ args }) => monitorOnly(args)) }),
    phc2sys: processes.some(({ comm, args }) => comm === 'phc2sys' && !setsOther.test(` ${args.join(' ')}`)),
    ...(other === undefined ? {} : { otherNtp: other }),
  };
}

/** Reads a file. Rejects where that cannot be done. */
type ReadText = (path: string) => Promise<string>;

/** The servo of the only ptp4l that runs; undefined where there are several, or its file cannot be read. */
async function piServo(processes: readonly ProcessSeen[], readText: ReadText): Promise<PiServo | undefined> {
  const [ptp4l, ...others] = processes.filter(({ comm }) => comm === 'ptp4l');
  if (ptp4l === undefined || others.length > 0) return undefined;
  const file = confFileOf(ptp4l.args);
  if (file !== undefined && !isAbsolute(file)) return undefined; // from a folder that we do not know
  const conf = file === undefined ? '' : await readText(file).catch(() => undefined);
  return conf === undefined ? undefined : piServoOf(ptp4l.args, conf);
}

/** A second program that was stopped is not held against the clock for longer. */
const interferedFor_s = 600;

/** Who has said lately, by the file of root's helper, that something else changes the clock; at an uptime of `now_s`. */
export function parseInterference(text: string, now_s: number): string | undefined {
  const [, program, at_s = ''] = /^(chronyd|ptp4l|phc2sys) (\d{1,12})(?:\.\d{1,9})?\n?$/.exec(text) ?? [];
  const age_s = now_s - Number(at_s);
  return age_s > -2 && age_s < interferedFor_s ? program : undefined;
}

/** What steers the clock as of the last look. */
export interface DisciplinesWatch {
  read(): Disciplines;
  /** Calls `fn` when a program that has to do with the clock has come or gone. Returns its end. */
  onChange(fn: () => void): () => void;
  stop(): void;
}

export interface DisciplinesDeps {
  readonly search: ProcessSearch;
  readonly readText: ReadText;
  readonly ticker: Ticker;
  /** The text of a small file of root's; undefined where there is none. */
  readSmall(path: string): string | undefined;
}

/** The end of one is seen by then. */
const tick_ms = 1000;
/** A new one is seen by then. */
const searchEvery_ms = 5000;
/** Also where the kernel has started no process: one may have become another. */
const searchAtLeastEvery_ms = 60_000;

/** Nothing is known before the first look, or where /proc is closed. */
export function watchDisciplines(
  deps: DisciplinesDeps,
  opts: { readonly interferenceFile?: string | undefined },
  signal: AbortSignal,
): DisciplinesWatch {
  const { search, ticker } = deps;
  const listeners = new Set<() => void>();
  let now: Disciplines = {};
  let processes: string | undefined = '';
  let looked_ms = -Infinity;
  let isLooking = false;
  let said = '';
  let read_ms = -Infinity;
  const look = async (isWhole: boolean): Promise<void> => {
    isLooking = true;
    looked_ms = ticker.now_ms();
    const found = await search.find().catch(() => undefined);
    const names = JSON.stringify(found);
    const isNews = names !== processes;
    if (found === undefined) now = {};
    else if (isNews || isWhole)
      now = { ...disciplinesOf(found), ...known({ piServo: await piServo(found, deps.readText) }) };
    isLooking = false;
    processes = names;
    if (isNews) for (const listener of listeners) listener();
  };
  const readSaid = (): void => {
    if (opts.interferenceFile === undefined || ticker.now_ms() - read_ms < searchEvery_ms) return;
    read_ms = ticker.now_ms();
    said = deps.readSmall(opts.interferenceFile) ?? '';
  };
  const tick = (): void => {
    readSaid();
    if (isLooking) return;
    const age_ms = ticker.now_ms() - looked_ms;
    const isWhole = age_ms >= searchAtLeastEvery_ms;
    const isDue = age_ms > searchEvery_ms - tick_ms / 2 && (isWhole || search.mayFindMore());
    if (isDue || search.hasLost()) void look(isWhole);
  };
  const cancel = ticker.every(tick_ms, tick);
  signal.addEventListener('abort', cancel, { once: true });
  readSaid();
  void look(true);
  return {
    read: () => ({ ...now, ...known({ interference: parseInterference(said, ticker.now_ms() / 1e3) }) }),
    onChange(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
    stop: cancel,
  };
}
