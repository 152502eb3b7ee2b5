// The alerts of a hub: looks at its units again and again, keeps in mind what is told, and tells it.
import { randomUUID } from 'node:crypto';
import { messageOf } from '../../lib/errors.ts';
import { known } from '../../lib/known.ts';
import type { Log } from '../../lib/log.ts';
import type { Stoppable } from '../../lib/parts.ts';
import { type Ring, ring } from '../../lib/ring.ts';
import { type BothClocks, type Ticker, within } from '../../lib/ticker.ts';
import { version } from '../../lib/version.ts';
import type { Link } from '../../nats/link.ts';
import { type Alert, type Condition, hubName, type Notice } from './alert.ts';
import type { Beat } from './bodies.ts';
import { conditions, countersOf, type JudgedConditions, type Sight } from './conditions.ts';
import { delivered, giveUp, queueNotices, useOutputs } from './journal.ts';
import { firing, isSettled, keep } from './keeper.ts';
import type { AlertOptions } from './options.ts';
import { outputsOf } from './outputs/outputs.ts';
import { type AlertSender, startAlertSender } from './outputs/sender.ts';
import { newOwing, type Owing, payOwed } from './owing.ts';
import { type AlertState, type AlertStore, formatAlertState } from './statefile.ts';
import { newTurn, setTurn, type Turn, tellable } from './turn.ts';
import { type AlertsView, alertsViewOf } from './view.ts';

export interface AlertDeps {
  readonly ticker: Ticker;
  /** Unix ms. */
  readonly wall_ms: () => number;
  readonly log: Log;
  /** [0, 1). */
  readonly random: () => number;
  readonly store: AlertStore;
  /** To publish over; without it only webhook and command are told. */
  readonly link?: Link;
  /** Who tells, for signs of life. */
  readonly teller: string;
  /** What is to be seen now. */
  see(): Sight;
  /** Is told what keeps the alerts from what they are for, or that nothing does; else that is logged. */
  tell?(why: string | undefined): void;
}

export interface Alerts extends Stoppable {
  view(): AlertsView;
  /** It is this server's turn to tell, or no longer. */
  setTurn(isMine: boolean): void;
  stop(): Promise<void>;
}

const look_ms = 2000;
/** After a longer pause nobody knows what was in it. */
const longestPause_ms = 10_000;
/** By so much the wall clock goes ahead of the monotonic one where the machine slept. */
const sleep_ms = 5000;
/** From one writing to the next where only times have changed. */
const write_ms = 5000;
const recent = 100;
/** What is under way is given so long at the stop; it is sent again after the next start if need be, by the same id. */
const stop_ms = 1000;

/** Alerts that run. */
interface Running {
  readonly deps: AlertDeps;
  readonly options: AlertOptions;
  readonly state: AlertState;
  readonly turn: Turn;
  owing: Owing;
  senders: readonly AlertSender[];
  readonly began_ms: number;
  unwatched: readonly Condition[];
  readonly recent: Ring<Notice>;
  last: BothClocks | undefined;
  sees: boolean;
  /** Another one may have the file now. */
  isStopped: boolean;
  /** The last look came to its end. */
  works: boolean;
  total: number;
  beat_ms: number | undefined;
  saved_ms: number;
  problem: string | undefined;
}

function save(running: Running): void {
  const { deps, state } = running;
  if (running.isStopped) return;
  try {
    deps.store.save(formatAlertState(state));
    if (running.problem !== undefined) deps.log.info('the state of the alerts is written down again');
    if (running.problem !== undefined) deps.tell?.(undefined);
    running.problem = undefined;
  } catch (error) {
    const why = `what was told cannot be written down: ${messageOf(error)}`;
    if (running.problem !== why) (deps.tell ?? deps.log.error)(why);
    running.problem = why;
  }
  running.saved_ms = deps.ticker.now_ms();
}

/** The time since the look before; undefined where more has passed, or the machine slept. */
function passedSince({ deps, last }: Running, now: BothClocks): number | undefined {
  if (last === undefined) return undefined;
  const passed = now.mono_ms - last.mono_ms;
  const slept = now.wall_ms - last.wall_ms - passed;
  if (passed <= longestPause_ms && slept <= sleep_ms) return passed;
  deps.log.info('the alerts were held up: who is silent is given time to be heard');
  return undefined;
}

/** Something is being counted that a restart would count anew. */
const isCounting = ({ keeper: { held, groups } }: AlertState): boolean =>
  [...groups.values()].some(({ isNews }) => isNews) ||
  [...held.values()].some((one) => (one.isTold || one.isGrouped) !== one.isWanted);

/** It holds still: it was seen to, not only before a restart. */
function isSure({ state: { keeper }, sees }: Running, judged: JudgedConditions, alert: Alert): boolean {
  const { condition, unit, key, group } = alert;
  if (unit === undefined && group === undefined) return judged.wanted.has(key);
  const units = group?.units ?? [unit ?? hubName];
  const isWanted = group === undefined ? keeper.held.get(key)?.isWanted === true : group.count > 0;
  return sees && isWanted && isSettled(keeper, judged, condition, units);
}

