// /metrics of all units of a hub, which routers behind NAT cannot be asked for. Names and meaning are those of a unit's own, so
// that dashboard and rules serve both; `instance` is the id of the unit (honor_labels). Pure.
import { clockQualities, clockSources } from '../../../clock/types.ts';
import {
  divided,
  expose,
  labelText,
  oneSample,
  type Quantity,
  quantity,
  quantityHead,
  type Sample,
  sampleLines,
  stateSamples,
  truth,
} from '../../../status/web/exposition.ts';
import { healths } from '../../../wire/messages.ts';
import { type FleetUnit, quietStates, states } from '../model.ts';
import { countUnits, type FleetSituation } from './json.ts';

/** All units together. */
interface All extends FleetSituation {
  readonly units: readonly FleetUnit[];
  readonly leftOut: number;
}

/** One unit, and the label that each of its series has. */
interface OneUnit {
  readonly unit: FleetUnit;
  /** Label `instance`. */
  readonly instance: string;
  readonly at_ms: number;
}

/** At most so many units have series of their own; of each the number of series is bounded too. */
const mostExported = 10_000;
/** Length of a piece of text, so that of many units never all stands in memory. */
const piece_chars = 65_536;

/** Those who are expected or were stopped: apps come and go under names that nobody keeps, and the invited have no figures. */
const isExported = ({ kind, state }: FleetUnit): boolean => kind === 'unit' && state !== 'invited';

const perUnit = (
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  value: (unit: FleetUnit) => number | undefined,
): Quantity<OneUnit> => quantity(type, name, help, ({ unit }) => oneSample(value(unit)));

const perUnitMany = (
  name: string,
  help: string,
  samples: (unit: FleetUnit, at_ms: number) => readonly Sample[],
): Quantity<OneUnit> => quantity('gauge', name, help, ({ unit, at_ms }) => samples(unit, at_ms));

/** Of all units together; without `instance`, so that it is that of the exporter. */
const ofFleet = (name: string, help: string, samples: Quantity<All>['samples']): Quantity<All> =>
  quantity('gauge', `fleet_${name}`, help, samples);

const isHeard = ({ state }: FleetUnit): boolean => state !== 'offline' && !quietStates.includes(state);
const day_s = 86_400;
const hour_s = 3600;

/** Days on the wire are rounded: an end that moves by seconds at each scrape would be another each time. */
const end_s = (days_left: number, at_ms: number): number =>
  Math.round((at_ms / 1000 + days_left * day_s) / hour_s) * hour_s;

const together: readonly Quantity<All>[] = [
  ofFleet('connected', '1 while the hub is heard; while it is 0, nothing here is of now.', ({ connected }) =>
    oneSample(Number(connected)),
  ),
  ofFleet('units', 'Units by state; apps are not counted.', ({ units }) => {
    const { by_state } = countUnits(units);
    return states.map((state) => ({ value: by_state[state], labels: { state } }));
  }),
  ofFleet('expected_units', 'Units that should be heard.', ({ units }) =>
    oneSample(countUnits(units).expected),
  ),
  ofFleet('clients', 'Apps that are or were heard lately.', ({ units }) =>
    oneSample(countUnits(units).clients),
  ),
  ofFleet('left_out_units', 'Units that have no series as there are too many.', ({ leftOut }) =>
    oneSample(leftOut),
  ),
];

