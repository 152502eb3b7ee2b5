// A fleet made by hand in which everything happens that its page shows: the mock-up's, with names that are hostile besides.

import type { FleetChange, FleetClock, FleetUnit, Measured } from '../../../agent/hub/fleet/model.ts';
import type { FleetPageData } from '../../../agent/hub/page/fleet/data.ts';
import { seededRandom } from '../lib/random.ts';
import { fleetUnit, silentUnit } from './fleetunits.ts';

/** Now, in that fleet. */
export const fleetAt_ms = Date.UTC(2026, 10, 29, 3, 16, 23);

const minute_ms = 60_000;
const ago = (minutes: number): number => fleetAt_ms - minutes * minute_ms;
const gm = {
  harbour: '00b0aa.fffe.0001f4',
  valley: '00b0aa.fffe.0002c8',
  stage: '00b0aa.fffe.000301',
} as const;

/** A clock with its share reckoned from bound and limit. */
export function clockOf(given: Partial<FleetClock> & Pick<FleetClock, 'limit_ns'>): FleetClock {
  const bound_ns = given.error_bound_ns ?? given.error_rel_ns;
  const share = bound_ns === undefined ? {} : { share: bound_ns / given.limit_ns };
  return { source: 'ptp', quality: 'locked', limit_is_set: true, ...share, ...given };
}

/** A measurement that holds, but for what is given. */
export const measuredOf = (offset_us: number, given: Partial<Measured> = {}): Measured => ({
  ...{ at_ms: ago(4), offset_us, path_us: 800, own_bound_us: 100, claimed_us: 12 },
  ...{ against: 'utc', verdict: 'holds', runs: 0 },
  ...given,
});

const ridge = (unit: string): FleetUnit =>
  fleetUnit(unit, {
    ...{ state: 'degraded', tenant: 'valley', role: 'mast', since_ms: ago(35) },
    clock: clockOf({
      ...{ source: 'unsynced', quality: 'tracking', holdover: true, since_ms: ago(35), limit_ns: 100_000 },
      ...{ error_bound_ns: 41_000, grandmaster: '00b0aa.fffe.000177' },
    }),
    problems: ['the clock is in holdover'],
  });

/** Those of whom something is to be said. */
const toldUnits: readonly FleetUnit[] = [
  fleetUnit('tower-09', {
    ...{ tenant: 'valley', role: 'mast', since_ms: ago(9000) },
    clock: clockOf({ error_bound_ns: 12_000, limit_ns: 100_000, grandmaster: '020000.fffe.00a1b2' }),
    measured: measuredOf(4100, { verdict: 'contradicts', runs: 4, since_ms: ago(18), beyond_us: 3188 }),
  }),
  fleetUnit('engine-17', {
    ...{
      state: 'critical',
      since_ms: ago(124),
      problems: ['the clock is not known to be synchronised: no NTP server answers'],
    },
    clock: clockOf({
      source: 'unsynced',
      quality: 'freerun',
      error_bound_ns: 48e6,
      limit_ns: 1e6,
      reason: 'ntp_source_lost',
    }),
  }),
  silentUnit('mv-borealis', ago(27 * 60), {
    ...{ tenant: 'harbour', role: 'ship', age_s: 27 * 3600, version: '0.9.2' },
    problems: ['supply 10.9 V and falling'],
    enrolment: { state: 'bound', bound_ms: ago(90_000), until_ms: ago(-90_000) },
  }),
  ...['ridge-01', 'ridge-02', 'ridge-03', 'ridge-04'].map(ridge),
  fleetUnit('mv-aurora', {
    ...{
      state: 'degraded',
      tenant: 'harbour',
      role: 'ship',
      since_ms: ago(52),
      problems: ['records wait: the hub does not answer'],
    },
    clock: clockOf({
      source: 'ntp',
      quality: 'tracking',
      error_bound_ns: 7.9e6,
      limit_ns: 10e6,
      ntp_server: '192.0.2.40',
    }),
    link: { up: true, hub_rtt_us: 612_000, backlog: 8412, capacity_s: 111_600, dropped: 0 },
  }),
  fleetUnit('stage-main', {
    ...{ state: 'degraded', tenant: 'stage', role: 'rack', since_ms: ago(240) },
    problems: [
      'the enrolment is not renewed: refused, it asked for a subject outside its tenant',
      'user JWT /etc/nunect/hub.creds expires in 6 days',
    ],
    clock: clockOf({ error_rel_ns: 310, limit_ns: 1000, grandmaster: gm.stage }),
  }),
  ...['depot-02', 'depot-03', 'engine-04', 'stage-spare', 'mast-east-4'].map((unit, i) =>
    silentUnit(unit, ago(43 + 1440 * i), { state: 'stopped', age_s: 60 * (43 + 1440 * i), problems: [] }),
  ),
  ...['mv-corona', 'ferry-terminal-north-quay-mast-2-cabinet-b-spare'].map(
    (unit): FleetUnit => ({
      ...{
        unit,
        kind: 'unit',
        state: 'invited',
        since_ms: ago(4000),
        restarts: 0,
        problems: [],
        expires: [],
      },
      ...{ role: 'ship', enrolment: { state: 'invited', bound_ms: ago(4000), until_ms: ago(-4000) } },
    }),
  ),
];

