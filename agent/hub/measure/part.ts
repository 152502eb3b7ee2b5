import { randomBytes } from 'node:crypto';
import type { OwnClock } from '../../clock/ownclock.ts';
import { known } from '../../lib/known.ts';
import { freshValue } from '../../lib/reading.ts';
import type { HubClock } from './claim.ts';
import { type MeasureDeps, type Measuring, measureClocks } from './measure.ts';

/** Of `measureClocks` what is not the same for every hub. */
export interface MeasureFleetDeps extends Pick<MeasureDeps, 'link' | 'ticker' | 'units' | 'changed'> {
  readonly own: Pick<OwnClock, 'wall' | 'keeper'>;
}

/** The clock of the hub's machine at this moment, as its chronyd or ptp4l bounds it, and whom it follows. */
function hubClockOf(keeper: OwnClock['keeper']): HubClock {
  const summary = keeper.summary();
  const facts = summary.source === 'ptp' && keeper.followsPtp() ? freshValue(keeper.ptp()) : undefined;
  return { ...summary, ...known({ grandmaster: facts?.parent?.grandmasterIdentity }) };
}

/** Measures the clocks of a fleet by the clock of this machine (`watchOwnClock`). */
export const measureFleet = ({ own, ...deps }: MeasureFleetDeps, signal: AbortSignal): Measuring =>
  measureClocks(
    {
      ...deps,
      wall: own.wall,
      clock: () => hubClockOf(own.keeper),
      token: () => randomBytes(9).toString('base64url'),
      random: Math.random,
    },
    { inboxPrefix: '_INBOX' },
    signal,
  );
