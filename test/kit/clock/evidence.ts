// Builders of evidence: a healthy daemon each, of which a test changes what it is about.
import type {
  ChronyFacts,
  ChronySource,
  ChronyTracking,
  Disciplines,
  Evidence,
  PtpFacts,
  PtpPort,
  TimeProperties,
} from '../../../agent/clock/facts.ts';
import { initial, type JudgeState, judge } from '../../../agent/clock/verdict/judge.ts';
import type { ClockSettings } from '../../../agent/clock/verdict/settings.ts';
import { sections } from '../../../agent/config/options.ts';
import { absent, fresh, type Reading } from '../../../agent/lib/reading.ts';

const time = sections.time.options;

/** The defaults of the option table, with some changed. */
export const clockSettings = (changes: Partial<ClockSettings> = {}): ClockSettings => ({
  mode: time.mode.default,
  timestamping: time.timestamping.default,
  poll_s: time.poll_s.default,
  locked_sw_ns: time.locked_sw_ns.default,
  locked_hw_ns: time.locked_hw_ns.default,
  tracking_ns: time.tracking_ns.default,
  locked_ntp_us: time.locked_ntp_us.default,
  tracking_ntp_us: time.tracking_ntp_us.default,
  holdover_s: time.holdover_s.default,
  drift_ppb: time.drift_ppb.default,
  asymmetry_ns: time.asymmetry_ns.default,
  ...changes,
});

/** Wall time at monotonic 0 of every timeline. */
export const epoch_s = 1_795_218_000;

export const ptpPort = (changes: Partial<PtpPort> = {}): PtpPort => ({
  portIdentity: '46c098.fffe.57f671-1',
  portState: 'SLAVE',
  logSyncInterval: 0,
  delayMechanism: 1,
  peerMeanPathDelay_ns: 0,
  logMinDelayInterval: 0,
  delayResponses: 100,
  timestamping: 'SOFTWARE',
  ...changes,
});

export const properties = (changes: Partial<TimeProperties> = {}): TimeProperties => ({
  currentUtcOffset_s: 37,
  currentUtcOffsetValid: true,
  ptpTimescale: true,
  timeTraceable: true,
  leap61: false,
  leap59: false,
  ...changes,
});

/** A slave whose last Sync came at `sync_ms`. */
export function ptpFacts(
  sync_ms: number,
  offset_ns = -350,
  port: Partial<PtpPort> = {},
  changes: Partial<PtpFacts> = {},
): PtpFacts {
  const gmIdentity = 'c6fbd5.fffe.c2ee14';
  const sync = {
    master_offset_ns: offset_ns,
    ingress_time_ns: BigInt(Math.round((epoch_s * 1e3 + sync_ms) * 1e3)) * 1000n,
  };
  return {
    events: [],
    ports: [ptpPort({ answered_ms: sync_ms, ...port })],
    timeStatus: { ...sync, gmPresent: true, gmIdentity },
    syncs: [sync],
    ingressSeen_ms: sync_ms,
    ingressAfter_ms: sync_ms,
    delayChanged_ms: sync_ms,
    current: { stepsRemoved: 1, meanPathDelay_ns: 2800 },
    parent: {
      parentPortIdentity: `${gmIdentity}-1`,
      grandmasterIdentity: gmIdentity,
      gmClockClass: 6,
      gmClockAccuracy: 0x21,
    },
    timeProperties: properties(),
    ...changes,
  };
}

export const chronySource = (changes: Partial<ChronySource> = {}): ChronySource => ({
  mode: 'server',
  state: 'selected',
  name: '192.0.2.1',
  resolved: true,
  stratum: 2,
  poll: 4,
  reach: 0o377,
  last_rx_s: 5,
  offset_s: 0,
  error_margin_s: 0.003,
  ...changes,
});

/** A refclock as chronyd shows one. */
export const refclock = (name: string, changes: Partial<ChronySource> = {}): ChronySource =>
  chronySource({ mode: 'refclock', name, stratum: 0, poll: 0, last_rx_s: 1, ...changes });

const usualSystemTime_s = 0.000025;

