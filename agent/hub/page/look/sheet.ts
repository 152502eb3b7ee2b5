// The one style sheet of all pages of the hub, inline; the server allows it by its hash.
import { alertsPageStyle } from '../alerts/style.ts';
import { fleetStyle } from '../fleet/style.ts';
import { hubOverviewStyle } from '../hub/style.ts';
import { unitStyle } from '../unit/style.ts';
import { hubStyle } from './style.ts';

export const hubSheet = hubStyle + fleetStyle + unitStyle + hubOverviewStyle + alertsPageStyle;
