import { isAbsolute } from 'node:path';
import type { Processes, ProcessSeen } from '../device/processes.ts';
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
  stop(): void;
}

/** Looks at the processes every `every_s`; nothing is known before the first look, or where /proc is closed. */
export function watchDisciplines(
  deps: { readonly processes: Processes; readonly readText: ReadText; readonly ticker: Ticker },
  opts: { readonly every_s: number; readonly interferenceFile?: string | undefined },
  signal: AbortSignal,
): DisciplinesWatch {
  let now: Disciplines = {};
  let looking = false;
  const interference = async (): Promise<string | undefined> => {
    const { interferenceFile: file } = opts;
    const text = file === undefined ? '' : await deps.readText(file).catch(() => '');
    return parseInterference(text, deps.ticker.now_ms() / 1e3);
  };
  const disciplines = async (): Promise<Disciplines> => {
    const processes = await deps.processes(isClockProgram);
    const evidence = { piServo: await piServo(processes, deps.readText), interference: await interference() };
    return { ...disciplinesOf(processes), ...known(evidence) };
  };
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    now = await disciplines().catch(() => ({}));
    looking = false;
  };
  const cancel = deps.ticker.every(opts.every_s * 1000, () => void look());
  signal.addEventListener('abort', cancel, { once: true });
  void look();
  return { read: () => now, stop: cancel };
}
