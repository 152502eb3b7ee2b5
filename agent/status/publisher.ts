import type { WallClock } from '../clock/wallclock.ts';
import type { SectionValues } from '../config/options.ts';
import type { TrafficProfile } from '../config/traffic.ts';
import { known } from '../lib/known.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { SpoolRecord } from '../records/record.ts';
import type { Spool } from '../records/spool.ts';
import type { TimeConfig, UnitName } from '../wire/messages.ts';
import type { MinutesMetric } from '../wire/reports.ts';
import type { Subjects } from '../wire/subjects.ts';
import { newMinutes } from './minutes.ts';
import { isAsTold, lookEvery_ms, nextSending, type Paced } from './pacing.ts';
import { fullRecords, heartbeatRecord, type Moment, slimRecords, tellingOf } from './recordsets.ts';
import type { UnitState } from './unitstate.ts';

export interface PublisherDeps {
  readonly spool: Pick<Spool, 'put' | 'putSlim'>;
  readonly ticker: Ticker;
  readonly wall: Pick<WallClock, 'now_us' | 'toWall_us'>;
  /** Resolves once enough is known for a first look: one that comes too early sees a problem at each start. */
  firstTried(): Promise<void>;
  /** The state of the unit right now. */
  look(): Promise<UnitState>;
  /** [0, 1), for the delay after boot. */
  random(): number;
}

export interface PublisherOptions {
  readonly name: UnitName;
  readonly subjects: Subjects;
  readonly interval_s: number;
  readonly traffic: TrafficProfile;
  readonly boot_delay_s: number;
  readonly time: Pick<SectionValues<'time'>, 'mode' | 'ntp_server' | 'ptp_master' | 'ptp_domain'>;
}

export interface Publisher {
  /** Goes on with other options, which it publishes at once; the count of heartbeats goes on, too. */
  configure(opts: PublisherOptions): void;
  /** Something changed that a consumer must know: looks without waiting for the interval. */
  changed(): void;
  /** Puts the last heartbeat, which says that the unit stops by intention, and the minutes so far. */
  publishLast(): Promise<void>;
  stop(): void;
}

/** Intervals are moved by up to this share, so that units that booted together do not all publish together. */
const jitter = 0.05;
/** A change seldom comes alone: the clock's verdict follows its source, the hub its cause. */
const settle_ms = 250;

interface State {
  opts: PublisherOptions;
  /** Of the last heartbeat, and of the last full one; 0 before the first. */
  sequence: number;
  full: number;
  /** What was told when; undefined before the first set, and after other options: then all is told. */
  paced: Paced | undefined;
  readonly minutes: ReturnType<typeof newMinutes>;
  minutesFrom_ms: number;
  /** Counts what ends a look that is under way: other options, a stop. */
  round: number;
  begun: boolean;
  /** The first look is not due yet. */
  isEarly: boolean;
  /** A look because of a change is due. */
  isPoked: boolean;
  stopped: boolean;
  cancel(): void;
}

function timeConfigRecord({ name, subjects, time }: PublisherOptions): SpoolRecord {
  const { mode, ntp_server, ptp_master, ptp_domain } = time;
  const body: TimeConfig = {
    unit_id: name.unit,
    mode,
    ntp_servers: ntp_server.join(','),
    ...known({ ptp_master }),
    ptp_domain,
  };
  return { subject: subjects.timeConfig, priority: 'event', body };
}

/** The moment of the next set. */
function nextMoment({ wall }: PublisherDeps, state: State): Moment {
  const { name, subjects, interval_s, time } = state.opts;
  state.sequence += 1;
  const { sequence } = state;
  return {
    name,
    subjects,
    interval_s,
    ntp_servers: time.ntp_server,
    sequence,
    wall_ms: wall.now_us() / 1000,
  };
}

function publishMinutes({ spool, ticker, wall }: PublisherDeps, state: State): void {
  const now_ms = ticker.now_ms();
  state.minutesFrom_ms = now_ms;
  const rows = state.minutes.take((mono_ms) => wall.toWall_us(mono_ms, now_ms) / 1000);
  if (rows === undefined) return;
  const { name, subjects } = state.opts;
  const ts = Math.floor(wall.now_us() / 1000);
  const body: MinutesMetric = { ts, unit_id: name.unit, seq: state.sequence, ...rows };
  spool.put({ subject: subjects.metric.minutes, priority: 'metric', body });
}

