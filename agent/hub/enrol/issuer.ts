// The issuer: decides the requests that wait in both accounts, one after the other, and answers them. Several may run, on
// the servers of a cluster: who writes to the book has read all of it.
import { verifyNkey } from '../../enrol/ask.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import { enrolSubjects, parseEnrolRequest, sealed } from '../../wire/enrol.ts';
import { type BoundUnit, type EnrolAccount, enrolAccounts } from '../book/bindings.ts';
import { type Book, BookError, openBook } from '../book/book.ts';
import { answerTo, type IssuerHub } from './answers.ts';
import { type Decision, decideEnrol, type EnrolAsked } from './decide.ts';
import { feedRequests, type RequestFeed, type WaitingRequest } from './requests.ts';

/** What the issuer works with. */
export interface IssuerDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  now_ms(): number;
  /** Links of the hub's own users. */
  readonly links: Readonly<Record<EnrolAccount | 'book', Link>>;
  /** The hub as it is now. */
  hub(): IssuerHub;
  /** A router was replaced, now or before: what it could log in with is void. */
  voided?(book: Book): void;
}

/** What the issuer has done. */
export interface IssuerCounts {
  admitted: number;
  waiting: number;
  refused: number;
  garbled: number;
}

/** An issuer that runs. */
export interface Issuer {
  counts(): Readonly<IssuerCounts>;
  /** Resolves when what was begun is answered. */
  stop(): Promise<void>;
}

const retry_ms = 2000;
/** Others were first this often: with so many issuers something else is wrong. */
const mostTries = 100;
/** Lines about requests that were refused, in a minute; whoever has a token must not fill the log. */
const mostLines = 20;
const minute_ms = 60_000;

interface Queued extends WaitingRequest {
  readonly account: EnrolAccount;
  /** How many came before it. */
  readonly turn: number;
}

interface State {
  readonly deps: IssuerDeps;
  readonly book: Book;
  readonly counts: IssuerCounts;
  readonly queue: Queued[];
  readonly feeds: RequestFeed[];
  turns: number;
  /** All that came before that turn is younger than what was read of the book. */
  readUpTo: number;
  working: Promise<void> | undefined;
  isStopped: boolean;
  trouble: string | undefined;
  lines: { since_ms: number; count: number };
}

/** One line about a request that was not admitted, unless there were many. */
function sayRefused({ deps, lines }: State, why: string, by: string): void {
  const now_ms = deps.ticker.now_ms();
  if (now_ms - lines.since_ms > minute_ms) {
    if (lines.count > mostLines)
      deps.log.warn('more requests were refused', { count: lines.count - mostLines });
    lines.since_ms = now_ms;
    lines.count = 0;
  }
  lines.count += 1;
  if (lines.count <= mostLines) deps.log.warn('a request is refused', { by, why });
}

function say(state: State, decision: Decision, { request, by }: EnrolAsked): void {
  const { log } = state.deps;
  const { counts } = state;
  if (decision.kind === 'refuse') {
    counts.refused += 1;
    sayRefused(state, decision.why, by);
  } else if (decision.kind === 'wait') {
    counts.waiting += 1;
    if (decision.record !== undefined) log.info('a router waits for approval', { by, key: request.key });
  } else {
    counts.admitted += 1;
    const { unit, key } = decision.unit;
    const what = request.token === undefined ? 'a login is renewed' : 'a router is admitted';
    if (decision.record !== undefined) log.info(what, { unit, key });
  }
}

/** Decides, and writes what has to be written first; again from the start where another issuer was quicker. */
async function decided(state: State, asked: EnrolAsked): Promise<Decision> {
  const { book, deps } = state;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const life_ms = deps.hub().file.days * 24 * 3600 * 1000;
    const decision = decideEnrol(book.bindings(), asked, { now_ms: deps.now_ms(), life_ms });
    const replaced = decision.kind === 'accept' && replaces(book, decision.unit);
    if (decision.record === undefined || (await book.append(decision.record))) {
      if (replaced) deps.voided?.(book);
      return decision;
    }
    await book.catchUp();
  }
  throw new BookError('other issuers were always first');
}

