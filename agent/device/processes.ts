import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readOrUndefined } from '../lib/files.ts';

/** One process: its short name (15 letters of it) and its command line. */
export interface ProcessSeen {
  readonly comm: string;
  readonly args: readonly string[];
}

/** One process of this machine, by its number. */
export interface ProcessFound extends ProcessSeen {
  readonly pid: number;
}

type Wanted = (comm: string) => boolean;

/** Whether it runs; of one that has ended, and of which nobody has asked how, the command line is empty. */
const commandLine = (proc: string, pid: string): string => readOrUndefined(`${proc}/${pid}/cmdline`) ?? '';

function processAt(proc: string, pid: string, wanted: Wanted): ProcessFound | undefined {
  const comm = readOrUndefined(`${proc}/${pid}/comm`)?.trimEnd(); // read at once: the kernel answers from memory
  const line = comm !== undefined && wanted(comm) ? commandLine(proc, pid) : '';
  return comm === undefined || line === ''
    ? undefined
    : { pid: Number(pid), comm, args: line.split('\0').slice(0, -1) };
}

/** So many are looked at in one go: the echo must not wait for more. */
const atOnce = 64;

async function processesAt(proc: string, pids: readonly string[], wanted: Wanted): Promise<ProcessFound[]> {
  const found: ProcessFound[] = [];
  for (const [at, pid] of pids.entries()) {
    if (at % atOnce === atOnce - 1) await new Promise(setImmediate);
    const one = processAt(proc, pid, wanted);
    if (one !== undefined) found.push(one);
  }
  return found;
}

/** Throws where they may not be seen: with hidepid only our own are there, which shows in that process 1 is missing. */
function pidsIn(proc: string): string[] {
  readFileSync(`${proc}/1/comm`);
  return readdirSync(proc).filter((name) => /^\d+$/.test(name));
}

/** Processes from `proc` (/proc). Rejects where they cannot be seen. */
export const procProcesses =
  (proc = '/proc') =>
  async (wanted: Wanted): Promise<ProcessFound[]> =>
    processesAt(proc, pidsIn(proc), wanted);

/** Looks for the same processes again and again, and each time only at those that it has not seen. */
export interface ProcessSearch {
  /** Those that run now. Rejects where they cannot be seen. */
  find(): Promise<ProcessFound[]>;
  /** One of those that were found last has ended. */
  hasLost(): boolean;
  /** A process was started since, or some are to be looked at once more. */
  mayFindMore(): boolean;
}

/** So many of those that were of no interest are looked at once more in each search: one may have become another program. */
const againInEach = 16;

/** A shell, which becomes another program where it ends with `exec`; also as the interpreter of a script. */
const shell = /^-?(?:[^\0]*\/)?(?:(?:ba|da|[akz])?sh|busybox)\0/;
/** So many are asked for their names at each `mayFindMore`. */
const mostShells = 32;

/** The number that the kernel gave last. */
const lastPid = (proc: string): string | undefined =>
  readOrUndefined(`${proc}/loadavg`)?.trimEnd().split(' ').at(-1);

/** A search for processes that `wanted` knows by their names. */
export function processSearch(wanted: Wanted, proc = '/proc'): ProcessSearch {
  let found: readonly ProcessFound[] = [];
  /** How often each was looked at in vain, the longest ago first: the second look is for one that was about to become another. */
  const looked = new Map<string, number>();
  /** What the shells among them are called. */
  const shells = new Map<string, string | undefined>();
  const nameOf = (pid: string): string | undefined => readOrUndefined(`${proc}/${pid}/comm`);
  const renamed = (): string[] => [...shells.keys()].filter((pid) => nameOf(pid) !== shells.get(pid));
  const noteShell = (pid: string): void => {
    if (shells.size >= mostShells) return;
    const name = nameOf(pid); // before the command line, which is still that of the shell then
    if (name !== undefined && shell.test(commandLine(proc, pid))) shells.set(pid, name);
  };
  let numbered: string | undefined;
  const isDone = (pid: string): boolean => (looked.get(pid) ?? 0) > 1;
  return {
    async find() {
      numbered = lastPid(proc); // first: what is started meanwhile is for the next search
      const pids = pidsIn(proc);
      const there = new Set(pids);
      for (const pid of renamed()) shells.delete(pid) && looked.delete(pid);
      for (const pid of looked.keys()) if (!there.has(pid)) looked.delete(pid);
      const again = [...looked.keys()].filter(isDone).slice(0, againInEach);
      const open = [...again, ...pids.filter((pid) => !isDone(pid))];
      found = await processesAt(proc, open, wanted);
      const isFound = new Set(found.map(({ pid }) => String(pid)));
      for (const pid of open) {
        const times = (looked.get(pid) ?? 0) + 1;
        looked.delete(pid);
        if (isFound.has(pid)) continue;
        looked.set(pid, times);
        if (times === 2) noteShell(pid);
      }
      return [...found];
    },
    hasLost: () => found.some(({ pid }) => commandLine(proc, String(pid)) === ''),
    mayFindMore: () =>
      lastPid(proc) !== numbered ||
      numbered === undefined ||
      [...looked.values()].includes(1) ||
      renamed().length > 0,
  };
}

/** Whether a process runs a file that is no longer there, as after an upgrade; false where it may not be seen. */
export function runsReplacedFile(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith(' (deleted)');
  } catch {
    return false;
  }
}
