import { type Html, html } from './html.ts';

/** The last quarter of an hour, sample by sample, oldest first; NaN is what was not known. */
export interface History {
  /** Monotonic ms of this moment, and those of the samples. */
  readonly now_ms: number;
  readonly mono_ms: Float64Array;
  readonly offset_ns: Float64Array;
  readonly error_bound_ns: Float64Array;
  readonly error_rel_ns: Float64Array;
  readonly hub_rtt_us: Float64Array;
}

const step_ms = 5000;
const steps = 180;
const height = 40;
const margin = 2;

/** The least and the greatest of some samples. */
interface Range {
  low: number;
  high: number;
}

const widen = (range: Range | undefined, value: number): Range => ({
  low: Math.min(range?.low ?? value, value),
  high: Math.max(range?.high ?? value, value),
});

/** Samples by steps of 5 s that stand still while time goes on; a step of which nothing is known stays empty. */
function stepsOf({ now_ms, mono_ms }: History, values: Float64Array): (Range | undefined)[] {
  const found = new Array<Range | undefined>(steps).fill(undefined);
  const newest = Math.floor(now_ms / step_ms);
  values.forEach((value, i) => {
    const at = Math.floor((mono_ms[i] ?? Number.NaN) / step_ms) - newest + steps - 1;
    if (at >= 0 && at < steps && !Number.isNaN(value)) found[at] = widen(found[at], value);
  });
  return found;
}

/** From step to step through the least and the greatest value of each; nothing is drawn across a gap. */
function pathOf(found: readonly (Range | undefined)[], { low, high }: Range): string {
  const y = (value: number): number =>
    high === low
      ? height / 2
      : Math.round(height - margin - ((value - low) / (high - low)) * (height - 2 * margin));
  let path = '';
  let pen: number | undefined;
  found.forEach((step, x) => {
    if (step === undefined) {
      pen = undefined;
      return;
    }
    const [top, bottom] = [y(step.high), y(step.low)];
    const from = pen;
    const [near, far] =
      from !== undefined && Math.abs(from - bottom) < Math.abs(from - top) ? [bottom, top] : [top, bottom];
    path += from === undefined ? `M${x} ${near}h1` : `l1 ${near - from}`;
    if (far !== near) path += `v${far - near}`;
    pen = far;
  });
  return path;
}

/** What a curve is drawn of. */
export interface Curve {
  readonly name: string;
  readonly values: Float64Array;
  /** The value of this moment, which is newer than the newest sample. */
  readonly now: number | undefined;
  /** What stands in its place. */
  readonly unknown: string;
  words(value: number): string;
}

/** A curve of the last 15 minutes with its least and greatest value; says so when nothing was known. */
export function sparkline({ name, values, now, unknown, words }: Curve, history: History): Html {
  const found = stepsOf(history, values);
  if (now !== undefined) found[steps - 1] = widen(found[steps - 1], now);
  const range = found.reduce<Range | undefined>(
    (all, step) => (step === undefined ? all : widen(widen(all, step.low), step.high)),
    undefined,
  );
  const caption = html`<figcaption>${name} <b>${now === undefined ? unknown : words(now)}</b></figcaption>`;
  if (range === undefined)
    return html`<figure>${caption}<p class="empty">no data for the last 15 min</p></figure>`;
  const [min, max] = [words(range.low), words(range.high)];
  return html`<figure>${caption}<svg viewBox="0 0 ${steps} ${height}" preserveAspectRatio="none" role="img" aria-label="${name} over the last 15 minutes, from ${min} to ${max}"><path d="${pathOf(found, range)}"/></svg><p><span>min ${min}</span> <span>15 min</span> <span>max ${max}</span></p></figure>`;
}
