import { join } from 'node:path';
import type { Spawn } from '../../lib/child.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { aged, changes, type Trouble, type Watch } from '../../lib/watch.ts';
import type { PtpFacts } from '../facts.ts';
import { lastCallAt_ms } from '../verdict/ptp.ts';
import type { PmcChild } from './child.ts';
import { isDataSetId, parseDataSet } from './datasets.ts';
import { keepPmc, type PmcOptions, type SocketFiles } from './keeper.ts';
import type { PmcReply } from './pmc.ts';
import { life_ms, type PtpQuestion, ptpSchedule } from './schedule.ts';
import { ptpView, type Received } from './store.ts';
import { syncAge } from './syncage.ts';

/** How ptp4l is watched. */
export interface PtpOptions extends Omit<PmcOptions, 'clientSocket'> {
  readonly poll_s: number;
  /** A directory that we may write to: pmc's own socket is made there. */
  readonly runDir: string;
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
/** Units that were booted together drift apart. */
const jitter = 0.05;

/** Words that change when something happened, as against mere measurements. */
const turnOf = ({ ports, timeStatus }: PtpFacts): string =>
  [timeStatus.gmIdentity, ...ports.map((port) => `${port.portIdentity} ${port.portState}`)].join(' ');

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
  const poll_ms = opts.poll_s * 1000;
  const stats = { questions: 0, timeouts: 0, garbled: 0, events: 0 };
  const schedule = ptpSchedule(poll_ms);

  const sync = syncAge();
  let view = ptpView(sync);
  let cancelLastCall = (): void => {};
  let seen: { readonly value: PtpFacts; readonly at_ms: number } | undefined;
  let trouble: Trouble = { why: 'not_yet' };
  let writable = true;
  let turn: string | undefined;
  let subscribed_ms = Number.NEGATIVE_INFINITY;
  let round: Promise<void> | undefined;
  let stopped = signal.aborted;

  const clientSocket = join(opts.runDir, `pmc.${process.pid}.sock`);
  const keeper = keepPmc(deps, { ...opts, clientSocket }, onReply, () => {
    sync.reopen();
    view = ptpView(sync);
    turn = undefined;
    writable = true;
    schedule.reset();
  });

  const read = () => aged(seen, ticker.now_ms(), poll_ms, trouble);
  const changed = changes(read);
  const readOnly = (): boolean => !writable || keeper.socket().endsWith('ro');

  function onReply(reply: PmcReply, asked: boolean): void {
    if (reply.kind !== 'response' || !isDataSetId(reply.id)) return;
    const parsed = parseDataSet(reply.id, reply);
    if (!parsed.ok) {
      stats.garbled += 1;
      trouble = { why: 'garbled', detail: parsed.why };
      return;
    }
    const now_ms = ticker.now_ms();
    if (!asked) {
      stats.events += 1;
      schedule.done(reply.id, now_ms);
    }
    if (view.take({ id: reply.id, value: parsed.value } as Received, now_ms)) changed.note();
    const value = view.facts(keeper.socket(), readOnly(), now_ms, (id) => life_ms(id, poll_ms));
    if (value === undefined) return;
    seen = { value, at_ms: now_ms };
    if (reply.id === 'TIME_STATUS_NP') armLastCall(value);
    onFacts(value, asked);
    if (!asked) changed.tell();
  }

  /** When something happened, all that may have changed with it is asked at once. */
  function onFacts(facts: PtpFacts, asked: boolean): void {
    const before = turn;
    turn = turnOf(facts);
    if (before === undefined || turn === before) return;
    schedule.hurry((question) => question.atTurn === true);
    // It had to be asked for although it should have been pushed: a restarted ptp4l knows no subscribers.
    const missed = asked && facts.events.includes('port_state');
    if (missed && ticker.now_ms() - subscribed_ms > resubscribeMs) renewSubscription();
    if (!asked) work();
  }

  /** A Sync that is late is asked for at the moment at which it counts as missing, not at the next poll. */
  function armLastCall(facts: PtpFacts): void {
    cancelLastCall();
    const at_ms = lastCallAt_ms(facts, opts.poll_s);
    if (at_ms === undefined || at_ms <= ticker.now_ms() || stopped) return;
    cancelLastCall = ticker.after(at_ms - ticker.now_ms(), () => {
      schedule.hurry(({ id }) => id === 'TIME_STATUS_NP');
      changed.note(); // no answer is news, too
      work();
    });
  }

  const renewSubscription = (): void => schedule.hurry(({ id }) => id === 'SUBSCRIBE_EVENTS_NP');

  /** Asks one question. False when there is no point in asking on. */
  async function ask(pmc: PmcChild, question: PtpQuestion): Promise<boolean> {
    stats.questions += 1;
    const outcome = await pmc.ask(question.command, question.id, question.eachPort ? view.numberPorts() : 1);
    schedule.done(question.id, ticker.now_ms());
    switch (outcome) {
      case 'answered':
        keeper.answered();
        if (question.id === 'SUBSCRIBE_EVENTS_NP') subscribed_ms = ticker.now_ms();
        return true;
      case 'refused':
        if (question.id === 'SUBSCRIBE_EVENTS_NP') writable = false;
        schedule.giveUp(question);
        return true;
      case 'unknown':
        schedule.giveUp(question);
        return true;
      case 'silent':
        stats.timeouts += 1;
        schedule.hurry(({ id }) => id === question.id);
        renewSubscription();
        trouble = await keeper.silent();
        return false;
      case 'ended':
        return false;
    }
  }

  async function poll(): Promise<void> {
    const pmc = await keeper.ready();
    if (!('ask' in pmc)) {
      trouble = pmc;
      if (pmc.why === 'no_socket') seen = undefined; // ptp4l is gone, not merely late
      return;
    }
    for (;;) {
      const question = schedule.next(ticker.now_ms(), seen?.value.events ?? [], !readOnly());
      if (question === undefined || !(await ask(pmc, question))) return;
    }
  }

  function work(): void {
    if (stopped || round !== undefined) return; // a round that is under way sees what became due
    round = poll().finally(() => {
      round = undefined;
      changed.tell();
    });
  }

  const cancel = ticker.every(
    poll_ms,
    () => {
      changed.tell(); // of old age, should the round be stuck
      work();
    },
    jitter,
  );
  work();

  let ending: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    cancel();
    cancelLastCall();
    stopped = true;
    ending ??= keeper.stop().then(() => round);
    return ending;
  };
  signal.addEventListener('abort', () => void stop(), { once: true });

  return {
    read,
    onChange: changed.add,
    stats: () => ({ started: keeper.started(), ...stats }),
    stop,
  };
}
