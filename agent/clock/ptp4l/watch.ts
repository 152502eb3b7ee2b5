import { join } from 'node:path';
import type { Spawn } from '../../lib/child.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { type PolledFacts, pollInRounds, pollUntil, type Watch } from '../../lib/watch.ts';
import type { PtpFacts } from '../facts.ts';
import { syncDueAt_ms } from '../verdict/ptp.ts';
import type { PmcChild } from './child.ts';
import { keepPmc, type PmcKeeper, type PmcOptions, type SocketFiles } from './keeper.ts';
import { isDataSetId, type PmcReply, parseDataSet } from './pmc.ts';
import { life_ms, type PtpQuestion, type PtpSchedule, ptpSchedule } from './schedule.ts';
import { type DataSetStore, dataSetStore, type Received } from './store.ts';
import { type SyncAge, syncAge } from './syncage.ts';

/** How ptp4l is watched. */
export interface PtpOptions extends Omit<PmcOptions, 'clientSocket'> {
  readonly poll_s: number;
  /** A directory that we may write to: pmc's own socket is made there. */
  readonly stateDir: string;
}

/** What the watch of ptp4l has cost. */
export interface PtpStats {
  /** pmc processes started so far. */
  readonly started: number;
  readonly questions: number;
  readonly timeouts: number;
  /** Replies that could not be understood. */
  readonly garbled: number;
  /** Data sets that came unasked. */
  readonly events: number;
}

/** A lost subscription is renewed at most this often. */
const resubscribeMs = 5000;

/** A watch that runs, with what it works on and what it remembers. */
interface PtpWatch {
  readonly ticker: Ticker;
  readonly poll_s: number;
  readonly schedule: PtpSchedule;
  readonly keeper: PmcKeeper;
  readonly polled: PolledFacts<PtpFacts>;
  readonly sync: SyncAge;
  readonly stats: { -readonly [K in Exclude<keyof PtpStats, 'started'>]: number };
  store: DataSetStore;
  /** All has been asked of this pmc once: until then the store has holes, and what was known before it counts. */
  isWhole: boolean;
  /** The socket takes subscriptions; false once they were refused. */
  writable: boolean;
  /** Grandmaster and port states as last seen. */
  states?: string | undefined;
  subscribed_ms: number;
  cancelSyncTimer: () => void;
  /** A Sync is late, or an answer was: what stays away is noticed at once. */
  isSuspect: boolean;
  /** Set once the watch stops. */
  ending?: Promise<void>;
}

/** What changes when something happened, as against mere measurements. */
const statesOf = ({ ports, timeStatus }: PtpFacts): string =>
  [timeStatus.gmIdentity, ...ports.map((port) => `${port.portIdentity} ${port.portState}`)].join(' ');

const isReadOnly = (watch: PtpWatch): boolean => !watch.writable || watch.keeper.socket().endsWith('ro');

const makeDue = (watch: PtpWatch, id: PtpQuestion['id']): void =>
  watch.schedule.makeDue((question) => question.id === id);

/** Another pmc starts: what the last one learned may be wrong now. */
function startAnew(watch: PtpWatch): void {
  watch.sync.reopen();
  watch.store = dataSetStore(watch.sync);
  watch.isWhole = false;
  watch.states = undefined;
  watch.writable = true;
  watch.schedule.reset();
}

function takeReply(watch: PtpWatch, reply: PmcReply, asked: boolean): void {
  const { polled, schedule, stats, store } = watch;
  if (reply.kind !== 'response' || !isDataSetId(reply.id)) return;
  const parsed = parseDataSet(reply.id, reply);
  if (!parsed.ok) {
    stats.garbled += 1;
    polled.fail({ why: 'garbled', detail: parsed.why });
    return;
  }
  const now_ms = watch.ticker.now_ms();
  if (!asked) {
    stats.events += 1;
    schedule.done(reply.id, now_ms);
  }
  const isNew = store.put({ id: reply.id, value: parsed.value } as Received, now_ms);
  if (isNew) polled.noteNews();
  if (isNew && !asked && reply.id === 'PARENT_DATA_SET') makeDue(watch, 'TIME_PROPERTIES_DATA_SET'); // of the same Announce
  if (asked && !isTelling.has(reply.id)) return; // the round tells of it at its end
  const facts = watch.isWhole ? takeFacts(watch) : undefined;
  if (facts === undefined) return;
  if (reply.id === 'TIME_STATUS_NP') watch.cancelSyncTimer();
  followStates(watch, facts, asked);
  if (!asked) polled.notify();
}

/** Answers that tell that something happened, as against what was measured or announced. */
const isTelling: ReadonlySet<string> = new Set(['TIME_STATUS_NP', 'PORT_DATA_SET']);

/** What the store has now is how things are. */
function takeFacts({ ticker, store, polled, poll_s }: PtpWatch): PtpFacts | undefined {
  const facts = store.facts(ticker.now_ms(), (id) => life_ms(id, poll_s * 1000));
  if (facts !== undefined) polled.set(facts, false);
  return facts;
}

/** What this pmc has told counts from now on, if that is enough to judge by. */
function makeWhole(watch: PtpWatch): void {
  const facts = takeFacts(watch);
  if (facts === undefined || watch.isWhole) return;
  watch.isWhole = true;
  watch.states = statesOf(facts);
}

