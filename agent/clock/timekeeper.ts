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
  /** Asks out of turn; resolves once there is an answer, or none. */
  look(): Promise<void>;
}

export interface TimekeeperDeps {
  readonly ptp: FactSource<PtpFacts>;
  /** `hasten`: the clock has changed, and chronyd will soon tell of it. */
  readonly ntp: FactSource<ChronyFacts> & { hasten(): void };
  readonly disciplines: () => Disciplines;
  readonly wall: WallClock;
  readonly ticker: Ticker;
}

/** Judges the clock at every poll and at every event of its daemons, and reports each change. */
export interface Timekeeper {
  /** Asks the daemons out of turn, so that what is told next is as fresh as can be. */
  look(): Promise<void>;
  /** Something was done that chronyd will soon tell of. */
  hasten(): void;
  verdict(): ClockVerdict;
  /** The last verdict as it was when it was made, for who must know how the clock was until now. */
  verdictBefore(): ClockVerdict;
  ptp(): Reading<PtpFacts>;
  ntp(): Reading<ChronyFacts>;
  /** Whether ptp4l follows somebody whose Syncs come: what it measured before that is a leftover. */
  followsPtp(): boolean;
  /** Whom ptp4l followed last, and until when; undefined while it follows somebody, and before the first. */
  lostMaster(): LostMaster | undefined;
  /** Whether anything has steered the clock since the start. */
  wasSteered(): boolean;
  /** For headers and replies: the bound of this very moment, the wall clock's own error included. */
  summary(): ClockSummary;
  /** Returns its end. */
  onChange(fn: (change: ClockChange, verdict: ClockVerdict) => void): () => void;
  stop(): void | Promise<void>;
}

/** A grandmaster that was followed until `at_ms` (monotonic). */
export interface LostMaster {
  readonly gmIdentity: string;
  readonly at_ms: number;
}

/** How long a verdict stands while nothing new is known; at a poll: who shares its wake-up may have asked for it first. */
const standing_ms = { asked: 200, polled: 20 } as const;

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
  followed?: LostMaster | undefined;
  wasSteered: boolean;
  /** By how much the wall clock was set since the start. */
  set_us: number;
  /** The readings that it was judged by last. */
  readings?: readonly [Reading<PtpFacts>, Reading<ChronyFacts>];
  stopped: boolean;
}

const masterOf = (ptp: Reading<PtpFacts>): LostMaster | undefined =>
  ptp.kind === 'fresh'
    ? { gmIdentity: ptp.value.timeStatus.gmIdentity, at_ms: ptp.value.ingressSeen_ms }
    : undefined;

const followsPtp = ({ deps: { ptp, ticker }, settings }: Pick<Keeping, 'deps' | 'settings'>): boolean =>
  hasFreshSync(ptp.read(), ticker.now_ms(), settings);

function judgeNow(keeping: Keeping): void {
  const { deps, settings } = keeping;
  const { wall, ticker } = deps;
  wall.check(); // whose listeners may ask, so that it is judged within
  const { seen } = keeping;
  const ptp = deps.ptp.read();
  const ntp = deps.ntp.read();
  keeping.readings = [ptp, ntp];
  keeping.hasSync = hasFreshSync(ptp, ticker.now_ms(), settings);
  if (keeping.hasSync) keeping.followed = masterOf(ptp);
  const evidence = {
    ptp,
    ntp,
    disciplines: deps.disciplines(),
    wall_s: wall.now_us() / 1e6,
    set_s: keeping.set_us / 1e6,
    readingError_ns: wall.error_us() * 1e3,
  };
  keeping.judged = judge(keeping.judged, evidence, ticker.now_ms(), settings);
  const { verdict } = keeping.judged;
  keeping.wasSteered ||= verdict.source !== 'unsynced';
  keeping.seen = clockStateOf(verdict, ptp, ntp, seen);
  const changes = changesBetween(seen, keeping.seen);
  if (changes.length > 0) deps.ntp.hasten();
  for (const change of changes) for (const listener of keeping.listeners) listener(change, verdict);
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

const isOfReading = (a: Reading<unknown> | undefined, b: Reading<unknown>): boolean =>
  a?.kind === b.kind && (a.kind === 'absent' || b.kind === 'absent' || a.at_ms === b.at_ms);

/** What is told of the clock is judged by all that is known then: facts that came since, a step, the mere passing of time. */
function judgeIfOutdated(keeping: Keeping, stands_ms: number = standing_ms.asked): void {
  const { deps, judged, readings, stopped } = keeping;
  if (stopped) return;
  const isOld = deps.ticker.now_ms() - judged.at_ms > stands_ms;
  const isStepped = (judged.set_s ?? 0) !== keeping.set_us / 1e6;
  const isSame = isOfReading(readings?.[0], deps.ptp.read()) && isOfReading(readings?.[1], deps.ntp.read());
  if (isOld || isStepped || !isSame) judgeNow(keeping);
}

/** The verdict of the last look with the bound of this moment. */
function summaryNow({ judged: { verdict, at_ms }, deps, settings }: Keeping): ClockSummary {
  return clockSummary(verdict, ((deps.ticker.now_ms() - at_ms) / 1e3) * settings.drift_ppb);
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
    wasSteered: false,
    set_us: 0,
    stopped: false,
  };
  const ends = [
    deps.wall.onStep((step_us) => {
      keeping.set_us += step_us;
    }),
    ptp.onChange(() => judgeIfChanged(keeping)),
    ntp.onChange(() => judgeIfChanged(keeping)),
    ticker.every(settings.poll_s * 1000, () => judgeIfOutdated(keeping, standing_ms.polled)),
  ];
  return {
    async look() {
      await Promise.all([ptp.look(), ntp.look()]);
    },
    hasten: () => ntp.hasten(),
    verdict() {
      judgeIfOutdated(keeping);
      return keeping.judged.verdict;
    },
    verdictBefore: () => keeping.judged.verdict,
    ptp: () => ptp.read(),
    ntp: () => ntp.read(),
    followsPtp: () => followsPtp(keeping),
    lostMaster: () => (followsPtp(keeping) ? undefined : keeping.followed),
    wasSteered: () => keeping.wasSteered,
    summary() {
      judgeIfOutdated(keeping);
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
