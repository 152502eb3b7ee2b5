// What each page is made of at a moment.
import { known } from '../../lib/known.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { AlertOptions } from '../alerts/options.ts';
import type { AlertsView } from '../alerts/view.ts';
import { countUnits, jsonUnit } from '../fleet/export/json.ts';
import { type ClockLimits, clockLimitOf } from '../fleet/limits.ts';
import type { FleetChange, FleetUnit } from '../fleet/model.ts';
import type { PageActions } from './actions.ts';
import type { Alerting } from './alerting.ts';
import { alertsPage } from './alerts/page.ts';
import { fleetPage } from './fleet/page.ts';
import { type FleetSums, fleetSumsOf } from './fleet/sums.ts';
import { type HubJson, hubJson } from './hub/json.ts';
import { hubPage } from './hub/page.ts';
import type { HubPage, PageFrame } from './look/frame.ts';
import type { FleetMoment, LookedHub, Sources } from './sources.ts';
import { forgetPage, unitPage, unknownUnitPage } from './unit/page.ts';
import type { DayKeeper } from './unit/past/keep.ts';
import type { OffsetKeeper } from './unit/past/offsets.ts';
import type { ProblemsKeeper } from './unit/problems.ts';
import { readRecording } from './unit/recorder.ts';
import { recorderPage } from './unit/recorderpage.ts';

/** All that pages are made of. */
export interface PageMatter {
  readonly hub: LookedHub;
  readonly sources: Sources;
  readonly actions: PageActions;
  readonly alerting: Alerting;
  readonly alertOptions: AlertOptions | undefined;
  readonly limits: ClockLimits;
  readonly days: DayKeeper;
  readonly offsets: OffsetKeeper;
  readonly problems: ProblemsKeeper;
  readonly ticker: Ticker;
  readonly wall_ms: () => number;
  readonly log: Log;
}

/** A page, with the status that it is answered with. */
export interface ShownPage {
  readonly status: number;
  readonly page: HubPage;
}

/** What is asked: the words of the path, and the query. */
export interface AskedPage {
  readonly words: readonly string[];
  readonly query: string;
}

const hour_ms = 3_600_000;
const day_ms = 24 * hour_ms;
/** So long a page waits for what is read of the stream; the next look has more. */
const patience_ms = 300;
/** So long the first who looks at the hub waits for its servers. */
const firstLook_ms = 1500;

/** The alerts, where they are told from here. */
const alertsOf = ({ alerting }: PageMatter): AlertsView | undefined => alerting.view();

/** What stands around the pages of a moment. */
export function frameOf(matter: PageMatter, { at_ms, notes }: FleetMoment): PageFrame {
  const view = alertsOf(matter);
  const problem = view?.problem;
  return {
    hub: matter.hub.name,
    at_ms,
    firing: view?.firing.length,
    notes: problem === undefined ? notes : [...notes, `Alerts: ${problem}.`],
  };
}

const sums = new WeakMap<FleetMoment, FleetSums>();

function sumsOf(moment: FleetMoment): FleetSums {
  const found = sums.get(moment) ?? fleetSumsOf(moment.units);
  sums.set(moment, found);
  return found;
}

function fleetView(matter: PageMatter, query: string, moment: FleetMoment): ShownPage {
  const { sources } = matter;
  const { at_ms, units, lost_ms } = moment;
  const [alerts, untold] = [alertsOf(matter), matter.alerting.why()];
  const data = {
    ...{ units, at_ms, sums: sumsOf(moment), changes: sources.changes(at_ms - hour_ms) },
    ...{ measuring: sources.measuring.state(), isPartial: sources.isPartial() },
    ...(alerts && { alerts }),
    ...known({ untold, lost_ms, lostChanges_ms: sources.lostChanges_ms() }),
  };
  return { status: 200, page: fleetPage(data, new URLSearchParams(query)) };
}

/** The link of a unit, as the servers of the hub saw it last. */
function leafOf({ sources }: PageMatter, unit: string) {
  const link = sources.hub.view().links.find((one) => one.unit === unit);
  return link && { server: link.server, ...(link.address === undefined ? {} : { address: link.address }) };
}

