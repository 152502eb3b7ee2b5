// Which moments of a day are looked at, in which order, and what is known between them. Pure.
import type { MomentOfDay, Silence, UnitLook } from './history.ts';

/** A span of time that is looked at, in steps that stand still while time goes on. */
export interface Grid {
  readonly span_ms: number;
  readonly step_ms: number;
}

/** A day, each 6 minutes: with all else that is asked fewer than 300 requests. */
export const dayGrid: Grid = { span_ms: 86_400_000, step_ms: 360_000 };

/** A replica of the stream may be so much behind. */
const behind_ms = 3000;

/** The numbers of the moments of that span up to now; times `step_ms` they are Unix ms. */
export function momentsUpTo(now_ms: number, { span_ms, step_ms }: Grid): { first: number; last: number } {
  const last = Math.floor((now_ms - Math.min(behind_ms, step_ms / 2)) / step_ms);
  return { first: last - Math.floor(span_ms / step_ms) + 1, last };
}

/** Between every 16th first, then between every 8th, and so on: whatever ends the reading, the whole day is there. */
export const strides: readonly number[] = [16, 8, 4, 2, 1];

/** So many intervals without a record are silence. */
const missed = 4;
/** Where the unit does not say its interval. */
const usualInterval_s = 15;

/** Whether at that moment nothing was heard of it for longer than it pauses. */
export const isSilentAt = (at_ms: number, { heard_ms, interval_s = usualInterval_s }: UnitLook): boolean =>
  at_ms - heard_ms > missed * interval_s * 1000;

/** Looks by the number of their moment; null: there was no record yet. */
export type Looks = ReadonlyMap<number, UnitLook | null>;

/** Whether the answer is known without asking: a later look found that nothing came since before that moment. */
export function isKnownAt(
  moment: number,
  looks: Looks,
  silences: readonly Silence[],
  step_ms: number,
): boolean {
  if (looks.has(moment)) return true;
  const at_ms = moment * step_ms;
  return silences.some(({ from_ms, to_ms = Number.POSITIVE_INFINITY }) => at_ms > from_ms && at_ms < to_ms);
}

/** The silences that looks have found, each up to the last moment that was silent; ordered, and none twice. */
export function silencesIn(looks: Looks, step_ms: number): { from_ms: number; seen_ms: number }[] {
  const found = new Map<number, number>();
  for (const [moment, look] of looks) {
    const at_ms = moment * step_ms;
    if (look === null || !isSilentAt(at_ms, look)) continue;
    found.set(look.heard_ms, Math.max(at_ms, found.get(look.heard_ms) ?? 0));
  }
  return [...found].map(([from_ms, seen_ms]) => ({ from_ms, seen_ms })).sort((a, b) => a.from_ms - b.from_ms);
}

/** What was said at each moment at which it was heard; a moment at which a silence had begun is not one, however short before. */
export function heardMoments(looks: Looks, step_ms: number): MomentOfDay[] {
  const silences = silencesIn(looks, step_ms);
  return [...looks]
    .flatMap(([moment, look]) => {
      const at_ms = moment * step_ms;
      const isSilent = silences.some(({ from_ms, seen_ms }) => at_ms > from_ms && at_ms <= seen_ms);
      return look === null || isSilent ? [] : [{ ...look, at_ms }];
    })
    .sort((a, b) => a.at_ms - b.at_ms);
}