const ofUnits: readonly Quantity<OneUnit>[] = [
  perUnitMany('unit_info', 'Always 1; the labels say which unit it is.', ({ unit, tenant = '', role = '' }) =>
    oneSample(1, { unit, tenant, role }),
  ),
  perUnitMany('build_info', 'Always 1; the labels say what runs on it.', ({ version }) =>
    version === undefined ? [] : oneSample(1, { version }),
  ),
  perUnit(
    'gauge',
    'heard',
    '1 while the unit is heard, 0 while its heartbeats are missing; neither where it was stopped on purpose, nor where the hub was away for longer than it pauses.',
    ({ state, unheard }) => (state === 'stopped' || unheard ? undefined : Number(state !== 'offline')),
  ),
  perUnit('gauge', 'heard_timestamp_seconds', 'Unix time at which it was last heard.', ({ heard_ms }) =>
    divided(heard_ms, 1000),
  ),
  perUnit('gauge', 'uptime_seconds', 'Time since the agent started.', ({ uptime_s }) => uptime_s),
  perUnit(
    'counter',
    'restarts',
    'How often its agent was restarted since the hub looks.',
    ({ restarts }) => restarts,
  ),
  perUnitMany('status', '1 for the state that the unit is in, 0 for the others.', (unit) =>
    stateSamples('status', healths, isHeard(unit) && unit.state !== 'unknown' ? unit.state : undefined),
  ),

  perUnitMany('clock_source', '1 for what steers the clock, 0 for the others.', ({ clock }) =>
    stateSamples('source', clockSources, clock?.source),
  ),
  perUnitMany('clock_quality', '1 for how well the clock is steered, 0 for the others.', ({ clock }) =>
    stateSamples('quality', clockQualities, clock?.quality),
  ),
  perUnit(
    'gauge',
    'clock_changed_timestamp_seconds',
    'Unix time at which source or quality of the clock changed last.',
    ({ clock }) => divided(clock?.since_ms, 1000),
  ),
  perUnit(
    'gauge',
    'clock_holdover',
    '1 while the clock runs on after its source was lost.',
    ({ clock }) => clock && Number(clock.holdover === true),
  ),
  perUnit(
    'gauge',
    'clock_error_bound_seconds',
    'The system clock is within this of true time; missing when unbounded.',
    ({ clock }) => divided(clock?.error_bound_ns, 1e9),
  ),
  perUnit(
    'gauge',
    'clock_error_relative_seconds',
    'The system clock is within this of its grandmaster.',
    ({ clock }) => divided(clock?.error_rel_ns, 1e9),
  ),
  perUnit('gauge', 'clock_limit_seconds', 'How far off the operator allows it to be.', ({ clock }) =>
    divided(clock?.limit_ns, 1e9),
  ),
  perUnit('gauge', 'clock_measured_offset_seconds', 'Its clock minus that of the hub.', ({ measured }) =>
    divided(measured?.offset_us, 1e6),
  ),
  perUnit(
    'gauge',
    'clock_measured_uncertainty_seconds',
    'By how much the path to it may falsify that offset, either way.',
    ({ measured }) => divided(measured?.path_us, 1e6),
  ),
  perUnit(
    'gauge',
    'clock_contradicts',
    '1 while the measured offset cannot be where the unit claims; missing where it is not judged.',
    ({ measured }) =>
      measured === undefined || measured.verdict === 'unjudged'
        ? undefined
        : Number(measured.verdict === 'contradicts'),
  ),

  perUnit('gauge', 'hub_up', '1 while the local server reaches the hub.', ({ link }) => truth(link?.up)),
  perUnit(
    'gauge',
    'hub_changed_timestamp_seconds',
    'Unix time at which the link to the hub changed last.',
    ({ link }) => divided(link?.since_ms, 1000),
  ),
  perUnit('gauge', 'hub_rtt_seconds', 'Round trip between the local server and the hub.', ({ link }) =>
    divided(link?.hub_rtt_us, 1e6),
  ),
  perUnit('gauge', 'spool_records', 'Records that wait for the hub.', ({ link }) => link?.backlog),
  perUnit(
    'gauge',
    'spool_capacity_seconds',
    'Outage length that the spool covers at the current rate.',
    ({ link }) => link?.capacity_s,
  ),
  perUnit(
    'counter',
    'spool_dropped_records',
    'Records dropped: for lack of memory, or too large.',
    ({ link }) => link?.dropped,
  ),
  perUnitMany(
    'certificate_not_after_timestamp_seconds',
    'Unix time at which the first certificate of a file expires, to the hour.',
    ({ expires }, at_ms) =>
      expires.map(({ what, days_left }) => ({
        value: end_s(days_left, at_ms),
        labels: { file: what },
      })),
  ),
  perUnit(
    'gauge',
    'login_not_after_timestamp_seconds',
    'Unix time at which the login that it was given ends.',
    ({ enrolment, state }) =>
      enrolment?.state === 'bound' && state !== 'stopped' ? divided(enrolment.until_ms, 1000) : undefined,
  ),
];

/** Every quantity of the hub's /metrics: the only place where those that a unit has not itself stand. */
export const fleetQuantities: readonly Omit<Quantity<never>, 'samples'>[] = [...together, ...ofUnits];

function* piecesOf(one: Quantity<OneUnit>, units: readonly OneUnit[]): Generator<string, void> {
  let head = quantityHead(one);
  let lines = '';
  for (const unit of units) {
    lines += sampleLines(one.name, one.samples(unit), unit.instance);
    if (lines.length < piece_chars) continue;
    yield head + lines;
    head = '';
    lines = '';
  }
  if (lines !== '') yield head + lines;
}

/** The units in the Prometheus text format 0.0.4, in pieces: of 10,000 units it is some 17 MB in all. */
export function* fleetMetrics(
  units: readonly FleetUnit[],
  situation: FleetSituation,
): Generator<string, void> {
  const exported = units.filter(isExported);
  const leftOut = Math.max(0, exported.length - mostExported);
  for (const one of together) yield expose(one, { ...situation, units, leftOut });
  const ones = exported
    .slice(0, mostExported)
    .map((unit): OneUnit => ({ unit, instance: labelText('instance', unit.unit), at_ms: situation.at_ms }));
  for (const one of ofUnits) yield* piecesOf(one, ones);
}
