// One exchange with a unit at a time: asks `ops.time.sync.<unit>` and takes the four times. An answer must come to a token that
// nobody else can guess, in time, and alone.
import type { WallClock } from '../../clock/wallclock.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Incoming } from '../../nats/incoming.ts';
import type { Link } from '../../nats/link.ts';
import { timeSyncOf } from '../../wire/subjects.ts';
import { type Exchange, exchangeOf, type HubClock, widest } from './claim.ts';
import { parseTimeReply } from './reply.ts';

export interface AskerDeps {
  readonly link: Pick<Link, 'publish' | 'subscribe'>;
  readonly ticker: Ticker;
  readonly wall: WallClock;
  /** The hub's own clock at this moment. */
  clock(): HubClock;
  /** A new one each time that nobody can guess: a unit that is asked must not be able to answer for another. */
  token(): string;
}

/** What became of a question. */
export type AskOutcome =
  | { readonly kind: 'answered'; readonly exchange: Exchange; readonly isDisputed: boolean }
  /** Nobody listens there. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'timeout' }
  /** It answers what cannot be: nonsense, or times that do not follow each other. */
  | { readonly kind: 'unfit' }
  /** Our own link is down, or the hub's clock was set meanwhile: that tells nothing of the unit. */
  | { readonly kind: 'void' };

/** A question. */
export interface TimeQuestion {
  /** As soon as an answer is there. */
  readonly first: Promise<AskOutcome>;
  /** Once no second one can come any more. */
  readonly settled: Promise<AskOutcome>;
}

export interface TimeAsker {
  ask(unit: string): TimeQuestion;
  /** How often the hub's clock was set so far: what was measured before is by another clock. */
  steps(): number;
  stop(): void;
}

/** Longer than the longest path; an answer that comes later is not looked at. */
const answerLimit_ms = 5000;

interface Waiting {
  readonly sent_us: number;
  readonly steps: number;
  readonly hub: HubClock;
  resolve(outcome: AskOutcome): void;
  /** The first answer, by which a second one is told from its copy. */
  data?: Uint8Array;
  outcome?: AskOutcome;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** All questions that are under way. */
interface Asking {
  readonly deps: AskerDeps;
  readonly waiting: Map<string, Waiting>;
  steps: number;
}

function outcomeOf(asking: Asking, { sent_us, steps, hub }: Waiting, message: Incoming): AskOutcome {
  const { wall, clock } = asking.deps;
  const back_us = wall.now_us();
  wall.check(); // whose listener counts a step
  if (message.data.length === 0) return { kind: 'nobody' }; // from the server
  const reply = parseTimeReply(message.data);
  const exchange = reply && exchangeOf(sent_us, reply, back_us, widest(hub, clock()));
  if (steps !== asking.steps) return { kind: 'void' };
  if (exchange === undefined) return { kind: 'unfit' };
  return { kind: 'answered', exchange, isDisputed: false };
}

function take(asking: Asking, waiting: Waiting, message: Incoming): void {
  const { data, outcome } = waiting;
  if (data === undefined) {
    waiting.outcome = outcomeOf(asking, waiting, message); // at once: it takes the time
    waiting.data = message.data.slice();
    waiting.resolve(waiting.outcome);
  } else if (outcome?.kind === 'answered' && !isSame(data, message.data))
    waiting.outcome = { ...outcome, isDisputed: true };
}

function ask(asking: Asking, inbox: string, unit: string): TimeQuestion {
  const { link, wall, ticker, clock, token } = asking.deps;
  const hub = clock(); // which may check the wall clock too: a step belongs before the first time stamp
  wall.check();
  const key = token();
  let resolveFirst: (outcome: AskOutcome) => void = () => {};
  const first = new Promise<AskOutcome>((resolve) => {
    resolveFirst = resolve;
  });
  const sent_us = wall.now_us();
  const waiting: Waiting = { sent_us, steps: asking.steps, hub, resolve: resolveFirst };
  asking.waiting.set(key, waiting);
  const isSent = link.publish(timeSyncOf(unit), '', { reply: `${inbox}.${key}` });
  const settled = new Promise<AskOutcome>((resolve) => {
    const end = (): void => {
      asking.waiting.delete(key);
      const outcome = waiting.outcome ?? { kind: isSent ? 'timeout' : 'void' };
      resolveFirst(outcome);
      resolve(outcome);
    };
    if (isSent) ticker.after(answerLimit_ms, end, true);
    else end();
  });
  return { first, settled };
}

/** Opens an inbox below `prefix` for what units answer. */
export function openAsker(deps: AskerDeps, prefix: string): TimeAsker {
  const asking: Asking = { deps, waiting: new Map(), steps: 0 };
  const inbox = `${prefix}.${deps.token()}`;
  const ends = [
    deps.wall.onStep(() => {
      asking.steps += 1;
    }),
    deps.link.subscribe(`${inbox}.*`, (message) => {
      const waiting = asking.waiting.get(message.subject.slice(inbox.length + 1));
      if (waiting !== undefined) take(asking, waiting, message);
    }),
  ];
  return {
    ask: (unit) => ask(asking, inbox, unit),
    steps: () => asking.steps,
    stop() {
      for (const end of ends) end();
    },
  };
}