const changesOf = ({ sources }: PageMatter, unit: string, at_ms: number): FleetChange[] =>
  sources.changes(at_ms - day_ms).filter((one) => one.unit === unit);

async function unitView(matter: PageMatter, unit: FleetUnit, at_ms: number): Promise<ShownPage> {
  const { actions, days, offsets } = matter;
  const changes = changesOf(matter, unit.unit, at_ms);
  const history = await days.look(unit, changes, patience_ms);
  const [asked, leaf, told] = [
    actions.asked(unit.unit),
    leafOf(matter, unit.unit),
    matter.problems.look(unit),
  ];
  const { limit_ns } = clockLimitOf(matter.limits, unit.role, unit.tenant);
  const data = {
    ...{ unit, changes, at_ms, limit_ns, canForget: actions.canForget, dots: offsets.of(unit.unit, at_ms) },
    ...(history && { history }),
    ...(asked && { asked }),
    ...(told && { told }),
    ...(leaf && { leaf }),
  };
  return { status: 200, page: unitPage(data) };
}

async function recorderView(
  { hub }: PageMatter,
  unit: FleetUnit,
  query: string,
): Promise<ShownPage | undefined> {
  const at_ms = Number(new URLSearchParams(query).get('at') ?? Number.NaN);
  if (!(at_ms > 0 && at_ms < 8.64e15)) return undefined;
  const found = await readRecording(hub.link, unit.unit, at_ms);
  return { status: 200, page: recorderPage(unit, at_ms, found) };
}

async function unitPages(
  matter: PageMatter,
  [id = '', what, ...more]: readonly string[],
  query: string,
  { at_ms }: FleetMoment,
): Promise<ShownPage | undefined> {
  const unit = matter.sources.unit(id);
  if (more.length > 0) return undefined;
  if (unit === undefined) return { status: 404, page: unknownUnitPage(id) };
  if (what === undefined) return unitView(matter, unit, at_ms);
  if (what === 'recorder') return recorderView(matter, unit, query);
  if (what !== 'forget') return undefined;
  const { canForget, lackingKeys } = matter.actions;
  return { status: 200, page: forgetPage({ unit, canForget, lackingKeys: lackingKeys() }) };
}

/** The page that is asked for, at a moment; undefined where there is none. */
export async function shownAt(
  matter: PageMatter,
  { words, query }: AskedPage,
  moment: FleetMoment,
): Promise<ShownPage | undefined> {
  const { sources, alertOptions } = matter;
  const [first, ...rest] = words;
  if (first === 'units' && rest.length > 0) return unitPages(matter, rest, query, moment);
  if (rest.length > 0) return undefined;
  const params = new URLSearchParams(query);
  if (first === '') return fleetView(matter, query, moment);
  if (first === 'hub') {
    const units = sources.isPartial() ? {} : { units: countUnits(moment.units) };
    const view = await sources.hub.lookAnew(firstLook_ms);
    return { status: 200, page: hubPage({ view, ...units }, params) };
  }
  if (first !== 'alerts') return undefined;
  const [view, why] = [alertsOf(matter), matter.alerting.why()];
  const data = {
    at_ms: moment.at_ms,
    ...(view && { view }),
    ...(alertOptions && { options: alertOptions }),
    ...(why === undefined ? {} : { why }),
  };
  return { status: 200, page: alertsPage(data, params) };
}

/** /hub.json */
export const hubDocument = async ({ sources }: PageMatter): Promise<HubJson> =>
  hubJson(await sources.hub.lookAnew(firstLook_ms));

/** /units/ID.json: the unit as in /fleet.json, and what happened to it; undefined where it is not known. */
export function unitDocument(matter: PageMatter, id: string): object | undefined {
  const unit = matter.sources.unit(id);
  if (unit === undefined) return undefined;
  const { at_ms, connected, notes } = matter.sources.moment();
  const changes = changesOf(matter, id, at_ms);
  return { schema: 1, at_ms, connected, notes, unit: jsonUnit(unit), changes };
}
