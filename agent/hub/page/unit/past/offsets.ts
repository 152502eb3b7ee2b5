// What the hub has measured of each clock in the last day. No stream has it: it begins with the program. Pure.
import type { FleetUnit } from '../../../fleet/model.ts';
import type { MeasuredDot } from './history.ts';

/** The measurements of a day, the farthest of each half hour. */
export interface OffsetKeeper {
  /** To be called now and then: takes in what is new. */
  note(units: readonly FleetUnit[]): void;
  /** Of one unit, oldest first. */
  of(unit: string, now_ms: number): readonly MeasuredDot[];
}

const day_ms = 86_400_000;
/** Of so long only the farthest is kept. */
const slot_ms = 1_800_000;
const slots = day_ms / slot_ms;

/** Of one unit, each half an hour in its own place: 1.2 KB. */
type Slots = Record<'at_ms' | 'offset_us' | 'path_us', Float64Array>;
const newSlots = (): Slots => ({
  at_ms: new Float64Array(slots),
  offset_us: new Float64Array(slots),
  path_us: new Float64Array(slots),
});

function take(kept: Slots, { at_ms, offset_us, path_us }: MeasuredDot): void {
  const slot = Math.floor(at_ms / slot_ms);
  const at = slot % slots;
  const isThere = Math.floor((kept.at_ms[at] ?? 0) / slot_ms) === slot;
  if (isThere && Math.abs(kept.offset_us[at] ?? 0) >= Math.abs(offset_us)) return;
  kept.at_ms[at] = at_ms;
  kept.offset_us[at] = offset_us;
  kept.path_us[at] = path_us;
}

function dotsOf({ at_ms, offset_us, path_us }: Slots, now_ms: number): MeasuredDot[] {
  const dots = [...at_ms].map((at, i) => ({
    ...{ at_ms: at, offset_us: offset_us[i] ?? 0, path_us: path_us[i] ?? 0 },
  }));
  return dots.filter(({ at_ms: at }) => at > now_ms - day_ms).sort((a, b) => a.at_ms - b.at_ms);
}

/** Keeps them. */
export function keepOffsets(): OffsetKeeper {
  const kept = new Map<string, Slots>();
  return {
    note(units) {
      for (const { unit, measured } of units) {
        if (measured === undefined) continue;
        const slots = kept.get(unit) ?? newSlots();
        kept.set(unit, slots);
        take(slots, measured);
      }
      if (kept.size <= units.length) return;
      const there = new Set(units.map(({ unit }) => unit));
      for (const unit of kept.keys()) if (!there.has(unit)) kept.delete(unit);
    },
    of(unit, now_ms) {
      const slots = kept.get(unit);
      return slots === undefined ? [] : dotsOf(slots, now_ms);
    },
  };
}
