// What changed from one look at a unit to the next. Pure.
import type { FleetChange, FleetUnit } from './model.ts';

/** The clock in words, without its figures. */
export const clockState = ({ clock }: Pick<FleetUnit, 'clock'>): string | undefined =>
  clock && [clock.source, clock.quality, clock.holdover && 'holdover'].filter(Boolean).join(' ');

/** What the last look found, where the unit does not say it any more: of one that is silent no clock is known. */
export interface LastKnown {
  readonly clock?: string | undefined;
  readonly grandmaster?: string | undefined;
  readonly version?: string | undefined;
}

/** What stands there to be compared next time. */
export const lastKnown = (unit: FleetUnit, before: LastKnown = {}): LastKnown => ({
  clock: clockState(unit) ?? before.clock,
  grandmaster: unit.clock?.grandmaster ?? before.grandmaster,
  version: unit.version ?? before.version,
});

/** What happened between two looks; nothing where the second is the first that there is. */
export function whatChanged(
  before: FleetUnit | undefined,
  known: LastKnown,
  after: FleetUnit,
  at_ms: number,
): FleetChange[] {
  if (before === undefined) return [];
  const { unit, clock, problems } = after;
  const change = (
    what: FleetChange['what'],
    [from, to]: readonly [string | undefined, string | undefined],
    evidence?: string,
  ): FleetChange[] =>
    from === to || from === undefined || to === undefined
      ? []
      : [{ at_ms, unit, what, before: from, after: to, ...(evidence === undefined ? {} : { evidence }) }];
  const { measured } = after;
  return [
    ...change('state', [before.state, after.state], problems[0]),
    ...change('clock', [known.clock, clockState(after)], clock?.evidence),
    ...change('grandmaster', [known.grandmaster, clock?.grandmaster]),
    ...change('version', [known.version, after.version]),
    ...change('measured', [before.measured?.verdict ?? 'unjudged', measured?.verdict], measured?.why),
  ];
}