/** A minute's rows are of what every look saw; what is due of them goes out. */
function gatherMinutes(deps: PublisherDeps, state: State, now: UnitState): void {
  const { minutes_s } = state.opts.traffic;
  if (minutes_s === 0) return;
  const now_ms = deps.ticker.now_ms();
  if (now_ms - state.minutesFrom_ms >= minutes_s * 1000) publishMinutes(deps, state);
  state.minutes.add(now, now_ms);
}

/** Sends what is due of the moment that was looked at. */
function send(deps: PublisherDeps, state: State, now: UnitState, isExtra: boolean): void {
  const { spool, ticker } = deps;
  const { traffic, interval_s } = state.opts;
  const telling = tellingOf(now);
  const plan = { ...traffic, interval_s };
  const { sending, paced } = nextSending(state.paced, telling, ticker.now_ms(), plan, isExtra);
  state.paced = paced;
  if (sending === 'nothing') return;
  const at = nextMoment(deps, state);
  if (sending === 'slim' || sending === 'asked') {
    const full = isAsTold(paced, telling) ? state.full : undefined;
    for (const record of slimRecords(at, now, traffic.slim, full)) {
      const asks = sending === 'asked' && record.subject === at.subjects.heartbeat;
      spool.putSlim(record, { keeps: traffic.keepsSlim, asks });
    }
    return;
  }
  state.full = at.sequence;
  for (const record of fullRecords(at, now, sending === 'facts')) spool.put(record);
}

async function publish(deps: PublisherDeps, state: State, isExtra = false): Promise<void> {
  if (state.isEarly) return;
  const { round } = state;
  const now = await deps.look();
  if (round !== state.round) return; // what came meanwhile publishes
  gatherMinutes(deps, state, now);
  send(deps, state, now, isExtra);
}

/** What was begun anew meanwhile publishes itself. */
async function publishFirst(deps: PublisherDeps, state: State): Promise<void> {
  const { round } = state;
  if (state.isEarly) await deps.firstTried();
  if (round !== state.round) return;
  state.isEarly = false;
  await publish(deps, state);
}

/** Publishes all now, and from now on what is due at each look. */
function begin(deps: PublisherDeps, state: State): void {
  state.begun = true;
  state.cancel();
  state.paced = undefined;
  if (state.opts.traffic.minutes_s === 0) publishMinutes(deps, state); // those of the profile before
  deps.spool.put(timeConfigRecord(state.opts));
  void publishFirst(deps, state);
  state.cancel = deps.ticker.every(
    lookEvery_ms(state.opts.interval_s),
    () => void publish(deps, state),
    jitter,
  );
}

async function publishLast(deps: PublisherDeps, state: State): Promise<void> {
  const { round } = state;
  const now = await deps.look();
  if (round !== state.round) return;
  gatherMinutes(deps, state, now);
  deps.spool.put(heartbeatRecord(nextMoment(deps, state), now, true));
  publishMinutes(deps, state);
}

function newState(opts: PublisherOptions, now_ms: number): State {
  return {
    opts,
    sequence: 0,
    full: 0,
    paced: undefined,
    minutes: newMinutes(),
    minutesFrom_ms: now_ms,
    round: 0,
    begun: false,
    isEarly: true,
    isPoked: false,
    stopped: false,
    cancel: () => {},
  };
}

/** Publishes heartbeat and metrics as the traffic profile says, and `ops.time.config` once and when the options change. */
export function startPublisher(deps: PublisherDeps, opts: PublisherOptions): Publisher {
  const state = newState(opts, deps.ticker.now_ms());
  const wait = (): void => {
    const delay_ms = deps.random() * state.opts.boot_delay_s * 1000;
    state.cancel = deps.ticker.after(delay_ms, () => begin(deps, state));
  };
  wait();
  const stop = (): void => {
    state.stopped = true;
    state.round += 1;
    state.cancel();
  };
  return {
    configure(next) {
      const isOtherDelay = next.boot_delay_s !== state.opts.boot_delay_s;
      state.opts = next;
      state.round += 1;
      if (state.begun) begin(deps, state);
      else if (isOtherDelay && !state.stopped) {
        state.cancel();
        wait();
      }
    },
    changed() {
      if (state.isPoked || !state.begun) return;
      state.isPoked = true;
      deps.ticker.after(settle_ms, () => {
        state.isPoked = false;
        if (!state.stopped) void publish(deps, state, true);
      });
    },
    async publishLast() {
      if (state.stopped) return;
      stop();
      await publishLast(deps, state);
    },
    stop,
  };
}
