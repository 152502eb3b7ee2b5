// A row of records as page, alerts and exporter see it, with what the hub knows beside the records. Pure.
import { known } from '../../lib/known.ts';
import type { Bindings } from '../book/bindings.ts';
import { type ClockLimits, clockLimitOf } from './limits.ts';
import {
  type Admission,
  type Expiry,
  type FleetClock,
  type FleetUnit,
  type Measured,
  quietStates,
  type State,
} from './model.ts';
import type { Unit } from './row/rowview.ts';

/** What the hub knows of its units from elsewhere than their records. */
export interface KnownOfUnits {
  readonly limits: ClockLimits;
  readonly enrolments: ReadonlyMap<string, Admission>;
  /** By the subjects of their events. */
  readonly roles: ReadonlyMap<string, string>;
  readonly measured: ReadonlyMap<string, Measured>;
}

/** Who is let in, by the records of stream BOUND; `now_ms` is Unix time. */
export function enrolmentsOf({ units, tokens }: Bindings, now_ms: number): Map<string, Admission> {
  const found = new Map<string, Admission>();
  for (const { unit, made_ms, until_ms, withdrawn_ms } of tokens.values())
    if (unit !== undefined && withdrawn_ms === undefined && until_ms > now_ms)
      found.set(unit, { state: 'invited', bound_ms: made_ms, until_ms });
  for (const { unit, state, role, was, bound_ms, until_ms } of units.values())
    found.set(unit, { state, role, bound_ms, until_ms, ...known({ was }) });
  return found;
}

function clockOf(unit: Unit, role: string | undefined, { limits }: KnownOfUnits): FleetClock | undefined {
  const { clock, clock_reason, grandmaster, ntp_server, evidence, tenant } = unit;
  if (clock === undefined) return undefined;
  const limit = clockLimitOf(limits, role, tenant);
  const bound_ns = clock.error_bound_ns ?? clock.error_rel_ns;
  return {
    ...clock,
    ...limit,
    ...known({
      reason: clock_reason,
      grandmaster,
      ntp_server,
      evidence,
      share: bound_ns && bound_ns / limit.limit_ns,
    }),
  };
}

function linkOf(unit: Unit): FleetUnit['link'] {
  const { hub_up: up, hub_rtt_us, app_rtt_us, backlog, dropped, capacity_s, spool_share } = unit;
  const link = known({ up, hub_rtt_us, app_rtt_us, backlog, dropped, capacity_s, spool_share });
  return Object.keys(link).length === 0 ? undefined : link;
}

const expiriesOf = ({ expires, certificate_days_left }: Unit): readonly Expiry[] =>
  expires ??
  (certificate_days_left === undefined ? [] : [{ what: 'certificate', days_left: certificate_days_left }]);

/** What was measured of one that is silent says nothing of now. */
const isSilent = (state: State): boolean => state === 'offline' || quietStates.includes(state);

/** Nobody waits for one that was revoked, or forgotten while it still ran. */
const isShutOut = (enrolment: Admission | undefined): boolean =>
  enrolment?.state === 'revoked' || enrolment?.state === 'forgotten';

/** A unit as its records show it, without its times. */
export function fleetUnitOf(unit: Unit, told: KnownOfUnits): FleetUnit {
  const { unit: id, kind = 'unit', restarts, problems = [] } = unit;
  const enrolment = told.enrolments.get(id);
  const role = enrolment?.role ?? told.roles.get(id);
  return {
    unit: id,
    kind,
    state: unit.state === 'offline' && isShutOut(enrolment) ? 'stopped' : unit.state,
    restarts,
    problems,
    expires: expiriesOf(unit),
    ...known({
      unread: unit.unread,
      boot: unit.boot,
      interval_s: unit.interval_s,
      tenant: unit.tenant,
      role,
      version: unit.version,
      uptime_s: unit.uptime_s,
      claims: unit.claims,
      two_speak: unit.two_speak,
      clock: clockOf(unit, role, told),
      link: linkOf(unit),
      enrolment,
      measured: isSilent(unit.state) ? undefined : told.measured.get(id),
    }),
  };
}

/** One that is let in and was never heard. */
export const invitedUnit = (id: string, enrolment: Admission): FleetUnit => ({
  unit: id,
  kind: 'unit',
  state: 'invited',
  since_ms: enrolment.bound_ms,
  restarts: 0,
  problems: [],
  expires: [],
  enrolment,
  ...known({ role: enrolment.role }),
});
