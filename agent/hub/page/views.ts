// What each page is made of at a moment.
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { AlertsView } from '../alerts/alerts.ts';
import type { PageActions } from './actions.ts';
import type { Alerting } from './alerting.ts';
import type { HubPage, PageFrame } from './look/frame.ts';
import type { FleetMoment, LookedHub, Sources } from './sources.ts';

/** All that pages are made of. */
export interface PageMatter {
  readonly hub: LookedHub;
  readonly sources: Sources;
  readonly actions: PageActions;
  readonly alerting: Alerting;
  readonly ticker: Ticker;
  readonly wall_ms: () => number;
  readonly log: Log;
}

/** A page, with the status that it is answered with. */
export interface ShownPage {
  readonly status: number;
  readonly page: HubPage;
}

/** The alerts, where they are told from here. */
export const alertsOf = ({ alerting }: PageMatter): AlertsView | undefined => alerting.view();

/** What stands around the pages of a moment. */
export function frameOf(matter: PageMatter, { at_ms, notes }: FleetMoment): PageFrame {
  const view = alertsOf(matter);
  return {
    hub: matter.hub.name,
    at_ms,
    firing: view?.firing.length,
    notes: view?.problem === undefined ? notes : [...notes, `Alerts: ${view.problem}.`],
  };
}
