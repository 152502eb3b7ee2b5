import type { Timekeeper } from '../../clock/timekeeper.ts';
import { known } from '../../lib/known.ts';
import { freshValue } from '../../lib/reading.ts';
import type { HubClock } from './claim.ts';

/** The clock of the hub's machine at this moment, as its chronyd or ptp4l bounds it, and whom it follows. */
export function hubClockOf(keeper: Pick<Timekeeper, 'summary' | 'followsPtp' | 'ptp'>): HubClock {
  const summary = keeper.summary();
  const facts = summary.source === 'ptp' && keeper.followsPtp() ? freshValue(keeper.ptp()) : undefined;
  return { ...summary, ...known({ grandmaster: facts?.parent?.grandmasterIdentity }) };
}
