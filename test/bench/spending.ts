import { childrenOf, costOf, watchChildren } from '../kit/process/cost.ts';

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

/** Watches a process and, where asked, what are its children now, for as long as `over` takes. */
export async function spendingOf(
  pid: number,
  over: () => Promise<unknown>,
  opts: { readonly withChildren?: boolean } = {},
): Promise<Spending> {
  const pids = [pid, ...(opts.withChildren === true ? childrenOf(pid) : [])];
  const started = watchChildren(pid);
  const before = pids.map(costOf);
  const begun = performance.now();
  await over();
  const after = pids.map(costOf);
  const seconds = (performance.now() - begun) / 1000;
  const sum = (of: keyof (typeof after)[number]): number =>
    after.reduce((total, cost, at) => total + cost[of] - (before[at]?.[of] ?? 0), 0);
  const own = after[0];
  return {
    seconds,
    cpuPercent: sum('threadMs') / (seconds * 10),
    wakeUpsPerSecond: sum('wakeUps') / seconds,
    children: started.stop(),
    rssMB: (own?.rss ?? Number.NaN) / megabyte,
    anonymousMB: (own?.anonymous ?? Number.NaN) / megabyte,
  };
}