/** Whether the unit is another router so far. */
function replaces(book: Book, { unit, key }: BoundUnit): boolean {
  const before = book.bindings().units.get(unit);
  return before?.state === 'bound' && before.key !== key;
}

async function answerOne(state: State, one: Queued): Promise<void> {
  const { deps, book, counts } = state;
  const request = parseEnrolRequest(one.text, verifyNkey);
  if (!request.ok) {
    counts.garbled += 1;
    sayRefused(state, request.why, one.by);
    return one.done(); // without a signature there is nobody to be answered
  }
  if (one.turn >= state.readUpTo) {
    const upTo = state.turns;
    await book.catchUp();
    state.readUpTo = upTo;
  }
  const { account, by } = one;
  const at_ms = Number.isFinite(one.at_ms) ? one.at_ms : deps.now_ms();
  const asked = { request: request.value, by, account, at_ms };
  const decision = await decided(state, asked);
  say(state, decision, asked);
  const hub = deps.hub();
  const answer = answerTo(decision, request.value, hub);
  const isSent = deps.links[account].publish(
    enrolSubjects.answer(request.value.key),
    sealed(answer, hub.keys.answers),
  );
  if (isSent) one.done();
}

/** Decides all that waits; what fails is tried again, in its turn. */
async function work(state: State): Promise<void> {
  const { deps, queue } = state;
  while (queue.length > 0 && !state.isStopped) {
    const [one] = queue;
    if (one === undefined) break;
    try {
      await answerOne(state, one);
      if (state.trouble !== undefined) deps.log.info('requests are decided again');
      state.trouble = undefined;
    } catch (error) {
      const why = messageOf(error);
      if (state.trouble !== why) deps.log.error('requests cannot be decided', { why });
      state.trouble = why;
      if (error instanceof BookError) {
        queue.length = 0; // the streams give them again
        await new Promise<void>((resolve) => deps.ticker.after(retry_ms, resolve));
        break;
      }
      one.done(); // it would fail again, and keep all others from their answers
    }
    queue.shift();
  }
  for (const feed of state.feeds) feed.next();
}

/** Works unless it does already, and again if something came in meanwhile. */
function begin(state: State, what: (state: State) => Promise<void>): void {
  state.working ??= what(state).finally(() => {
    state.working = undefined;
    if (state.queue.length > 0 && !state.isStopped) begin(state, work);
  });
}

function enqueue(state: State, request: WaitingRequest, account: EnrolAccount): void {
  state.queue.push({ ...request, account, turn: state.turns });
  state.turns += 1;
  begin(state, work);
}

/** What became void while no issuer had the key for it. */
async function first({ book, deps }: State): Promise<void> {
  await book.catchUp().then(
    () => deps.voided?.(book),
    () => {}, // the first request says why
  );
}

/** Starts an issuer; it works whenever its links are up. */
export function startIssuer(deps: IssuerDeps): Issuer {
  const state: State = {
    deps,
    book: openBook(deps.links.book),
    counts: { admitted: 0, waiting: 0, refused: 0, garbled: 0 },
    queue: [],
    feeds: [],
    turns: 0,
    readUpTo: 0,
    working: undefined,
    isStopped: false,
    trouble: undefined,
    lines: { since_ms: deps.ticker.now_ms(), count: 0 },
  };
  begin(state, first);
  for (const account of enrolAccounts)
    state.feeds.push(
      feedRequests(deps.links[account], deps.ticker, (request) => enqueue(state, request, account)),
    );
  return {
    counts: () => state.counts,
    async stop() {
      state.isStopped = true;
      for (const feed of state.feeds) feed.stop();
      await state.working;
    },
  };
}
