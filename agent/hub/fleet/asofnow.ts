// What a unit is as of now, where nothing of it has come for so long that nobody knows, though it does not count as silent: we have just
// begun to look, or the hub was away. Pure.
import { known } from '../../lib/known.ts';
import { type FleetUnit, quietStates } from './model.ts';
import { missedIntervals, usualInterval_s } from './row/rows.ts';

/** A silent unit is found within this after its intervals. */
const found_ms = 3000;

const isHeard = ({ state }: FleetUnit): boolean => state !== 'offline' && !quietStates.includes(state);

/** The unit, without what it said of itself too long ago to say anything of now. */
export function asOfNow(unit: FleetUnit): FleetUnit {
  const { age_s, interval_s = usualInterval_s, kind } = unit;
  const isOld = age_s !== undefined && age_s * 1000 > missedIntervals * interval_s * 1000 + found_ms;
  if (kind === 'client' || !isOld || !isHeard(unit)) return unit;
  const { clock: _c, link: _l, measured: _m, uptime_s: _u, since_ms: _s, ...rest } = unit;
  return { ...rest, ...known({ heard_ms: unit.heard_ms }), state: 'unknown', unheard: true };
}
