import type { Reading } from '../lib/reading.ts';
import type { Ticker } from '../lib/ticker.ts';
import {
  type ClockChange,
  type ClockState,
  changesBetween,
  clockStateOf,
  sameClockState,
} from './changes.ts';
import type { ChronyFacts, Disciplines, PtpFacts } from './facts.ts';
import { type ClockSummary, clockSummary } from './types.ts';
import { type ClockVerdict, initial, type JudgeState, judge } from './verdict/judge.ts';
import { hasFreshSync } from './verdict/ptp.ts';
import type { ClockSettings } from './verdict/settings.ts';
import type { WallClock } from './wallclock.ts';

/** A source of facts that calls when they have changed. */
export interface FactSource<T> {
  read(): Reading<T>;
  onChange(fn: () => void): () => void;
}

export interface TimekeeperDeps {
  readonly ptp: FactSource<PtpFacts>;
  readonly ntp: FactSource<ChronyFacts>;
  readonly disciplines: () => Disciplines;
  readonly wall: WallClock;
  readonly ticker: Ticker;
}

/** Judges the clock at every poll and at every event of its daemons, and reports each change. */
export interface Timekeeper {
  verdict(): ClockVerdict;
  ptp(): Reading<PtpFacts>;
  ntp(): Reading<ChronyFacts>;
  /** For headers and replies: the bound of this very moment, the wall clock's own error included. */
  summary(): ClockSummary;
  /** Returns its end. */
  onChange(fn: (change: ClockChange, verdict: ClockVerdict) => void): () => void;
  stop(): void | Promise<void>;
}

/** A verdict that is older was not made in time: the process stood still. */
const latePolls = 2.5;

/** What the timekeeper works on and remembers. */
interface Keeping {
  readonly deps: TimekeeperDeps;
  readonly settings: ClockSettings;
  readonly listeners: Set<(change: ClockChange, verdict: ClockVerdict) => void>;
  judged: JudgeState;
  /** What changes are compared with. */
  seen: ClockState;
  /** Whether fresh Syncs came when it was judged last. */
  hasSync: boolean;
  stopped: boolean;
}

function judgeNow(keeping: Keeping): void {
  const { deps, settings, seen } = keeping;
  const { wall, ticker } = deps;
  const ptp = deps.ptp.read();
  const ntp = deps.ntp.read();
  wall.check();
  keeping.hasSync = hasFreshSync(ptp, ticker.now_ms(), settings);
  const evidence = { ptp, ntp, disciplines: deps.disciplines(), wall_s: wall.now_us() / 1e6 };
  keeping.judged = judge(keeping.judged, evidence, ticker.now_ms(), settings);
  const { verdict } = keeping.judged;
  keeping.seen = clockStateOf(verdict, ptp, ntp, seen);
  for (const change of changesBetween(seen, keeping.seen))
    for (const listener of keeping.listeners) listener(change, verdict);
}

/** Measurements can wait for the next poll; that a port, a source, Syncs or a daemon came or went cannot. */
function judgeIfChanged(keeping: Keeping): void {
  const { deps, settings, seen, judged } = keeping;
  const ptp = deps.ptp.read();
  const hasSync = hasFreshSync(ptp, deps.ticker.now_ms(), settings);
  const isNew = (): boolean =>
    !sameClockState(seen, clockStateOf(judged.verdict, ptp, deps.ntp.read(), seen));
  if (hasSync !== keeping.hasSync || isNew()) judgeNow(keeping);
}

/** After a pause of the whole process nothing from before it may be published as if it were seen just now. */
function judgeIfLate(keeping: Keeping): void {
  const age_ms = keeping.deps.ticker.now_ms() - keeping.judged.at_ms;
  if (!keeping.stopped && age_ms > keeping.settings.poll_s * latePolls * 1000) judgeNow(keeping);
}

/** The verdict of the last look with the bound of this moment. */
function summaryNow({ judged: { verdict, at_ms }, deps, settings }: Keeping): ClockSummary {
  const { absolute_ns } = verdict.bound;
  if (absolute_ns === undefined) return clockSummary(verdict);
  const drifted_ns = ((deps.ticker.now_ms() - at_ms) / 1e3) * settings.drift_ppb;
  const bound = { ...verdict.bound, absolute_ns: absolute_ns + drifted_ns + deps.wall.error_us() * 1e3 };
  return clockSummary({ ...verdict, bound });
}

/** Starts judging. `settings.poll_s` is the pace between events. */
export function keepTime(deps: TimekeeperDeps, settings: ClockSettings): Timekeeper {
  const { ptp, ntp, ticker } = deps;
  const judged = initial(ticker.now_ms());
  const keeping: Keeping = {
    deps,
    settings,
    listeners: new Set(),
    judged,
    seen: clockStateOf(judged.verdict, ptp.read(), ntp.read()),
    hasSync: false,
    stopped: false,
  };
  const ends = [
    ptp.onChange(() => judgeIfChanged(keeping)),
    ntp.onChange(() => judgeIfChanged(keeping)),
    ticker.every(settings.poll_s * 1000, () => judgeNow(keeping)),
  ];
  return {
    verdict() {
      judgeIfLate(keeping);
      return keeping.judged.verdict;
    },
    ptp: () => ptp.read(),
    ntp: () => ntp.read(),
    summary() {
      judgeIfLate(keeping);
      return summaryNow(keeping);
    },
    onChange(fn) {
      keeping.listeners.add(fn);
      return () => keeping.listeners.delete(fn);
    },
    stop() {
      keeping.stopped = true;
      for (const end of ends) end();
    },
  };
}
