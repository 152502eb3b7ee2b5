// Clocks as two daemons may tell of them: mostly well, else anything that a parser lets through.
import * as fc from 'fast-check';
import type {
  ChronySourceState,
  ChronyTracking,
  Evidence,
  PortState,
  PtpFacts,
} from '../../../agent/clock/facts.ts';
import type { ClockSettings } from '../../../agent/clock/verdict/settings.ts';
import { absent, fresh, type Reading, stale } from '../../../agent/lib/reading.ts';
import {
  chronyFacts,
  chronySource,
  clockSettings,
  epoch_s,
  properties,
  ptpFacts,
  ptpPort,
} from './evidence.ts';

/** Mostly the first, so that sequences get far enough to lock; else anything that a parser lets through. */
const usually = <T>(usual: T, ...others: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    ...others.map((arbitrary) => ({ weight: 1, arbitrary })),
  );

const size = fc.oneof(
  fc.double({ min: 0, max: 1e18, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 1e-9, 37, 1e17),
);
const signed = fc.tuple(size, fc.boolean()).map(([value, minus]) => (minus ? -value : value));
const offset = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
  fc.constantFrom(0, 37e9, -37e9, 1.8e18, -(2 ** 63)),
);

const portState = fc.constantFrom<PortState>(
  'SLAVE',
  'UNCALIBRATED',
  'LISTENING',
  'MASTER',
  'FAULTY',
  'PASSIVE',
);
const timestamping = fc.constantFrom<'SOFTWARE' | 'HARDWARE' | undefined>('SOFTWARE', 'HARDWARE', undefined);

const ptpDraw = fc.record({
  reading: usually('fresh', fc.constantFrom('stale', 'absent', 'old')),
  portState: usually<PortState>('SLAVE', portState),
  timestamping: usually<'SOFTWARE' | 'HARDWARE' | undefined>('SOFTWARE', timestamping),
  logSyncInterval: usually(0, fc.integer({ min: -128, max: 127 })),
  offset_ns: usually(300, offset),
  delay_ns: usually<number | undefined>(2800, signed, fc.constant(undefined)),
  delayMechanism: usually(1, fc.integer({ min: 0, max: 255 })),
  sync: usually<'new' | 'old' | 'never' | 'none'>('new', fc.constantFrom('old', 'never', 'none')),
  accuracy: usually(0x21, fc.nat(255)),
  clockClass: usually(6, fc.nat(255)),
  properties: usually(
    properties(),
    fc
      .record({
        currentUtcOffsetValid: fc.boolean(),
        ptpTimescale: fc.boolean(),
        timeTraceable: fc.boolean(),
        currentUtcOffset_s: fc.integer({ min: -32768, max: 32767 }),
      })
      .map((change) => properties(change)),
  ),
  gmPresent: usually(true, fc.boolean()),
  grandmaster: usually('c6fbd5.fffe.c2ee14', fc.constant('000000.0000.000001')),
});

const ntpDraw = fc.record({
  reading: usually('fresh', fc.constantFrom('stale', 'absent', 'old')),
  tracking: fc.record({
    refid: usually('C0000201', fc.constantFrom('7F7F0101', '00000000', '7f7f0101')),
    stratum: usually(3, fc.nat(65535)),
    leap: usually<ChronyTracking['leap']>('normal', fc.constantFrom('insert', 'unsynchronised')),
    system_time_s: usually(1e-5, signed),
    root_delay_s: usually(0.004, size),
    root_dispersion_s: usually(0.002, size),
    skew_ppm: usually(0.9, size),
    resid_freq_ppm: usually(0.003, signed),
    update_interval_s: usually(16, signed),
  }),
  refAge_s: usually(5, signed),
  mode: usually<'server' | 'refclock'>('server', fc.constant('refclock')),
  name: usually('192.0.2.1', fc.constantFrom('SHM0', 'PHC0', 'PTP0', 'PPS0')),
  state: usually<ChronySourceState>('selected', fc.constantFrom('unusable', 'falseticker', 'combined')),
  poll: usually(4, fc.integer({ min: -32, max: 32 })),
  reach: usually(0o377, fc.nat(255), fc.constantFrom(0, 0o370)),
  last_rx_s: usually<number | undefined>(5, fc.nat(), fc.constant(undefined)),
  offset_s: usually(0, signed),
});