/** A synchronised chronyd whose clock was updated 5 s before `now_ms`. */
export function chronyFacts(
  now_ms: number,
  tracking: Partial<ChronyTracking> = {},
  sources: readonly ChronySource[] = [chronySource()],
): ChronyFacts {
  return {
    via: 'udp',
    tracking: {
      refid: 'C0000201',
      name: '192.0.2.1',
      stratum: 3,
      leap: 'normal',
      // in the time that chronyd holds true: the wall clock is system_time behind it
      ref_time_s: epoch_s + now_ms / 1e3 - 5 + (tracking.system_time_s ?? usualSystemTime_s),
      system_time_s: usualSystemTime_s,
      last_offset_s: 0.00002,
      freq_ppm: -0.2,
      resid_freq_ppm: 0.003,
      skew_ppm: 0.9,
      root_delay_s: 0.004,
      root_dispersion_s: 0.001,
      update_interval_s: 16,
      ...tracking,
    },
    sources,
  };
}

/** What chronyd says of a refclock that is polled each second, and has just been met. */
export const closeTracking = (now_ms: number) => ({
  system_time_s: 0,
  last_offset_s: 0,
  ref_time_s: epoch_s + now_ms / 1e3 - 0.5,
  root_delay_s: 0.000001,
  root_dispersion_s: 0.000004,
  update_interval_s: 1,
});

/** What is seen at one moment; whatever is not given is not installed. */
export interface Scene {
  readonly ptp?: PtpFacts | Reading<PtpFacts>;
  readonly ntp?: ChronyFacts | Reading<ChronyFacts>;
  readonly disciplines?: Disciplines;
  /** How far the wall clock was set since the timeline began. */
  readonly stepped_s?: number;
}

const asReading = <T extends object>(seen: T | Reading<T> | undefined, now_ms: number): Reading<T> => {
  if (seen === undefined) return absent('not_installed');
  return 'kind' in seen ? (seen as Reading<T>) : fresh(seen as T, now_ms);
};

export const evidence = (scene: Scene, now_ms: number): Evidence => ({
  ptp: asReading(scene.ptp, now_ms),
  ntp: asReading(scene.ntp, now_ms),
  disciplines: scene.disciplines ?? {},
  wall_s: epoch_s + now_ms / 1e3 + (scene.stepped_s ?? 0),
  set_s: scene.stepped_s ?? 0,
  readingError_ns: 2000,
});

/** What is remembered can be written down and read again; a day can be judged on from there. */
const copyOf = (state: JudgeState): JudgeState => JSON.parse(JSON.stringify(state)) as JudgeState;

/** A judge that is shown one scene each second. */
export function timeline(settings: ClockSettings = clockSettings()) {
  let now_ms = 0;
  let state: JudgeState = initial(0);
  const after = (ms: number, scene: (now_ms: number) => Scene): void => {
    now_ms += ms;
    const before = now_ms % 10_000 === 0 ? copyOf(state) : state;
    state = judge(before, evidence(scene(now_ms), now_ms), now_ms, settings);
  };
  const play = (seconds: number, scene: (now_ms: number) => Scene): JudgeState['verdict'] => {
    for (let i = 0; i < seconds; i++) after(1000, scene);
    return state.verdict;
  };
  return {
    /** Shows `scene` once, so much later. */
    after,
    /** Shows `scene` for so many seconds; gives the last verdict. */
    play,
    /** Plays until the condition holds; gives the seconds it took, or fails after `most`. */
    until(
      most: number,
      scene: (now_ms: number) => Scene,
      condition: (verdict: JudgeState['verdict']) => boolean,
    ): number {
      for (let i = 1; i <= most; i++) if (condition(play(1, scene))) return i;
      throw new Error(`not within ${most} s: ${JSON.stringify(state.verdict)}`);
    },
    get now_ms() {
      return now_ms;
    },
    get state() {
      return state;
    },
  };
}

/** Everything as it should be: ptp4l SLAVE with software timestamps, alone. */
export const goodPtp = (now_ms: number): Scene => ({ ptp: ptpFacts(now_ms) });

/** chronyd with one good server, alone. */
export const goodNtp = (now_ms: number): Scene => ({ ntp: chronyFacts(now_ms) });
