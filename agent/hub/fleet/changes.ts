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

const isUnwell = ({ state }: FleetUnit): boolean => state === 'critical' || state === 'degraded';

/** What happened between two looks. */
export function whatChanged(
  before: FleetUnit,
  known: LastKnown,
  after: FleetUnit,
  at_ms: number,
): FleetChange[] {
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
    // of one that falls silent or recovers what it had to say before is no reason
    ...change('state', [before.state, after.state], isUnwell(after) ? problems[0] : undefined),
    ...change('clock', [known.clock, clockState(after)], clock?.evidence),
    ...change('grandmaster', [known.grandmaster, clock?.grandmaster]),
    ...change('version', [known.version, after.version]),
    ...change('measured', [before.measured?.verdict ?? 'unjudged', measured?.verdict], measured?.why),
  ];
}

/** What happened, as far as it is kept. */
export interface ChangeBook {
  add(change: FleetChange): void;
  /** After that time, Unix ms; the newest last. */
  since(since_ms: number): FleetChange[];
  /** Unix ms of the newest that is kept no longer: what was until then is not all there. */
  lost_ms(): number | undefined;
}

const mostKept = 4096;

/** Keeps some thousands; who joined apart, so that a wave of these pushes out nothing else. */
export function newChangeBook(): ChangeBook {
  const joined: FleetChange[] = [];
  const others: FleetChange[] = [];
  let lost_ms: number | undefined;
  return {
    add(change) {
      const list = change.what === 'joined' ? joined : others;
      list.push(change);
      if (list.length < 2 * mostKept) return;
      const gone = list.splice(0, mostKept); // not one by one: that would move all of them each time
      lost_ms = gone.reduce((last, { at_ms }) => Math.max(last, at_ms), lost_ms ?? 0);
    },
    since: (since_ms) =>
      [...joined, ...others].filter(({ at_ms }) => at_ms > since_ms).sort((a, b) => a.at_ms - b.at_ms),
    lost_ms: () => lost_ms,
  };
}
