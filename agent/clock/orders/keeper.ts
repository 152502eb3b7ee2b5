import type { Log } from '../../lib/log.ts';
import { freshValue, type Reading } from '../../lib/reading.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { PortState, PtpFacts } from '../facts.ts';
import type { AppliedTime } from '../setup/applied.ts';
import type { Timekeeper } from '../timekeeper.ts';
import type { WallClock } from '../wallclock.ts';
import { type Announcement, announce } from './announce.ts';
import type { FifoWriter } from './fifo.ts';
import { closedGate, type GateDecision, type GateState, gateNow } from './gate.ts';
import { ptpOrder, serverOrder, synchronisedOrder } from './orderlines.ts';
import { afterSending, isDue, type Sent } from './repeats.ts';
import { ptpSource } from './witness.ts';

/** Decides what the clock daemons are told, and has root's helper tell them. */
export interface OrderKeeper {
  /** Whether chronyd may select PTP, and why not; undefined where that is not for us to decide. */
  gate(): GateDecision | undefined;
  /** A client that has heard no grandmaster at all, though it has had the time to. */
  isSilent(): boolean;
  stop(): void;
}

export interface OrderDeps {
  readonly clock: () => Pick<Timekeeper, 'ptp' | 'ntp' | 'followsPtp' | 'verdict' | 'hasten'>;
  readonly wall: Pick<WallClock, 'onStep'>;
  readonly ticker: Ticker;
  readonly fifo: FifoWriter;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** What is decided by. */
export interface OrderSettings extends Pick<AppliedTime, 'role' | 'feed' | 'gate' | 'hardware' | 'grace_s'> {
  /** `time.tracking_ns`. */
  readonly tracking_ns: number;
}

const servingStates: ReadonlySet<PortState> = new Set(['MASTER', 'GRAND_MASTER']);

const orderWords = {
  select: 'chronyd may select PTP',
  withhold: 'chronyd may not select PTP',
} as const;

const every_ms = 1000;
/** A grandmaster is heard of within some intervals of its Announce messages, and followed a little later; ptp4l may have to
 * wait for NTP first. */
const hearing_ms = 90_000;
/** The helper may be started after the agent. */
const untaken_ms = 10_000;

interface Keeping {
  readonly deps: OrderDeps;
  readonly settings: OrderSettings;
  gate: GateState;
  announced?: Announcement;
  set_s: number;
  readonly started_ms: number;
  /** A grandmaster was followed. */
  wasHeard: boolean;
  /** By the first word of the order. */
  readonly sent: Map<string, Sent>;
  /** Since when orders do not arrive, monotonic ms, and whether that was logged. */
  failing?: { readonly since_ms: number; isLogged: boolean } | undefined;
}

/** A helper that is not there is logged once, and once when it is back. */
function note(
  { deps: { log }, failing }: Keeping,
  why: string | undefined,
  now_ms: number,
): Keeping['failing'] {
  if (why === undefined) {
    if (failing?.isLogged === true) log.info('orders for the clock daemons are taken again');
    return undefined;
  }
  const { since_ms, isLogged } = failing ?? { since_ms: now_ms, isLogged: false };
  const isLasting = now_ms - since_ms >= untaken_ms;
  if (isLasting && !isLogged)
    log.warn('orders for the clock daemons are not taken: is nunect-time running?', { why });
  return { since_ms, isLogged: isLogged || isLasting };
}

function order(keeping: Keeping, line: string, isTaken?: boolean): void {
  const { deps, sent } = keeping;
  const now_ms = deps.ticker.now_ms();
  const [kind = ''] = line.split(' ');
  const last = sent.get(kind);
  if (!isDue(last, line, isTaken, now_ms)) return;
  const why = deps.fifo.write(line);
  keeping.failing = note(keeping, why, now_ms);
  if (last?.line !== line || isTaken === false) deps.clock().hasten(); // it will soon show that it has obeyed
  if (why === undefined) sent.set(kind, afterSending(last, line, isTaken, now_ms));
}

/** Whether chronyd shows that it has obeyed: a source that may not be selected is shown as unusable. */
function isObeyed({ deps, gate: { decision } }: Keeping): boolean | undefined {
  const facts = freshValue(deps.clock().ntp());
  const ptp = facts && ptpSource(facts);
  if (ptp === undefined) return undefined;
  return (decision.order === 'withhold') === (ptp.state === 'unusable');
}

function orderPtp(keeping: Keeping): void {
  const { deps, settings } = keeping;
  const clock = deps.clock();
  const seen = { ptp: clock.ptp(), ntp: clock.ntp(), followsPtp: clock.followsPtp(), set_s: keeping.set_s };
  const before = keeping.gate.decision;
  keeping.gate = gateNow(keeping.gate, seen, deps.ticker.now_ms(), settings.grace_s);
  const { decision } = keeping.gate;
  if (decision.reason !== before.reason && decision.order !== undefined)
    deps.log.info(orderWords[decision.order], { why: decision.fault ?? decision.reason });
  if (decision.order !== undefined) order(keeping, ptpOrder(decision.order), isObeyed(keeping));
}

/** A ptp4l that is its own grandmaster tells what it announces; one that was restarted has forgotten. */
function isAnnounced(ptp: Reading<PtpFacts>, { clockClass }: Announcement): boolean | undefined {
  const facts = freshValue(ptp);
  const isServing = facts?.ports.some(({ portState }) => servingStates.has(portState)) === true;
  return isServing && facts?.parent !== undefined ? facts.parent.gmClockClass === clockClass : undefined;
}

function orderServer(keeping: Keeping): void {
  const { deps, settings } = keeping;
  const clock = deps.clock();
  const announced = announce(keeping.announced, { ...settings, verdict: clock.verdict(), ntp: clock.ntp() });
  keeping.announced = announced;
  order(keeping, serverOrder(announced), isAnnounced(clock.ptp(), announced));
}

function orderSynchronised(keeping: Keeping): void {
  const { source, quality } = keeping.deps.clock().verdict();
  if (source === 'ptp' && ['locked', 'tracking'].includes(quality)) order(keeping, synchronisedOrder);
}

/** With role auto nothing sets the clock of a card while nobody is followed: what chronyd knows says nothing of it. */
const servesThisClock = ({ role, hardware }: OrderSettings): boolean =>
  role === 'server' || (role === 'auto' && !hardware);

function orderAll(keeping: Keeping): void {
  const { settings, deps } = keeping;
  keeping.wasHeard ||= deps.clock().followsPtp();
  if (settings.gate === 'selectopts') orderPtp(keeping);
  if (servesThisClock(settings)) orderServer(keeping);
  if (settings.feed === 'clock') orderSynchronised(keeping);
}

/** Starts to decide, each second. */
export function keepOrders(deps: OrderDeps, settings: OrderSettings): OrderKeeper {
  const started_ms = deps.ticker.now_ms();
  const keeping: Keeping = {
    ...{ deps, settings, gate: closedGate, set_s: 0, started_ms, wasHeard: false },
    sent: new Map(),
  };
  const ends = [
    deps.wall.onStep((step_us) => {
      keeping.set_s += step_us / 1e6;
    }),
    deps.ticker.every(every_ms, () => orderAll(keeping)),
  ];
  return {
    gate: () => (settings.gate === 'selectopts' ? keeping.gate.decision : undefined),
    isSilent: () =>
      settings.role === 'client' && !keeping.wasHeard && deps.ticker.now_ms() - started_ms >= hearing_ms,
    stop() {
      for (const end of ends) end();
      deps.fifo.close();
    },
  };
}
