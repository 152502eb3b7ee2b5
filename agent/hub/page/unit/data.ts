// What the page of a unit is made of. Pure.
import type { FleetChange, FleetUnit } from '../../fleet/model.ts';
import { plainText } from '../../fleet/record/values.ts';
import type { AskSummary } from '../../measure/asknow.ts';
import type { MeasuredDot, UnitHistory } from './past/history.ts';

/** A finding of a unit, in its own words. */
export interface UnitProblem {
  readonly text: string;
  /** The unit's own word for how bad it is; others than these come from newer units. */
  readonly weight: 'critical' | 'degraded' | 'setup' | 'note';
  /** A command, to be run on the unit unless it says otherwise. */
  readonly remedy?: string;
}

/** What it answered, and when; or why there is no answer. */
export type ToldProblems =
  | { readonly at_ms: number; readonly problems: readonly UnitProblem[] }
  | { readonly at_ms: number; readonly why: string };

/** All that the page of a unit shows, at a moment. What is not known is missing. */
export interface UnitPageData {
  readonly unit: FleetUnit;
  /** Of the last day; those of other units are left out. */
  readonly changes: readonly FleetChange[];
  readonly history?: UnitHistory;
  /** What the hub has measured in the last day, oldest first. */
  readonly dots?: readonly MeasuredDot[];
  /** The last answers to what somebody asked here, Unix ms. */
  readonly asked?: { readonly at_ms: number; readonly summary: AskSummary };
  readonly told?: ToldProblems;
  /** Its leaf link, as the servers of the hub see it. */
  readonly leaf?: { readonly server?: string; readonly address?: string };
  /** What the operator allows its clock, or what is usual. */
  readonly limit_ns: number;
  /** The hub is one of `nunect-hub init`, and this page may write to it. */
  readonly canForget: boolean;
  /** Unix ms. */
  readonly at_ms: number;
}

const silent: readonly FleetUnit['state'][] = ['offline', 'away', 'stopped', 'invited'];

/** Whether nothing of it is known as of now. */
export const isSilent = ({ state, unheard }: FleetUnit): boolean =>
  silent.includes(state) || unheard === true;

/** How far off its clock may be, of true time or of its grandmaster; undefined where nothing bounds it. */
export function boundOfUnit({ clock }: FleetUnit): { ns: number; isRelative: boolean } | undefined {
  if (clock?.error_bound_ns !== undefined) return { ns: clock.error_bound_ns, isRelative: false };
  return clock?.error_rel_ns === undefined ? undefined : { ns: clock.error_rel_ns, isRelative: true };
}

/** A text of an address that somebody typed, short and plain. */
export const shownId = (unit: string): string => plainText(unit, 64) ?? '?';
