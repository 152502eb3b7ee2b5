// The flight recorder: how the clock was in the last quarter of an hour, second by second, in a memory that
// never grows. Numbers live in flat arrays, words are shared: a sample costs a hundred bytes and no garbage.
import type { ClockQuality, ClockSource } from '../types.ts';

/** One look at the clock. What is not known is undefined. */
export interface ClockSample {
  /** Monotonic ms. */
  readonly mono_ms: number;
  /** Unix ms as the system clock had it then: a later step does not change it. */
  readonly wall_ms: number;
  readonly source: ClockSource;
  readonly quality: ClockQuality;
  readonly holdover: boolean;
  /** Local minus reference. */
  readonly offset_ns?: number | undefined;
  readonly error_bound_ns?: number | undefined;
  /** Against the grandmaster. */
  readonly error_rel_ns?: number | undefined;
  /** Of the port that says how the clock is. */
  readonly port_state?: string | undefined;
  /** Since the last Sync. */
  readonly ingress_age_ms?: number | undefined;
  /** The source that chronyd follows, and the seconds since its last sample. */
  readonly ntp_source?: string | undefined;
  readonly ntp_last_rx_s?: number | undefined;
  readonly hub_up?: boolean | undefined;
  readonly hub_rtt_us?: number | undefined;
}

/** Samples as a table. In a row an empty string is what was not known; flags are 0 or 1. */
export interface SampleTable {
  /** Names of the cells of a row; a column in which nothing was known is left out. */
  readonly columns: readonly (keyof ClockSample)[];
  readonly rows: readonly (readonly (number | string)[])[];
}

export interface Recorder {
  push(sample: ClockSample): void;
  /** The samples between two moments (monotonic ms, both included), oldest first, at most the newest `most`. */
  table(from_ms?: number, to_ms?: number, most?: number): SampleTable;
  /** One figure of every sample, oldest first; NaN where it was not known. */
  column(name: Figure): Float64Array;
  /** What steered the clock at every sample, oldest first. */
  sources(): (ClockSource | '')[];
}

/** A quarter of an hour at 1 Hz. */
export const recorded_s = 900;

const numbers = [
  'mono_ms',
  'wall_ms',
  'holdover',
  'offset_ns',
  'error_bound_ns',
  'error_rel_ns',
  'ingress_age_ms',
  'ntp_last_rx_s',
  'hub_up',
  'hub_rtt_us',
] as const;
/** A column of numbers. */
export type Figure = (typeof numbers)[number];
const words = ['source', 'quality', 'port_state', 'ntp_source'] as const;
const order: readonly (keyof ClockSample)[] = [
  'mono_ms',
  'wall_ms',
  'source',
  'quality',
  'holdover',
  'offset_ns',
  'error_bound_ns',
  'error_rel_ns',
  'port_state',
  'ingress_age_ms',
  'ntp_source',
  'ntp_last_rx_s',
  'hub_up',
  'hub_rtt_us',
];

/** No name that chronyd or ptp4l gives is longer: an IPv6 address with its scope. */
const longestWord = 64;

function asNumber(value: number | boolean | undefined): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value === undefined || !Number.isFinite(value) ? Number.NaN : Math.round(value);
}

/** The samples in flat arrays, one slot each; slots are used in a circle. */
interface Store {
  readonly capacity: number;
  readonly figures: Float64Array;
  readonly texts: string[];
  /** Samples pushed so far. */
  pushed: number;
}

const slotOf = ({ capacity }: Store, index: number): number => index % capacity;
const firstIndex = ({ pushed, capacity }: Store): number => Math.max(0, pushed - capacity);

/** How a cell of this name is read; '' is what was not known. */
function cellReader({ figures, texts }: Store, name: keyof ClockSample): (slot: number) => number | string {
  const figure = (numbers as readonly string[]).indexOf(name);
  const word = (words as readonly string[]).indexOf(name);
  if (figure < 0) return (slot) => texts[slot * words.length + word] ?? '';
  return (slot) => {
    const value = figures[slot * numbers.length + figure] ?? Number.NaN;
    return Number.isNaN(value) ? '' : value;
  };
}

function push(store: Store, sample: ClockSample): void {
  const { capacity, figures, texts, pushed } = store;
  const slot = slotOf(store, pushed);
  let at = slot * numbers.length;
  for (const name of numbers) figures[at++] = asNumber(sample[name]);
  at = slot * words.length;
  let before = slotOf(store, pushed + capacity - 1) * words.length;
  for (const name of words) {
    const text = sample[name] ?? '';
    const last = texts[before++];
    // one text for equal samples in a row: else each poll would leave its own copy of a name
    texts[at++] = last === text ? last : text.slice(0, longestWord);
  }
  store.pushed += 1;
}

function tableOf(store: Store, from_ms: number, to_ms: number, most: number): SampleTable {
  const mono_ms = cellReader(store, 'mono_ms');
  const slots: number[] = [];
  for (let index = firstIndex(store); index < store.pushed; index++) {
    const slot = slotOf(store, index);
    const at_ms = Number(mono_ms(slot));
    if (at_ms >= from_ms && at_ms <= to_ms) slots.push(slot);
  }
  const chosen = slots.slice(-most);
  const columns = order.filter((name) => chosen.some((slot) => cellReader(store, name)(slot) !== ''));
  const readers = columns.map((name) => cellReader(store, name));
  return { columns, rows: chosen.map((slot) => readers.map((read) => read(slot))) };
}

function columnOf(store: Store, name: Figure): Float64Array {
  const figure = numbers.indexOf(name);
  const first = firstIndex(store);
  return Float64Array.from(
    { length: store.pushed - first },
    (_, index) => store.figures[slotOf(store, first + index) * numbers.length + figure] ?? Number.NaN,
  );
}

function sourcesOf(store: Store): (ClockSource | '')[] {
  const word = words.indexOf('source');
  const first = firstIndex(store);
  return Array.from(
    { length: store.pushed - first },
    (_, index) => (store.texts[slotOf(store, first + index) * words.length + word] ?? '') as ClockSource | '',
  );
}

/** A recorder of the last `capacity` samples. */
export function clockRecorder(capacity = recorded_s): Recorder {
  const store: Store = {
    capacity,
    figures: new Float64Array(capacity * numbers.length),
    texts: new Array<string>(capacity * words.length).fill(''),
    pushed: 0,
  };
  return {
    push: (sample) => push(store, sample),
    table: (from_ms = -Infinity, to_ms = Infinity, most = capacity) => tableOf(store, from_ms, to_ms, most),
    column: (name) => columnOf(store, name),
    sources: () => sourcesOf(store),
  };
}