/** Apps beside the units. */
const clientUnits: readonly FleetUnit[] = [
  fleetUnit('nats-ui-laptop-linux-a7b3', { kind: 'client', version: '2.1.0', tenant: 'ops', role: 'app' }),
  silentUnit('nats-ui-mobile-ios-91xk', ago(90), { kind: 'client', state: 'away', age_s: 5400 }),
];

/** So many healthy units, half of them by PTP. */
function wellUnits(count: number, seed = 1): FleetUnit[] {
  const random = seededRandom(seed);
  const [gms, tenants] = [Object.values(gm), ['harbour', 'valley', 'stage', 'rail']];
  return Array.from({ length: count }, (_, i) => {
    const isPtp = i % 2 === 0;
    const tenant = tenants[i % 4] ?? '';
    const bound_ns = isPtp ? 60 * 10 ** (2.6 * random()) : 30_000 * 10 ** (2.3 * random());
    const isRelative = isPtp && i % 3 === 2;
    return fleetUnit(`${tenant}-${['mast', 'rack', 'engine'][i % 3]}-${i}`, {
      ...{
        tenant,
        role: ['mast', 'rack', 'engine'][i % 3] ?? '',
        version: i % 7 === 0 ? '0.9.3' : '0.9.4',
        age_s: 1 + (i % 4),
      },
      clock: clockOf({
        ...(isRelative ? { error_rel_ns: bound_ns } : { error_bound_ns: bound_ns }),
        ...(isPtp
          ? { grandmaster: gms[i % 3] ?? '' }
          : { source: 'ntp', ntp_server: i % 5 === 0 ? 'ntp-b.example.net' : 'ntp-a.example.org' }),
        quality: i % 11 === 0 ? 'tracking' : 'locked',
        limit_ns: isPtp ? 100_000 : 10e6,
      }),
      link: {
        up: true,
        hub_rtt_us: i % 9 === 0 ? 590_000 + 100 * i : 800 + 37 * (i % 1000),
        backlog: 0,
        dropped: 0,
      },
      ...(isRelative
        ? { measured: measuredOf(40, { verdict: 'unjudged', reason: 'relative_claim' }) }
        : { measured: measuredOf(40 * random(), { claimed_us: bound_ns / 1000 }) }),
    });
  });
}

const change = (
  minutes: number,
  unit: string,
  what: FleetChange['what'],
  before?: string,
  after?: string,
  evidence?: string,
): FleetChange => ({
  ...{ at_ms: ago(minutes), unit, what },
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after }),
  ...(evidence === undefined ? {} : { evidence }),
});

/** What happened in its last hour, and one thing before. */
const toldChanges: readonly FleetChange[] = [
  change(75, 'engine-08', 'state', 'healthy', 'critical'),
  ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((_, i) =>
    change(57 - i / 10, `rail-engine-${i}`, 'version', '0.9.3', '0.9.4'),
  ),
  change(52, 'mv-aurora', 'state', 'healthy', 'degraded', 'records wait: the hub does not answer'),
  change(43, 'stage-spare', 'state', 'healthy', 'stopped'),
  ...['ridge-01', 'ridge-02', 'ridge-03', 'ridge-04'].map((unit) =>
    change(35, unit, 'clock', 'ptp locked', 'unsynced tracking holdover'),
  ),
  change(30, 'engine-22', 'clock', 'ntp locked', 'ntp tracking'),
  change(
    18,
    'tower-09',
    'measured',
    'holds',
    'contradicts',
    'claims 12.0 us and is 3.2 ms further ahead at least',
  ),
  change(18, 'tower-09', 'grandmaster', gm.valley, '020000.fffe.00a1b2'),
  change(7, 'engine-08', 'state', 'offline', 'healthy'),
  change(5, 'nats-ui-laptop-linux-a7b3', 'state', 'away', 'healthy'),
  change(3, 'mast-new', 'joined'),
];

/** The whole page's data, with so many units that are well. */
export const fleetWorld = (well = 1195): FleetPageData => ({
  units: [...wellUnits(well), ...toldUnits, ...clientUnits],
  changes: toldChanges,
  measuring: {
    clock: { source: 'ntp', quality: 'locked', error_bound_ns: 100_000 },
    ...{ asked: 5120, answered: 5101, mute: ['valley-mast-9'] },
  },
  alerts: {
    ...{ firing: [], recent: [], outputs: [{ name: 'webhook', waiting: 0, dropped: 0, last_ms: ago(18) }] },
    ...{ sees: true, unwatched: [], began_ms: fleetAt_ms - 7_200_000, beat_ms: fleetAt_ms - 12_000 },
  },
  at_ms: fleetAt_ms,
});
