// The one list of what may be spent while it runs: the tests import it, and the table of `make bench` has its goals from
// it. The sizes of files have theirs in build/budgets.mjs, which CI holds; the goals of the issue for them stand here.

/** What a figure may reach: its value itself, its ratio to what was measured beside it, or how far it may lie above that. */
export type Goal =
  | { readonly of: 'value' | 'ratio' | 'above'; readonly most: number }
  | { readonly of: 'value' | 'ratio'; readonly least: number };

/**
 * Budgets that do not depend on how fast the machine is, so that CI holds them. Bytes are KB of 1000, without TCP and IP,
 * both ways between the leaf and its hub; `wakeUpsPerSecond` and `children` are of an idle agent with all probes on. Raise
 * one only with the reason in the same commit.
 */
export const budgets = {
  /** KB per hour by traffic profile. lan sends all at each interval, so nothing is promised. */
  trafficKB: { standard: 500, wan: 260, satellite: 32 },
  wakeUpsPerSecond: 6,
  /** The same on a machine that others use too: what came in one wake-up comes in two. CI holds this one. */
  wakeUpsWhereBusy: 8,
  /** Processes started in five minutes of steady state: `ss`, which tells what the link has carried. */
  children: 1,
  /** Bytes that V8 allocates for one echo. */
  allocatedPerEcho: 1500,
  /** Reads and writes together for one echo, one at a time. */
  callsPerEcho: 2.2,
} as const;

/** The goals of the table by the id of a figure; what has none is shown without a verdict. */
export const goals: Readonly<Record<string, Goal>> = {
  'size.bundle': { of: 'value', most: 350 },
  'size.ipk': { of: 'value', most: 140 },
  'start.first-echo': { of: 'ratio', most: 1.15 },
  'echo.p50': { of: 'ratio', most: 0.95 },
  'echo.p99': { of: 'ratio', most: 1 },
  'echo.rate.64': { of: 'ratio', least: 1 },
  'echo.cpu': { of: 'ratio', most: 1 },
  'echo.backlog.p99': { of: 'ratio', most: 2 },
  'spent.allocated': { of: 'value', most: budgets.allocatedPerEcho },
  'spent.allocated.1': { of: 'value', most: budgets.allocatedPerEcho },
  'spent.calls': { of: 'value', most: budgets.callsPerEcho },
  'idle.cpu': { of: 'value', most: 0.2 },
  'idle.wakeups': { of: 'value', most: budgets.wakeUpsPerSecond },
  'idle.children': { of: 'value', most: budgets.children },
  'idle.anonymous': { of: 'above', most: 9 },
  'memory.growth.100000': { of: 'value', most: 3 },
  'memory.growth.1000000': { of: 'value', most: 3 },
  'memory.growth.100000.small': { of: 'value', most: 3 },
  'memory.growth.1000000.small': { of: 'value', most: 3 },
  'traffic.standard': { of: 'value', most: budgets.trafficKB.standard },
  'traffic.wan': { of: 'value', most: budgets.trafficKB.wan },
  'traffic.satellite': { of: 'value', most: budgets.trafficKB.satellite },
  'page.paint': { of: 'value', most: 1000 },
  'page.update': { of: 'value', most: 100 },
  'hour.slope': { of: 'value', most: 0.5 },
  'hour.wakeups': { of: 'value', most: budgets.wakeUpsPerSecond },
  'hour.bytes': { of: 'ratio', most: 1.1 },
};