/** What both daemons say for a while. */
export const step = fc.record({
  ptp: ptpDraw,
  ntp: ntpDraw,
  /** How long this lasts, in seconds. */
  lasts: fc.integer({ min: 1, max: 90 }),
  disciplines: usually<Evidence['disciplines']>(
    {},
    fc.record(
      {
        chronydMonitorOnly: fc.boolean(),
        phc2sys: fc.boolean(),
        otherNtp: fc.constant('ntpd'),
      },
      { requiredKeys: [] },
    ),
  ),
  stepped_s: usually(0, fc.constantFrom(0.05, 1, -3600, 37, 1e9)),
});
/** One of them. */
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Settings, mostly the defaults. */
export const settingsOf = fc
  .record({
    mode: usually<ClockSettings['mode']>('auto', fc.constantFrom('ptp', 'chrony')),
    timestamping: usually<ClockSettings['timestamping']>('auto', fc.constantFrom('software', 'hardware')),
    holdover_s: usually(300, fc.integer({ min: 0, max: 86400 })),
    drift_ppb: usually(1000, fc.integer({ min: 1, max: 500000 })),
    asymmetry_ns: usually(-1, fc.integer({ min: -1, max: 1e9 })),
  })
  .map((changes) => clockSettings(changes));

/** What a unit has: most have one clock daemon, and both contradict each other too often to lock. */
export const kind = fc.constantFrom('ptp', 'ntp', 'both', 'refclock');

/** What is seen at `now_ms`, the last Sync having come at `sync_ms`. */
export function see(
  { ptp, ntp, disciplines }: Step,
  what: string,
  now_ms: number,
  sync_ms: number,
  stepped_s: number,
): Evidence {
  const ingress_ms = ptp.sync === 'never' ? Number.NEGATIVE_INFINITY : sync_ms;
  const facts: PtpFacts = {
    ...ptpFacts(sync_ms, ptp.offset_ns),
    ingressSeen_ms: ingress_ms,
    ingressAfter_ms: ingress_ms,
    ports: [
      (({ timestamping: _, ...port }) => ({
        ...port,
        ...(ptp.timestamping && { timestamping: ptp.timestamping }),
      }))(
        ptpPort({
          portState: ptp.portState,
          logSyncInterval: ptp.logSyncInterval,
          delayMechanism: ptp.delayMechanism,
        }),
      ),
    ],
    timeProperties: ptp.properties,
    timeStatus: {
      master_offset_ns: ptp.offset_ns,
      ingress_time_ns: ptp.sync === 'none' ? 0n : BigInt(Math.round(sync_ms)) * 1_000_000n + 1n,
      gmPresent: ptp.gmPresent,
      gmIdentity: ptp.grandmaster,
    },
  };
  const { current, parent, ...rest } = facts;
  const whole: PtpFacts = {
    ...rest,
    ...(ptp.delay_ns === undefined
      ? {}
      : { current: { ...current, stepsRemoved: 1, meanPathDelay_ns: ptp.delay_ns } }),
    ...(parent === undefined
      ? {}
      : { parent: { ...parent, gmClockAccuracy: ptp.accuracy, gmClockClass: ptp.clockClass } }),
  };
  const wall_s = epoch_s + now_ms / 1e3 + stepped_s;
  const isRefclock = what === 'refclock' || ntp.mode === 'refclock';
  const source = chronySource({
    mode: isRefclock ? 'refclock' : 'server',
    name: isRefclock && !/^[A-Z]/.test(ntp.name) ? 'SHM0' : ntp.name,
    state: ntp.state,
    poll: ntp.poll,
    reach: ntp.reach,
    offset_s: ntp.offset_s,
  });
  const { last_rx_s: _, ...silent } = source;
  const chrony = chronyFacts(
    now_ms,
    { ...ntp.tracking, ref_time_s: wall_s + (ntp.tracking.system_time_s ?? 0) - ntp.refAge_s },
    [ntp.last_rx_s === undefined ? silent : { ...source, last_rx_s: ntp.last_rx_s }],
  );
  const read = <T>(how: string, value: T): Reading<T> =>
    how === 'stale'
      ? stale(value, now_ms, 'test')
      : how === 'absent'
        ? absent('no_reply')
        : fresh(value, how === 'old' ? now_ms - 30_000 : now_ms);
  return {
    ptp: what === 'ntp' ? absent('not_installed') : read(ptp.reading, whole),
    ntp: what === 'ptp' ? absent('not_installed') : read(ntp.reading, chrony),
    disciplines,
    wall_s,
    set_s: stepped_s,
    readingError_ns: 2000,
  };
}