function look(running: Running): void {
  const { deps, options, state } = running;
  const { keeper, journal } = state;
  const now = { mono_ms: deps.ticker.now_ms(), wall_ms: deps.wall_ms() };
  const passed_ms = passedSince(running, now);
  running.last = now;
  const sight = deps.see();
  running.sees = sight.units !== undefined;
  const judged = conditions(sight, options.limits, keeper.counters, now.wall_ms);
  running.total = judged.total;
  running.unwatched = judged.unknown;
  const { held } = keeper;
  const before = { counters: keeper.counters, held: held.size };
  keeper.counters = countersOf(sight, keeper.counters);
  const kept = keep(
    keeper,
    judged,
    { now_ms: now.wall_ms, areUnitsSeen: running.sees, ...known({ passed_ms }) },
    options.times,
  );
  const all = (): readonly Alert[] => firing(keeper, judged.total);
  const isSureNow = (alert: Alert): boolean => isSure(running, judged, alert);
  const notices = tellable(running.turn, state.own, kept, now, all, isSureNow);
  queueNotices(journal, notices, options.queue);
  const queued = { at_ms: now.wall_ms, most: options.queue };
  const isPaid = running.turn.isMine && payOwed(running.owing, journal, all(), isSureNow, queued);
  for (const notice of notices) running.recent.push(notice);
  const isToWrite = isCounting(state) || running.problem !== undefined;
  const isDue = isToWrite && now.mono_ms - running.saved_ms >= write_ms;
  const isNews = kept.length + notices.length > 0 || isPaid;
  if (isNews || before.counters !== keeper.counters || before.held !== held.size || isDue) save(running); // before anybody is told: what was told is not told again
  for (const sender of running.senders) sender.wake();
}

const beatOf = (running: Running): Beat => ({
  at_ms: running.deps.wall_ms(),
  interval_s: running.options.heartbeat_s,
  firing: firing(running.state.keeper, running.total),
  sees: running.sees,
  version,
  teller: running.deps.teller,
});

const viewOf = (running: Running): AlertsView =>
  alertsViewOf(running.state.journal, {
    firing: firing(running.state.keeper, running.total),
    recent: running.recent.items().toReversed(),
    states: running.senders.map((sender) => sender.state()),
    began_ms: running.began_ms,
    sees: running.sees,
    unwatched: running.unwatched,
    beat_ms: running.beat_ms,
    problem: running.problem,
  });

/** What goes wrong in a look is said, and the next one follows: an alerter that ends tells nobody. */
function lookSafely(running: Running): void {
  try {
    running.works = false;
    look(running);
    running.works = true;
  } catch (error) {
    running.sees = false;
    running.deps.log.error(`the alerts could not look: ${messageOf(error)}`);
  }
}

const newRunning = (deps: AlertDeps, options: AlertOptions, state: AlertState, isMine: boolean): Running => ({
  ...{
    deps,
    options,
    state,
    turn: newTurn(isMine),
    owing: newOwing(state.journal, firing(state.keeper, 0)),
    senders: [],
    began_ms: deps.wall_ms(),
    unwatched: [],
    recent: ring<Notice>(recent),
    last: undefined,
  },
  ...{ sees: false, isStopped: false, works: false, total: 0, beat_ms: undefined },
  ...{ saved_ms: deps.ticker.now_ms(), problem: undefined },
});

/** Starts to look, and to tell; where others of the hub may tell it begins without its turn. */
export function startAlerts(deps: AlertDeps, options: AlertOptions, isMine = true): Alerts {
  const { ticker, store, log } = deps;
  const id = randomUUID().slice(0, 8);
  const { state, why } = store.load(id);
  state.journal.id = id;
  if (why !== undefined) log.error(`what was told before is not known, and is told again: ${why}`);
  const outputs = outputsOf(deps.link, deps.wall_ms, options);
  useOutputs(state.journal, outputs);
  const running = newRunning(deps, options, state, isMine);
  save(running);
  const { wall_ms, random } = deps;
  running.senders = outputs.map((output) =>
    startAlertSender(output, {
      ...{ ticker, wall_ms, random, log },
      journal: () => state.journal,
      done(name, seq, told) {
        delivered(state.journal, name, seq, told, wall_ms());
        save(running);
      },
      giveUp(name, seq) {
        giveUp(state.journal, name, seq);
        save(running);
      },
    }),
  );
  const beat = (): void => {
    if (!running.works || !running.turn.isMine) return;
    running.beat_ms = wall_ms();
    for (const sender of running.senders) sender.beat(() => beatOf(running));
  };
  const ends = [
    ticker.every(look_ms, () => lookSafely(running)),
    ticker.every(options.heartbeat_s * 1000, beat),
  ];
  lookSafely(running);
  beat();
  return {
    view: () => viewOf(running),
    setTurn(isMine) {
      setTurn(running.turn, isMine, firing(state.keeper, running.total));
      if (isMine) beat();
    },
    async stop() {
      for (const end of ends) end();
      await within(ticker, stop_ms, Promise.all(running.senders.map((sender) => sender.stop())));
      for (const sender of running.senders) sender.end();
      running.isStopped = true; // what is delivered after this is told again, by the same id
    },
  };
}
