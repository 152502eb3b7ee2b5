// What the agent is watched for all the time: memory, descriptors, children, threads, waiting records, and what it says.
import { readdirSync, readFileSync } from 'node:fs';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { openFiles, rss_mb } from '../kit/process/strain.ts';
import type { Place } from './place.ts';

/** One run of the agent, from its start to its end. */
export interface Run {
  readonly boot: string;
  readonly pid: number;
  /** How it was ended by the test. */
  ended?: 'SIGTERM' | 'SIGKILL';
  /** What its status server said last, and when by performance.now(). */
  last?: {
    readonly at_ms: number;
    readonly waiting: number;
    readonly stored: number;
    readonly dropped: number;
  };
}

/** Figures of one moment. */
export interface Vitals {
  readonly rss_mb: number;
  readonly files: number;
  readonly children: number;
  readonly threads: number;
}

/** A claim of a locked clock, and the time by performance.now() within which it was made. */
export interface LockClaim {
  readonly source: string;
  readonly from_ms: number;
  readonly until_ms: number;
}

export interface Watch {
  readonly runs: readonly Run[];
  readonly locks: readonly LockClaim[];
  /** What should not be: zombies, crashes, more waiting than the budget allows. Each once. */
  readonly oddities: Set<string>;
  run(): Run;
  /** To be called when an agent was started. */
  begun(): void;
  /** Medians over the next `seconds`. */
  median(seconds: number): Promise<Vitals>;
  stop(): void;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

const isZombie = (pid: number): boolean => {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** The child of a process that runs this program. */
export function childOf(pid: number, program: string): number | undefined {
  try {
    return childrenOf(pid).find((one) => readFileSync(`/proc/${one}/comm`, 'utf8').trim() === program);
  } catch {
    return undefined;
  }
}

const vitalsOf = (pid: number): Vitals => ({
  rss_mb: rss_mb(pid),
  files: openFiles(pid),
  children: childrenOf(pid).length,
  threads: readdirSync(`/proc/${pid}/task`).length,
});

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** What a nats-server says that was given a leaf.conf in pieces. */
const serversWord = /^FATAL leaf: nats-server: /;

/** Looks once a second from now on. */
export function watchVitals(place: Place): Watch {
  const runs: Run[] = [];
  const locks: LockClaim[] = [];
  const oddities = new Set<string>();
  const zombies = new Map<number, number>();
  let stopped = false;

  function begun(): void {
    const agent = place.unit.agent();
    const boot = /boot=(\w+)/.exec(agent.output())?.[1];
    if (boot === undefined) throw new Error(`the agent printed no boot id: ${agent.output()}`);
    runs.push({ boot, pid: agent.pid });
  }
  const run = (): Run => {
    const found = runs.at(-1);
    if (found === undefined) throw new Error('no agent was started');
    return found;
  };

  function lookAtProcess(pid: number): void {
    for (const line of place.unit.agent().output().split('\n')) {
      if (serversWord.test(line)) continue;
      if (/unhandled|crashed|FATAL|MaxListenersExceeded|DeprecationWarning/i.test(line)) oddities.add(line);
    }
    for (const child of childrenOf(pid)) {
      const times = isZombie(child) ? (zombies.get(child) ?? 0) + 1 : 0;
      zombies.set(child, times);
      if (times > 3) oddities.add(`the child ${child} has been a zombie for more than 3 s`);
    }
  }

  function lookAtStatus(of: Run, from_ms: number, { spool, clock }: StatusSnapshot): void {
    if (clock?.quality === 'locked')
      locks.push({ source: clock.source, from_ms, until_ms: performance.now() });
    if (spool === undefined) return;
    of.last = { at_ms: from_ms, waiting: spool.records, stored: spool.stored, dropped: spool.dropped };
    if (spool.bytes > (spool.budget_bytes ?? Infinity) + 65_536)
      // records in flight are never dropped
      oddities.add(`${spool.bytes} bytes of records wait, but the budget is ${spool.budget_bytes}`);
  }

  async function look(): Promise<void> {
    while (!stopped) {
      await pause(1000);
      const of = runs.at(-1);
      if (of === undefined || of.ended !== undefined) continue;
      try {
        lookAtProcess(of.pid);
        const from_ms = performance.now();
        const status = await place.status();
        if (runs.at(-1) === of) lookAtStatus(of, from_ms, status);
      } catch {
        // it stands still, has no descriptor left, or has just ended
      }
    }
  }
  void look();

  return {
    runs,
    locks,
    oddities,
    run,
    begun,
    async median(seconds) {
      const seen: Vitals[] = [];
      for (let at = 0; at < seconds * 4; at++) {
        await pause(250);
        seen.push(vitalsOf(run().pid));
      }
      const of = (name: keyof Vitals): number => medianOf(seen.map((one) => one[name]));
      return { rss_mb: of('rss_mb'), files: of('files'), children: of('children'), threads: of('threads') };
    },
    stop() {
      stopped = true;
    },
  };
}
