import { childrenOf, costOf, type ProcessCost, watchChildren } from '../kit/process/cost.ts';

/** What a process cost over a time. */
export interface Spending {
  readonly seconds: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly wakeUpsPerSecond: number;
  /** Processes that it started. */
  readonly children: number;
  /** At the end, in MB of 2^20 bytes. */
  readonly rssMB: number;
  readonly anonymousMB: number;
}

const megabyte = 2 ** 20;

type Pair = readonly [then: ProcessCost, now: ProcessCost];

/** What a process had cost and has now; nothing for a child that ended meanwhile, as a pmc that is started anew. */
function pairOf(pid: number, then: ProcessCost, isOwn: boolean): readonly Pair[] {
  try {
    return [[then, costOf(pid)]];
  } catch (error) {
    if (isOwn) throw new Error(`process ${pid} has ended while it was measured`, { cause: error });
    return [];
  }
}

/** Watches a process and, where asked, what are its children now, for as long as `over` takes. */
export async function spendingOf(
  pid: number,
  over: () => Promise<unknown>,
  opts: { readonly withChildren?: boolean } = {},
): Promise<Spending> {
  const started = watchChildren(pid);
  try {
    const children = opts.withChildren === true ? childrenOf(pid) : [];
    const before = [pid, ...children].map((one) => [one, costOf(one)] as const);
    const begun = performance.now();
    await over();
    const pairs = before.flatMap(([one, cost]) => pairOf(one, cost, one === pid));
    const seconds = (performance.now() - begun) / 1000;
    const sum = (of: keyof ProcessCost): number =>
      pairs.reduce((total, [then, now]) => total + now[of] - then[of], 0);
    const own = pairs[0]?.[1];
    return {
      seconds,
      cpuPercent: sum('threadMs') / (seconds * 10),
      wakeUpsPerSecond: sum('wakeUps') / seconds,
      children: started.stop(),
      rssMB: (own?.rss ?? Number.NaN) / megabyte,
      anonymousMB: (own?.anonymous ?? Number.NaN) / megabyte,
    };
  } finally {
    started.stop();
  }
}
