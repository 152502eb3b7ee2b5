// What a process costs, as the kernel counts it: nothing here asks the process itself.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100; // USER_HZ, the same on every Linux

/** What a process has used since its start, and the memory that it holds; memory in bytes. */
export interface ProcessCost {
  /** CPU time, user and system, in steps of 10 ms. */
  readonly cpuMs: number;
  /** The same of the threads that run now, to the nanosecond, for what uses little. */
  readonly threadMs: number;
  /** Resident: `anonymous`, `file` and shared memory together. */
  readonly rss: number;
  /** What is its own: heap, stacks, changed data. */
  readonly anonymous: number;
  /** Pages of programs and libraries, which others may share and the kernel may take back. */
  readonly file: number;
  /** How often one of its threads slept and was woken: voluntary context switches. A thread that has ended counts no more. */
  readonly wakeUps: number;
  /** Calls of read and write in all their forms. Those of sockets count, but for recv and send. */
  readonly readCalls: number;
  readonly writeCalls: number;
  /** Page faults of its children that ended: it grows whenever one did, however short it lived. */
  readonly childFaults: number;
}

const fieldOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);

/** The fields of /proc/PID/stat from the third on (man 5 proc_pid_stat): the second may have blanks in it. */
const statOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');

/** CPU time that a process has used so far, in milliseconds, with 10 ms steps. */
export function cpuMsOf(pid: number): number {
  const fields = statOf(pid);
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond; // utime, stime
}

/** Resident memory of a process in bytes: VmRSS, RssAnon, RssFile. */
export function memoryOf(pid: number): Pick<ProcessCost, 'rss' | 'anonymous' | 'file'> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number => fieldOf(status, name) * 1024;
  return { rss: bytes('VmRSS'), anonymous: bytes('RssAnon'), file: bytes('RssFile') };
}

/** What a file of each thread of a process says. */
const ofThreads = (pid: number, file: string): string[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/${file}`, 'utf8');
    } catch {
      return []; // it ended meanwhile
    }
  });

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Voluntary context switches of all threads of a process. */
const wakeUpsOf = (pid: number): number =>
  sum(ofThreads(pid, 'status').map((text) => fieldOf(text, 'voluntary_ctxt_switches')));

/** CPU time in ms of the threads of a process that run now. */
export const threadMsOf = (pid: number): number =>
  sum(ofThreads(pid, 'schedstat').map((text) => Number(text.split(' ')[0]) / 1e6));

/** All that this module knows of a process. */
export function costOf(pid: number): ProcessCost {
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  return {
    cpuMs: cpuMsOf(pid),
    threadMs: threadMsOf(pid),
    ...memoryOf(pid),
    wakeUps: wakeUpsOf(pid),
    readCalls: fieldOf(io, 'syscr'),
    writeCalls: fieldOf(io, 'syscw'),
    childFaults: Number(statOf(pid)[8]), // cminflt
  };
}

/** The children that a process has now, whichever of its threads started them. */
export const childrenOf = (pid: number): number[] =>
  ofThreads(pid, 'children').flatMap((text) => text.trim().split(' ').filter(Boolean).map(Number));

/**
 * Counts the children that a process starts until `stop`: those that are seen, every 20 ms, and one more where only the
 * page faults of ended ones tell that there was any.
 */
export function watchChildren(pid: number): { stop(): number } {
  const before = new Set(childrenOf(pid));
  const seen = new Set<number>();
  const faults = Number(statOf(pid)[8]);
  const isThere = (): boolean => existsSync(`/proc/${pid}`);
  const look = (): void => {
    if (!isThere()) return; // it has ended: what was seen counts
    for (const child of childrenOf(pid)) if (!before.has(child)) seen.add(child);
  };
  const timer = setInterval(look, 20).unref();
  return {
    stop() {
      clearInterval(timer);
      look();
      if (!isThere() || seen.size > 0 || before.size !== childrenOf(pid).length) return seen.size;
      return Number(statOf(pid)[8]) > faults ? 1 : 0;
    },
  };
}

/** The value below which `share` of `samples` lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
