// Rows of the fleet's page, made by hand.
import type { FleetUnit } from '../../../agent/hub/fleet/model.ts';

/** A healthy unit whose clock is bounded by 0.1 of its limit, but for what is given. */
export function fleetUnit(unit: string, given: Partial<FleetUnit> = {}): FleetUnit {
  return {
    ...{ unit, kind: 'unit', state: 'healthy', age_s: 1, heard_ms: 1e12, restarts: 0 },
    ...{ problems: [], expires: [], tenant: 'rail', role: 'engine', version: '0.1.0', interval_s: 5 },
    clock: { source: 'ntp', quality: 'locked', error_bound_ns: 100_000, limit_ns: 1_000_000, share: 0.1 },
    link: { up: true, hub_rtt_us: 20_000, backlog: 0, dropped: 0 },
    ...given,
  };
}

/** One that is silent since that time. */
export const silentUnit = (unit: string, heard_ms: number, given: Partial<FleetUnit> = {}): FleetUnit => {
  const { clock, link, ...gone } = fleetUnit(unit);
  return { ...gone, state: 'offline', heard_ms, since_ms: heard_ms, ...given };
};

/** One that is heard, of which nothing else is known. */
export const bareUnit = (unit: string, given: Partial<FleetUnit> = {}): FleetUnit => ({
  ...{ unit, kind: 'unit', state: 'healthy', age_s: 1, restarts: 0, problems: [], expires: [] },
  ...given,
});
