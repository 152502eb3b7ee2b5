// The day: what the flight recorder sees, a row for each minute with the least, the median and the greatest.
import type { ClockSample } from './samples.ts';

/** A day of minutes. */
const recorded_min = 1440;

const times = ['mono_ms', 'wall_ms'] as const;
const figures = [
  'offset_min_ns',
  'offset_median_ns',
  'offset_max_ns',
  'error_bound_max_ns',
  'error_rel_max_ns',
  'hub_rtt_min_us',
  'hub_rtt_median_us',
  'hub_rtt_max_us',
] as const;

/** A column of the day. */
export type DayFigure = 'mono_ms' | (typeof figures)[number];

/** The minutes as a table. In a row an empty string is what was not known. */
export interface MinuteTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | string)[])[];
}

export interface DayRecorder {
  /** Once a second. A minute is there when it is over. */
  push(sample: ClockSample): void;
  table(): MinuteTable;
  /** Oldest first; NaN where it was not known. */
  column(name: DayFigure): Float64Array;
}

interface Minute {
  readonly number: number;
  readonly samples: ClockSample[];
}

const known = (samples: readonly ClockSample[], of: (one: ClockSample) => number | undefined): number[] =>
  samples
    .flatMap((one) => of(one) ?? [])
    .filter(Number.isFinite)
    .sort((a, b) => a - b);

const least = (sorted: readonly number[]): number => sorted[0] ?? Number.NaN;
const middle = (sorted: readonly number[]): number => sorted[sorted.length >> 1] ?? Number.NaN;
const greatest = (sorted: readonly number[]): number => sorted.at(-1) ?? Number.NaN;

/** In the order of `figures`. */
function condense(samples: readonly ClockSample[]): number[] {
  const offsets = known(samples, ({ offset_ns }) => offset_ns);
  const trips = known(samples, ({ hub_rtt_us }) => hub_rtt_us);
  return [
    ...[least, middle, greatest].map((of) => of(offsets)),
    greatest(known(samples, ({ error_bound_ns }) => error_bound_ns)),
    greatest(known(samples, ({ error_rel_ns }) => error_rel_ns)),
    ...[least, middle, greatest].map((of) => of(trips)),
  ];
}

/** Keeps the last day in a memory that never grows: 70 KB. */
export function dayRecorder(capacity = recorded_min): DayRecorder {
  const at = new Float64Array(capacity * times.length);
  const values = new Float32Array(capacity * figures.length);
  const sources = new Array<string>(capacity).fill('');
  let minute: Minute | undefined;
  let pushed = 0;

  function end({ samples }: Minute): void {
    const [first] = samples;
    if (first === undefined) return;
    const slot = pushed % capacity;
    at.set([first.mono_ms, first.wall_ms], slot * times.length);
    values.set(condense(samples), slot * figures.length);
    sources[slot] = samples.at(-1)?.source ?? '';
    pushed += 1;
  }

  const slots = (): number[] =>
    Array.from(
      { length: Math.min(pushed, capacity) },
      (_, i) => (Math.max(0, pushed - capacity) + i) % capacity,
    );
  const valueAt = (slot: number, figure: number): number =>
    values[slot * figures.length + figure] ?? Number.NaN;
  const timeAt = (slot: number, time: number): number => at[slot * times.length + time] ?? Number.NaN;

  return {
    push(sample) {
      const number = Math.floor(sample.mono_ms / 60_000);
      if (minute !== undefined && minute.number !== number) end(minute);
      if (minute?.number !== number) minute = { number, samples: [] };
      minute.samples.push(sample);
    },
    table: () => ({
      columns: [...times, 'source', ...figures],
      rows: slots().map((slot) => [
        ...times.map((_, time) => Math.round(timeAt(slot, time))),
        sources[slot] ?? '',
        ...figures.map((_, figure) => {
          const value = valueAt(slot, figure);
          return Number.isNaN(value) ? '' : Math.round(value);
        }),
      ]),
    }),
    column: (name) =>
      Float64Array.from(slots(), (slot) =>
        name === 'mono_ms' ? timeAt(slot, 0) : valueAt(slot, figures.indexOf(name)),
      ),
  };
}
