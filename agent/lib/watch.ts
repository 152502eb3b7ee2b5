// A daemon that is polled in rounds: the facts of the last round age by themselves, and listeners hear of changes.
import { type AbsentReason, absent, fresh, presenceOf, type Reading, stale } from './reading.ts';
import type { Ticker } from './ticker.ts';

/** A probe that runs. */
export interface Watch<T, S> {
  /** How things are now. It ages by itself: old facts are never fresh, even if the probe is stuck. */
  read(): Reading<T>;
  /** Calls `fn` when the facts, or whether there are any, have changed. Returns its cancellation. */
  onChange(fn: () => void): () => void;
  /** Asks out of turn, for whoever is about to tell what was found. Resolves once there is an answer, or none. */
  look(): Promise<void>;
  /** What the probe itself has cost so far. */
  stats(): S;
  stop(): Promise<void>;
}

/** Why a daemon gives no facts just now. */
export interface ProbeFailure {
  readonly why: AbsentReason;
  readonly detail?: string;
}

/** Facts and the monotonic ms at which they came. */
interface Dated<T> {
  readonly value: T;
  readonly at_ms: number;
}

/** How many polls a daemon may miss before its facts are stale, and before they are gone. */
const missedPolls = { stale: 3, gone: 10 } as const;
/** Units that were booted together drift apart. */
const jitter = 0.05;

/** Facts by their age: fresh, stale, and in the end absent for the reason of `failure`. */
function readingOf<T>(
  last: Dated<T> | undefined,
  now_ms: number,
  poll_ms: number,
  failure: ProbeFailure,
): Reading<T> {
  const missed = last === undefined ? Infinity : (now_ms - last.at_ms) / poll_ms;
  if (last === undefined || missed > missedPolls.gone) return absent(failure.why, failure.detail);
  if (missed <= missedPolls.stale) return fresh(last.value, last.at_ms);
  return stale(last.value, last.at_ms, failure.detail ?? failure.why);
}

/** The rounds of one probe, and what they gave. */
export interface PolledFacts<T> extends Pick<Watch<T, unknown>, 'read' | 'onChange'> {
  /** The last facts, however old. */
  last(): T | undefined;
  /** Facts that came now; `isNews` when listeners should hear of them. */
  set(value: T, isNews: boolean): void;
  /** Why the last question was not answered. `isGone`: what was known is over; else its age decides. */
  fail(failure: ProbeFailure, isGone?: boolean): void;
  /** Calls the listeners, if there is news or the facts have become fresh, stale or absent. */
  notify(): void;
  /** Something happened that listeners should hear of at the next `notify`. */
  noteNews(): void;
  /** Starts a round now, unless one runs: that one sees what became due. Gives its end. */
  poll(): Promise<void>;
  /** Starts no more rounds. Gives the end of the one that runs. */
  stop(): { readonly lastRound: Promise<void> };
}

/** What polls, and what it remembers. */
interface Polling<T> {
  readonly ticker: Ticker;
  readonly round: () => Promise<void>;
  readonly pace_ms: (last: T | undefined) => number;
  readonly listeners: Set<() => void>;
  last?: Dated<T> | undefined;
  failure: ProbeFailure;
  news: boolean;
  presence: string;
  running?: Promise<void> | undefined;
  stopped: boolean;
}

const read = <T>({ ticker, pace_ms, last, failure }: Polling<T>): Reading<T> =>
  readingOf(last, ticker.now_ms(), pace_ms(last?.value), failure);

function notify<T>(polling: Polling<T>): void {
  const presence = presenceOf(read(polling));
  if (!polling.news && presence === polling.presence) return;
  polling.news = false;
  polling.presence = presence;
  for (const listener of polling.listeners) listener();
}

function poll<T>(polling: Polling<T>): Promise<void> {
  if (polling.stopped) return Promise.resolve();
  polling.running ??= polling.round().finally(() => {
    polling.running = undefined;
    if (!polling.stopped) notify(polling);
  });
  return polling.running;
}

/** Calls `round` every `poll_ms`, never twice at a time; the first when `poll` is called. `pace_ms` is what ages facts. */
export function pollInRounds<T>(
  ticker: Ticker,
  poll_ms: number,
  round: () => Promise<void>,
  pace_ms: (last: T | undefined) => number = () => poll_ms,
): PolledFacts<T> {
  const polling: Polling<T> = {
    ticker,
    round,
    pace_ms,
    listeners: new Set(),
    failure: { why: 'not_yet' },
    news: false,
    presence: '',
    stopped: false,
  };
  const everyPoll = (): void => {
    notify(polling); // of old age, should the round be stuck
    void poll(polling);
  };
  const cancel = ticker.every(poll_ms, everyPoll, jitter);
  return {
    read: () => read(polling),
    notify: () => notify(polling),
    poll: () => poll(polling),
    last: () => polling.last?.value,
    onChange(fn) {
      const own = (): void => fn(); // the same function may be added twice
      polling.listeners.add(own);
      return () => polling.listeners.delete(own);
    },
    set(value, isNews) {
      polling.last = { value, at_ms: ticker.now_ms() };
      polling.news ||= isNews;
    },
    fail(failure, isGone = false) {
      polling.failure = failure;
      if (isGone) polling.last = undefined;
    },
    noteNews() {
      polling.news = true;
    },
    stop() {
      polling.stopped = true;
      cancel();
      return { lastRound: polling.running ?? Promise.resolve() };
    },
  };
}

/** Polls at once, and stops with the signal. */
export function pollUntil(
  signal: AbortSignal,
  polled: Pick<PolledFacts<unknown>, 'poll'>,
  stop: () => Promise<void>,
): void {
  if (signal.aborted) void stop();
  else void polled.poll();
  signal.addEventListener('abort', () => void stop(), { once: true });
}
