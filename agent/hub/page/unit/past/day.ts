// What is known of a unit's day, what is still to be read of it, and how it is told. Pure.
import { known } from '../../../../lib/known.ts';
import { type Grid, heardMoments, isKnownAt, momentsUpTo, passes, silencesIn } from './grid.ts';
import type { Silence, UnitDevice, UnitEvent, UnitHistory, UnitLogLine, UnitLook } from './history.ts';

/** What is known of a unit's day from one reading to the next. */
export interface DayRead {
  readonly looks: Map<number, UnitLook | null>;
  minutes: readonly (UnitLook & { readonly at_ms: number })[];
  readonly ends: Map<number, number>;
  readonly late: Map<number, readonly { readonly at_ms: number; readonly backlog: number }[]>;
  events: readonly UnitEvent[];
  lines: readonly UnitLogLine[];
  events_from_ms: number | undefined;
  device: UnitDevice | undefined;
  isLarge: boolean;
  trouble: string | undefined;
  requests: number;
  bytes: number;
}

export const newDay = (): DayRead => ({
  ...{ looks: new Map(), minutes: [], ends: new Map(), late: new Map(), events: [], lines: [] },
  ...{ events_from_ms: undefined, device: undefined, isLarge: false, trouble: undefined },
  ...{ requests: 0, bytes: 0 },
});

/** What is to be read. */
export interface DayOptions {
  readonly unit: string;
  readonly grid: Grid;
  /** Unix ms by the hub, as its stream counts. */
  readonly now_ms: number;
  readonly interval_s?: number;
  /** Since when its link stands, Unix ms: the first records after that have the static facts. */
  readonly linked_ms?: number;
  /** Silences that the hub has seen itself: they need not be searched for. */
  readonly silences: readonly Silence[];
}

const isBefore = ({ looks }: DayRead, moment: number): boolean =>
  [...looks].some(([at, look]) => look === null && at > moment);

/** What looks have found, as far as each was seen. */
const found = ({ looks }: DayRead, step_ms: number): Silence[] =>
  silencesIn(looks, step_ms).map(({ from_ms, seen_ms }) => ({ from_ms, to_ms: seen_ms + 1 }));

/** What is still to be looked at, the coarse before the fine. */
export function* unreadMoments(day: DayRead, { grid, now_ms, silences }: DayOptions): Generator<number> {
  const { step_ms } = grid;
  const { first, last } = momentsUpTo(now_ms, grid);
  const silent = [...silences, ...found(day, step_ms)];
  const isThere = (moment: number): boolean =>
    isBefore(day, moment) || isKnownAt(moment, day.looks, silent, step_ms);
  if (!isThere(last)) yield last;
  for (const pass of passes)
    for (let at = last - (last % pass); at >= first; at -= pass) if (!isThere(at)) yield at;
}

/** Drops what is older than the day. */
export function forgetOld(day: DayRead, { now_ms, grid }: DayOptions): void {
  const { first } = momentsUpTo(now_ms, grid);
  for (const moment of day.looks.keys()) if (moment < first) day.looks.delete(moment);
  for (const kept of [day.ends, day.late])
    for (const from_ms of kept.keys())
      if (!silencesIn(day.looks, grid.step_ms).some((one) => one.from_ms === from_ms)) kept.delete(from_ms);
}

/** The silences with their ends, those too that only the hub has seen. */
function silencesOf(day: DayRead, { grid, now_ms, silences }: DayOptions): Silence[] {
  const { last } = momentsUpTo(now_ms, grid);
  const read = silencesIn(day.looks, grid.step_ms).map(({ from_ms, seen_ms }): Silence => {
    const isLasting = seen_ms >= last * grid.step_ms;
    return { from_ms, ...(isLasting ? {} : { to_ms: day.ends.get(from_ms) ?? seen_ms }) };
  });
  const isApart = (one: Silence): boolean =>
    !read.some(({ from_ms, to_ms = now_ms }) => from_ms < (one.to_ms ?? now_ms) && one.from_ms < to_ms);
  return [...silences.filter(isApart), ...read].sort((a, b) => a.from_ms - b.from_ms);
}

/** What is known of the day by now. */
export function historyOf(day: DayRead, opts: DayOptions): UnitHistory {
  const { grid, now_ms } = opts;
  const { step_ms, span_ms } = grid;
  const from_ms = now_ms - span_ms;
  const minutes = day.minutes.filter(({ at_ms }) => at_ms >= from_ms);
  const told = heardMoments(day.looks, step_ms);
  return {
    ...{ from_ms, to_ms: now_ms, step_ms, silences: silencesOf(day, opts) },
    moments: [...told, ...minutes].sort((a, b) => a.at_ms - b.at_ms),
    late: [...day.late.values()].flat().sort((a, b) => a.at_ms - b.at_ms),
    events: day.events.filter(({ at_ms }) => at_ms >= from_ms),
    lines: day.lines.filter(({ at_ms }) => at_ms >= from_ms),
    unread: new Set(unreadMoments(day, opts)).size,
    cost: { requests: day.requests, bytes: day.bytes },
    ...known({
      events_from_ms: day.events_from_ms,
      device: day.device,
      isLarge: day.isLarge || undefined,
      trouble: day.trouble,
    }),
  };
}
