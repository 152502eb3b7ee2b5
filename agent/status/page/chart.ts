// Curves as SVG. One outlier must not flatten the rest, and must not be hidden either: the scale is that of nearly all
// values, and what lies beyond it is marked.
import type { ClockSource } from '../../clock/types.ts';
import { type Html, html } from '../../web/html.ts';

/** Samples, oldest first; NaN is what was not known. */
export interface History {
  /** Monotonic ms of this moment, and those of the samples. */
  readonly now_ms: number;
  readonly mono_ms: Float64Array;
  readonly offset_ns: Float64Array;
  readonly hub_rtt_us: Float64Array;
  /** What steered the clock; empty where that was not known. */
  readonly source: readonly (ClockSource | '')[];
}

/** What a step of the curve stands for. */
interface Step {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** How a curve is cut into steps that stand still while time goes on. */
interface Span {
  readonly steps: number;
  readonly step_ms: number;
}

/** A quarter of an hour. */
const quarter: Span = { steps: 180, step_ms: 5000 };
const height = 100;
const ribbon = { top: 104, height: 8 };

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** At which step a moment stands; negative where it is too old. */
const stepAt = (at_ms: number, now_ms: number, { steps, step_ms }: Span): number =>
  Math.floor(at_ms / step_ms) - Math.floor(now_ms / step_ms) + steps - 1;

/** Samples by steps; a step of which nothing is known stays empty. */
function stepsOf({ now_ms, mono_ms }: Pick<History, 'now_ms' | 'mono_ms'>, values: Float64Array, span: Span) {
  const found: number[][] = Array.from({ length: span.steps }, () => []);
  values.forEach((value, i) => {
    if (!Number.isNaN(value)) found[stepAt(mono_ms[i] ?? Number.NaN, now_ms, span)]?.push(value);
  });
  return found.map((all): Step | undefined =>
    all.length === 0 ? undefined : { low: Math.min(...all), middle: median(all), high: Math.max(...all) },
  );
}

const known = (steps: readonly (Step | undefined)[]): Step[] => steps.filter((step) => step !== undefined);

/** Up to where nearly all values reach. */
function scaleOf(steps: readonly (Step | undefined)[]): number {
  const sizes = known(steps)
    .map(({ low, high }) => Math.max(Math.abs(low), Math.abs(high)))
    .sort((a, b) => a - b);
  const usual = sizes[Math.floor((sizes.length - 1) * 0.9)] ?? 0;
  const most = sizes.at(-1) ?? 0;
  return Math.max(most <= 2 * usual ? most : 1.5 * usual, 1e-9);
}

/** Where a value is drawn: `floor` is the height of zero. */
type Place = (value: number) => number;
const placer =
  (scale: number, floor: number): Place =>
  (value) =>
    Math.round(floor - Math.max(-1, Math.min(1, value / scale)) * (floor - 4));

/** From step to step; nothing is drawn across a gap. */
function lineOf(steps: readonly (Step | undefined)[], place: Place): string {
  let path = '';
  let pen: number | undefined;
  steps.forEach((step, x) => {
    const y = step && place(step.middle);
    if (y !== undefined) path += pen === undefined ? `M${x} ${y}h1` : `l1 ${y - pen}`;
    pen = y;
  });
  return path;
}

/** A mark at the edge for each step of which something lies beyond the scale. */
function marksOf(steps: readonly (Step | undefined)[], scale: number): string {
  return steps
    .flatMap((step, x) => {
      if (step === undefined) return [];
      const above = step.high > scale * 1.001 ? `M${x} 0h1.6l-.8 5z` : '';
      return above + (step.low < scale * -1.001 ? `M${x} ${height}h1.6l-.8 -5z` : '');
    })
    .join('');
}

/** Stretches of one source, as bars; those of a source are one path, however often it comes and goes. */
function ribbonOf(
  history: History,
  span: Span,
): { readonly bars: readonly Html[]; readonly names: readonly ClockSource[] } {
  const at: (ClockSource | '' | undefined)[] = new Array(span.steps).fill(undefined);
  history.source.forEach((source, i) => {
    const step = stepAt(history.mono_ms[i] ?? Number.NaN, history.now_ms, span);
    if (step >= 0) at[step] = source;
  });
  const paths = new Map<ClockSource, string>();
  for (let from = 0; from < at.length; ) {
    const source = at[from];
    let to = from + 1;
    while (to < at.length && at[to] === source) to += 1;
    if (source !== undefined && source !== '') {
      const bar = `M${from} ${ribbon.top}h${to - from}v${ribbon.height}h${from - to}z`;
      paths.set(source, `${paths.get(source) ?? ''}${bar}`);
    }
    from = to;
  }
  const bars = [...paths].map(([source, d]) => html`<path class="s-${source}" d="${d}"/>`);
  return { bars, names: [...paths.keys()] };
}

const sourceWords: Readonly<Record<ClockSource, string>> = {
  ptp: 'PTP',
  ntp: 'NTP',
  unsynced: 'unsynchronised',
};

/** What a curve is drawn of. */
export interface Curve {
  readonly name: string;
  /** The words for a value. */
  words(value: number): string;
  /** The time at the left end. */
  readonly from: string;
  readonly to: string;
}

const noCurve = (name: string): Html =>
  html`<div class="row"><h3>${name}</h3></div><p class="note">Nothing known in this time</p>`;

/** What is drawn of the clock, and the words that go with it; undefined where nothing is known. */
function drawClock(words: Curve['words'], history: History, marks_ms: readonly number[]) {
  const steps = stepsOf(history, history.offset_ns, quarter);
  const all = known(steps);
  const { bars, names } = ribbonOf(history, quarter);
  if (all.length === 0 && bars.length === 0) return undefined;
  const scale = scaleOf(steps);
  const spikes = marksOf(steps, scale);
  const worst = all.reduce((most, { low, high }) => Math.max(most, high, -low), 0);
  const lines = marks_ms
    .map((mono_ms) => stepAt(mono_ms, history.now_ms, quarter))
    .filter((x, i, all) => x >= 0 && all.indexOf(x) === i)
    .map((x) => `M${x} 0v112`)
    .join('');
  const range =
    all.length === 0
      ? 'no offset known'
      : `± ${words(scale)} full scale${spikes === '' ? '' : `; ▼ beyond, worst ${words(worst)}`}`;
  const drawn = html`<path class="zero" d="M0 50h180"/><path class="ev" d="${lines}"/><path class="ln" d="${lineOf(steps, placer(scale, height / 2))}"/><path class="out" d="${spikes}"/>${bars}`;
  return { drawn, range, names };
}

/** The offset of the clock about zero, what steered it below, and when something changed, in monotonic ms. */
export function clockChart(
  { name, words, from, to }: Curve,
  history: History,
  changes_ms: readonly number[],
): Html {
  const found = drawClock(words, history, changes_ms);
  if (found === undefined) return noCurve(name);
  const { drawn, range, names } = found;
  const key = names.map((source) => html`<span><i class="s-${source}"></i>${sourceWords[source]}</span>`);
  return html`<div class="row"><h3>${name}</h3><span class="key">${key}</span></div><svg viewBox="0 0 180 112" preserveAspectRatio="none" role="img" aria-label="${name}: ${range}">${drawn}</svg><div class="row axis"><span>${from}</span><span>${range}</span><span>${to}</span></div>`;
}

/** The same as an image of its own, for pages of others. */
export function clockImage(words: Curve['words'], history: History): string {
  const found = drawClock(words, history, []);
  const style =
    'path{fill:none;vector-effect:non-scaling-stroke}.ln{stroke:#3b82c4;stroke-width:1.5}.zero{stroke:#8885}.out{fill:#c77700}.s-ptp{fill:#3b82c4}.s-ntp{fill:#8a6fc2}.s-unsynced{fill:#d0443a}';
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 180 112" preserveAspectRatio="none"><style>${{ html: style }}</style>${found?.drawn}</svg>`
    .html;
}

/** A figure above zero, such as a round trip. */
export function plainChart(
  curve: Curve,
  history: Pick<History, 'now_ms' | 'mono_ms'>,
  values: Float64Array,
  now: string,
): Html {
  const { name, words } = curve;
  const steps = stepsOf(history, values, quarter);
  const all = known(steps);
  if (all.length === 0) return noCurve(name);
  const scale = scaleOf(steps);
  const range = `${words(Math.min(...all.map(({ low }) => low)))} to ${words(Math.max(...all.map(({ high }) => high)))}`;
  return html`<div class="row"><h3>${name}</h3><b>${now}</b></div><svg class="low" viewBox="0 0 180 ${height}" preserveAspectRatio="none" role="img" aria-label="${name}: ${range}"><path class="zero" d="M0 ${height}h180"/><path class="ln" d="${lineOf(steps, placer(scale, height))}"/><path class="out" d="${marksOf(steps, scale)}"/></svg><div class="row axis"><span>${curve.from}</span><span>${range}</span><span>${curve.to}</span></div>`;
}

/** The minutes of a day, oldest first; NaN is what was not known. */
export interface DayHistory {
  readonly now_ms: number;
  readonly mono_ms: Float64Array;
  readonly low: Float64Array;
  readonly middle: Float64Array;
  readonly high: Float64Array;
}

/** A day in steps of ten minutes. */
const day: Span = { steps: 144, step_ms: 600_000 };

/** A day of the offset: from the least to the greatest of each ten minutes, and the medians as a curve. */
export function dayChart(curve: Curve, { now_ms, mono_ms, low, middle, high }: DayHistory): Html {
  const { name, words } = curve;
  const [lows, middles, highs] = [low, middle, high].map((values) =>
    stepsOf({ now_ms, mono_ms }, values, day),
  );
  const steps = (middles ?? []).map((step, x): Step | undefined => {
    const [least, most] = [lows?.[x], highs?.[x]];
    return step && least && most && { low: least.low, middle: step.middle, high: most.high };
  });
  if (known(steps).length === 0) return noCurve(name);
  const scale = scaleOf(steps);
  const place = placer(scale, height / 2);
  const bars = steps
    .map((step, x) => (step === undefined ? '' : `M${x}.5 ${place(step.high)}V${place(step.low)}`))
    .join('');
  const range = `± ${words(scale)} full scale`;
  return html`<div class="row"><h3>${name}</h3></div><svg viewBox="0 0 144 ${height}" preserveAspectRatio="none" role="img" aria-label="${name}: ${range}"><path class="zero" d="M0 50h144"/><path class="bar" d="${bars}"/><path class="ln" d="${lineOf(steps, place)}"/><path class="out" d="${marksOf(steps, scale)}"/></svg><div class="row axis"><span>${curve.from}</span><span>${range}</span><span>${curve.to}</span></div>`;
}
