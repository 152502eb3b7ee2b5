// How a unit stands in one word: its own state, unless the hub knows something worse of it. Pure.
import type { Html } from '../../../web/html.ts';
import type { FleetUnit, State } from '../../fleet/model.ts';
import { type Care, careOf, isAboveLimit } from '../../fleet/rank.ts';
import { stateMark, stateWords } from '../look/marks.ts';

/** Worst first. A unit that calls itself healthy is shown as one whose clock contradicts its claim, if it does. */
export const standings = [
  'critical',
  'offline',
  'contradicts',
  'two_speak',
  'limit',
  'expired',
  'degraded',
  'unknown',
  'holdover',
  'healthy',
  'away',
  'stopped',
  'invited',
] as const;
export type Standing = (typeof standings)[number];

/** What the hub adds to the states: each with the state whose mark it has. */
const added: Partial<Readonly<Record<Standing, readonly [State, string]>>> = {
  two_speak: ['critical', 'id twice'],
  contradicts: ['critical', 'wrong clock'],
  limit: ['critical', 'over limit'],
  expired: ['critical', 'expired'],
  holdover: ['degraded', 'holdover'],
};

/** The state whose mark it has, and its word. */
export const markOfStanding = (standing: Standing): readonly [State, string] =>
  added[standing] ?? [standing as State, stateWords[standing as State]];

/** As shape, colour and word. */
export const standingMark = (standing: Standing): Html => stateMark(...markOfStanding(standing));

/** A unit with what the page asks of it again and again. */
export interface FleetRow {
  readonly unit: FleetUnit;
  readonly care: Care;
  readonly standing: Standing;
}

function standingOf(unit: FleetUnit, care: Care): Standing {
  const { state, measured, clock } = unit;
  if (state === 'critical' || state === 'offline') return state;
  if (care === 'you') {
    if (measured?.verdict === 'contradicts') return 'contradicts';
    if (unit.two_speak) return 'two_speak';
    return isAboveLimit(unit) ? 'limit' : 'expired';
  }
  return state === 'healthy' && clock?.holdover === true ? 'holdover' : state;
}

/** A unit as a row of the page. */
export function rowOf(unit: FleetUnit): FleetRow {
  const care = careOf(unit);
  return { unit, care, standing: standingOf(unit, care) };
}
