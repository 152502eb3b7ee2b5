import type { Reading } from '../lib/reading.ts';
import type { Ticker } from '../lib/ticker.ts';
import { type ClockChange, type ClockView, changesBetween, sameView, viewOf } from './changes.ts';
import type { ChronyFacts, Disciplines, PtpFacts } from './facts.ts';
import { type ClockSummary, clockSummary } from './summary.ts';
import { type ClockVerdict, initial, judge } from './verdict/judge.ts';
import { hasFreshSync } from './verdict/ptp.ts';
import type { ClockSettings } from './verdict/settings.ts';
import type { WallClock } from './wallclock.ts';

/** A source of facts that says when they changed. */
export interface Heard<T> {
  read(): Reading<T>;
  onChange(fn: () => void): () => void;
}

export interface TimekeeperDeps {
  readonly ptp: Heard<PtpFacts>;
  readonly ntp: Heard<ChronyFacts>;
  readonly disciplines: () => Disciplines;
  readonly wall: WallClock;
  readonly ticker: Ticker;
}

/** Judges the clock at every poll and at every event of its daemons, and tells of each change. */
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

/** A judgment that is older was not made in time: the process stood still. */
const latePolls = 2.5;

/** Starts judging. `settings.poll_s` is the pace between events. */
export function keepTime(deps: TimekeeperDeps, settings: ClockSettings): Timekeeper {
  const { ticker, wall } = deps;
  const listeners = new Set<(change: ClockChange, verdict: ClockVerdict) => void>();
  let state = initial(ticker.now_ms());
  let view: ClockView = viewOf(state.verdict, deps.ptp.read(), deps.ntp.read());
  let synced = false;
  let stopped = false;

  function look(): void {
    const ptp = deps.ptp.read();
    const ntp = deps.ntp.read();
    wall.check();
    synced = hasFreshSync(ptp, ticker.now_ms(), settings);
    const evidence = { ptp, ntp, disciplines: deps.disciplines(), wall_s: wall.now_us() / 1e6 };
    state = judge(state, evidence, ticker.now_ms(), settings);
    const seen = viewOf(state.verdict, ptp, ntp, view);
    const changes = changesBetween(view, seen);
    view = seen;
    for (const change of changes) for (const tell of listeners) tell(change, state.verdict);
  }

  /** Measurements can wait for the next poll; that a port, a source, Syncs or a daemon came or went cannot. */
  function lookAtTurns(): void {
    if (synced !== hasFreshSync(deps.ptp.read(), ticker.now_ms(), settings)) look();
    else if (!sameView(view, viewOf(state.verdict, deps.ptp.read(), deps.ntp.read(), view))) look();
  }

  /** After a pause of the whole process nothing of before may be told as if it were seen just now. */
  function lookWhenLate(): void {
    if (!stopped && ticker.now_ms() - state.at_ms > settings.poll_s * latePolls * 1000) look();
  }

  const ends = [
    deps.ptp.onChange(lookAtTurns),
    deps.ntp.onChange(lookAtTurns),
    ticker.every(settings.poll_s * 1000, look),
  ];

  return {
    verdict() {
      lookWhenLate();
      return state.verdict;
    },
    ptp: () => deps.ptp.read(),
    ntp: () => deps.ntp.read(),
    summary() {
      lookWhenLate();
      const { verdict, at_ms } = state;
      const { absolute_ns } = verdict.bound;
      if (absolute_ns === undefined) return clockSummary(verdict);
      const drifted_ns = ((ticker.now_ms() - at_ms) / 1e3) * settings.drift_ppb;
      const bound = { ...verdict.bound, absolute_ns: absolute_ns + drifted_ns + wall.error_us() * 1e3 };
      return clockSummary({ ...verdict, bound });
    },
    onChange(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
    stop() {
      stopped = true;
      for (const end of ends) end();
    },
  };
}
