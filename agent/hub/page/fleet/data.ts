import type { AlertsView } from '../../alerts/view.ts';
import type { FleetChange, FleetUnit } from '../../fleet/model.ts';
import type { MeasureState } from '../../measure/measure.ts';
import type { FleetSums } from './sums.ts';

/** What the fleet's page is made of. */
export interface FleetPageData {
  /** In any order. */
  readonly units: readonly FleetUnit[];
  /** What happened, in any order; only the last hour is shown. */
  readonly changes: readonly FleetChange[];
  /** What was until then is not all among them, Unix ms. */
  readonly lostChanges_ms?: number;
  /** Missing where nobody measures. */
  readonly measuring?: MeasureState;
  /** Missing where nobody is alerted from here, and why not. */
  readonly alerts?: AlertsView;
  readonly untold?: string;
  /** Now, Unix ms. */
  readonly at_ms: number;
  /** While the link to the hub is away: since when, Unix ms. All figures are of before. */
  readonly lost_ms?: number;
  /** The roster is not read: there may be units that are not shown. */
  readonly isPartial?: boolean;
  /** Of the same units, where they are reckoned already. */
  readonly sums?: FleetSums;
}