/** When a state has changed, all that may have changed with it is asked at once. */
function followStates(watch: PtpWatch, facts: PtpFacts, asked: boolean): void {
  const before = watch.states;
  watch.states = statesOf(facts);
  if (before === undefined || watch.states === before) return;
  watch.schedule.makeDue((question) => question.afterChange === true);
  // It had to be asked for although it should have been pushed: a restarted ptp4l knows no subscribers.
  const missed = asked && facts.events.includes('port_state');
  if (missed && watch.ticker.now_ms() - watch.subscribed_ms > resubscribeMs)
    makeDue(watch, 'SUBSCRIBE_EVENTS_NP');
  if (!asked) void watch.polled.poll();
}

/** Until the next round, which may come late. */
const rounds = 1.2;

/**
 * A Sync that is late is asked for at the moment at which it counts as missing, not at the next poll. The timer is set in
 * the last round before that: one that each Sync sets anew would wake the CPU each time for nothing.
 */
function armSyncTimer(watch: PtpWatch): void {
  const { ticker, polled, poll_s } = watch;
  watch.cancelSyncTimer();
  const facts = polled.last();
  const wait_ms = ((facts && syncDueAt_ms(facts, poll_s)) ?? -Infinity) - ticker.now_ms();
  if (!(wait_ms > 0 && wait_ms < rounds * poll_s * 1000) || watch.ending !== undefined) return;
  watch.cancelSyncTimer = ticker.after(wait_ms, () => {
    makeDue(watch, 'TIME_STATUS_NP');
    watch.isSuspect = true;
    polled.noteNews(); // no answer is news, too
    void polled.poll();
  });
}

/** Asks one question. False when there is no point in asking on. */
async function ask(watch: PtpWatch, pmc: PmcChild, question: PtpQuestion): Promise<boolean> {
  const { ticker, schedule, keeper, stats } = watch;
  stats.questions += 1;
  const replies = question.eachPort ? watch.store.numberPorts() : 1;
  const outcome = await pmc.ask(question.command, question.id, replies, watch.isSuspect);
  watch.isSuspect = outcome === 'silent';
  schedule.done(question.id, ticker.now_ms());
  switch (outcome) {
    case 'answered':
      keeper.answered();
      if (question.id === 'SUBSCRIBE_EVENTS_NP') watch.subscribed_ms = ticker.now_ms();
      return true;
    case 'refused':
      if (question.id === 'SUBSCRIBE_EVENTS_NP') watch.writable = false;
      schedule.giveUp(question);
      return true;
    case 'unknown':
      schedule.giveUp(question);
      return true;
    case 'silent':
      stats.timeouts += 1;
      makeDue(watch, question.id);
      makeDue(watch, 'SUBSCRIBE_EVENTS_NP');
      if (watch.polled.read().kind !== 'fresh') makeWhole(watch); // holes are better than nothing
      watch.polled.fail(await keeper.silent());
      return false;
    case 'ended':
      return false;
  }
}

/** Asks all that is due. */
async function askRound(watch: PtpWatch): Promise<void> {
  const { ticker, schedule, polled } = watch;
  const pmc = await watch.keeper.ready();
  if (!('ask' in pmc)) {
    polled.fail(pmc, pmc.why === 'no_socket'); // without a socket ptp4l is gone, not merely late
    return;
  }
  let hasAsked = false;
  for (;;) {
    const question = schedule.next(ticker.now_ms(), polled.last()?.events ?? [], !isReadOnly(watch));
    if (question === undefined) {
      if (hasAsked) makeWhole(watch);
      return armSyncTimer(watch);
    }
    hasAsked = true;
    if (!(await ask(watch, pmc, question))) return armSyncTimer(watch);
  }
}

/**
 * Watches one ptp4l through one long-lived pmc: polls, and takes the events that the daemon offers.
 * Never rejects: whatever is wrong is in the reading.
 */
export function watchPtp4l(
  deps: { readonly spawn: Spawn; readonly ticker: Ticker; readonly files: SocketFiles },
  opts: PtpOptions,
  signal: AbortSignal,
): Watch<PtpFacts, PtpStats> {
  const { ticker } = deps;
  const clientSocket = join(opts.stateDir, `pmc.${process.pid}.sock`);
  const sync = syncAge();
  const watch: PtpWatch = {
    ticker,
    poll_s: opts.poll_s,
    schedule: ptpSchedule(opts.poll_s * 1000),
    keeper: keepPmc(
      deps,
      { ...opts, clientSocket },
      (reply, asked) => takeReply(watch, reply, asked),
      () => startAnew(watch),
    ),
    polled: pollInRounds(ticker, opts.poll_s * 1000, () => askRound(watch)),
    sync,
    stats: { questions: 0, timeouts: 0, garbled: 0, events: 0 },
    store: dataSetStore(sync),
    isWhole: false,
    writable: true,
    subscribed_ms: -Infinity,
    cancelSyncTimer: () => {},
    isSuspect: false,
  };
  const stop = (): Promise<void> => {
    watch.cancelSyncTimer();
    const { lastRound } = watch.polled.stop();
    watch.ending ??= watch.keeper.stop().then(() => lastRound);
    return watch.ending;
  };
  pollUntil(signal, watch.polled, stop);
  return {
    read: watch.polled.read,
    onChange: watch.polled.onChange,
    look() {
      watch.schedule.makeDue(({ every_s }) => every_s === 0);
      return watch.polled.poll();
    },
    stats: () => ({ started: watch.keeper.started(), ...watch.stats }),
    stop,
  };
}
