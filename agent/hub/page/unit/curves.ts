// The last day of a unit as curves: SVG without a style attribute, which the pages' policy forbids. Pure.
import { prettyMoment, prettyNs } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { count } from '../look/marks.ts';
import type { MeasuredDot, MomentOfDay, Silence, UnitHistory } from './past/history.ts';

const width = 720;
const tall = 150;

const tenth = (value: number): number => Math.round(value * 10) / 10;
type Span = Pick<UnitHistory, 'from_ms' | 'to_ms'>;
const xOf = (at_ms: number, { from_ms, to_ms }: Span): number =>
  tenth((Math.max(0, Math.min(1, (at_ms - from_ms) / (to_ms - from_ms))) || 0) * width);

interface Point {
  readonly at_ms: number;
  readonly value: number;
}

/** So many steps without a value are a gap. */
const gapSteps = 4.5;

/** From value to value; nothing is drawn across a silence, or across what is not read yet. */
function lineOf(points: readonly Point[], history: UnitHistory, yOf: (value: number) => number): string {
  const { silences, step_ms, to_ms } = history;
  let path = '';
  let last: Point | undefined;
  for (const point of points) {
    const from_ms = last?.at_ms;
    const isCut =
      from_ms === undefined ||
      point.at_ms - from_ms > gapSteps * step_ms ||
      silences.some((one) => one.from_ms < point.at_ms && (one.to_ms ?? to_ms) > from_ms);
    path += `${isCut ? 'M' : 'L'}${xOf(point.at_ms, history)} ${tenth(yOf(point.value))}`;
    if (isCut) path += 'h.1'; // a single value is seen, too
    last = point;
  }
  return path;
}

/** The times without a record. */
const gapsOf = (history: UnitHistory, height: number): string =>
  history.silences
    .map(({ from_ms, to_ms = history.to_ms }) => {
      const [from, to] = [xOf(from_ms, history), xOf(to_ms, history)];
      return `M${from} 0h${tenth(Math.max(1, to - from))}v${height}h${tenth(-Math.max(1, to - from))}z`;
    })
    .join('');

const valuesOf = (
  moments: readonly MomentOfDay[],
  value: (moment: MomentOfDay) => number | undefined,
): Point[] =>
  moments.flatMap((moment) => {
    const one = value(moment);
    return one === undefined ? [] : [{ at_ms: moment.at_ms, value: one }];
  });

/** A scale of powers of ten that holds all values, of at least two. */
function decadesOf(values: readonly number[]): { least: number; most: number } {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const least = Math.max(0, Math.floor(Math.min(...logs, 9)));
  const most = Math.min(13, Math.ceil(Math.max(...logs, least + 1)));
  return { least: Math.min(least, 11), most: Math.max(most, Math.min(least, 11) + 2) };
}

const times = (history: UnitHistory): Html => {
  const { from_ms, to_ms } = history;
  const at = (share: number): string =>
    new Date(from_ms + share * (to_ms - from_ms)).toISOString().slice(11, 16);
  return html`<div class="axis"><span>${prettyMoment(from_ms, to_ms)}</span>${[0.25, 0.5, 0.75].map((share) => html`<span class="hs">${at(share)}</span>`)}<span>now</span></div>`;
};

interface Sources {
  readonly bars: readonly Html[];
  readonly names: readonly string[];
}

const sourceNames: Readonly<Record<string, string>> = { ptp: 'PTP', ntp: 'NTP', unsynced: 'unsynced' };

/** What steered the clock, from each moment to the next. */
function sourcesOf(history: UnitHistory): Sources {
  const { moments, silences, step_ms, to_ms } = history;
  const paths = new Map<string, string>();
  for (const [i, { at_ms, clock }] of moments.entries()) {
    if (clock === undefined || sourceNames[clock.source] === undefined) continue;
    const silent = silences.find(({ from_ms }) => from_ms >= at_ms)?.from_ms ?? to_ms;
    const end_ms = Math.min(moments[i + 1]?.at_ms ?? to_ms, silent, at_ms + gapSteps * step_ms);
    const [from, to] = [xOf(at_ms, history), xOf(end_ms, history)];
    paths.set(clock.source, `${paths.get(clock.source) ?? ''}M${from} 0H${to}V8H${from}z`);
  }
  return {
    bars: [...paths].map(([source, d]) => html`<path class="f-${source}" d="${d}"/>`),
    names: [...paths.keys()],
  };
}

/** A limit, and whose it is: `its limit`. */
interface ShownLimit {
  readonly ns: number;
  readonly words: string;
}

/** The sentence for those who do not see the curve. */
function clockWords(bounds: readonly Point[], dots: readonly MeasuredDot[], limit: ShownLimit): string {
  const sizes = bounds.map(({ value }) => value);
  const claimed =
    sizes.length === 0
      ? 'It claims no bound in this time'
      : `It claims to be within ${prettyNs(Math.min(...sizes))} to ${prettyNs(Math.max(...sizes))}, and within ${prettyNs(sizes.at(-1) ?? 0)} at the end`;
  const farthest = Math.max(...dots.map(({ offset_us }) => Math.abs(offset_us) * 1000));
  const measured = dots.length === 0 ? '' : `; the hub measured at most ${prettyNs(farthest)}`;
  return `${claimed}${measured}; ${limit.words} is ${prettyNs(limit.ns)}`;
}

/** The bound that the clock claims, and what the hub measured, on one axis. */
function clockCurve(history: UnitHistory, dots: readonly MeasuredDot[], limit: ShownLimit): Html {
  const { moments } = history;
  const { ns: limit_ns } = limit;
  const bounds = valuesOf(moments, ({ clock }) => clock?.error_bound_ns);
  const relative = valuesOf(moments, ({ clock }) =>
    clock?.error_bound_ns === undefined ? clock?.error_rel_ns : undefined,
  );
  const all = [...bounds, ...relative].sort((a, b) => a.at_ms - b.at_ms);
  const shown = dots.filter(({ at_ms }) => at_ms >= history.from_ms);
  const sizes = shown.map(({ offset_us }) => Math.max(1, Math.abs(offset_us) * 1000));
  const { least, most } = decadesOf([...all.map(({ value }) => value), ...sizes, limit_ns]);
  const shareOf = (ns: number): number =>
    0.95 - (0.9 * (Math.max(least, Math.min(most, Math.log10(Math.max(1, ns)))) - least)) / (most - least);
  const yOf = (ns: number): number => shareOf(ns) * tall;
  const every = Math.ceil((most - least) / 5);
  const tens = Array.from({ length: most - least + 1 }, (_, i) => 10 ** (least + i)).filter(
    (ns, i) => i % every === 0 && Math.abs(shareOf(ns) - shareOf(limit_ns)) > 0.06,
  );
  const grid = tens.map((ns) => `M0 ${tenth(yOf(ns))}h${width}`).join('');
  const marks = shown.map(({ at_ms }, i) => `M${xOf(at_ms, history)} ${tenth(yOf(sizes[i] ?? 1))}h0`);
  const label = (ns: number, words: string, tone: string): Html =>
    html`<text class="${tone}" x="4" y="${tenth(shareOf(ns) * 100)}%" dy="-.3em">${words}</text>`;
  const isCut = [...sizes, ...all.map(({ value }) => value)].some((ns) => ns > 10 ** most);
  const cut = isCut ? html`<p class="sub">What is beyond the scale stands at its edge.</p>` : undefined;
  return html`<svg class="day" height="190" role="img" aria-label="${clockWords(all, shown, limit)}"><svg viewBox="0 0 ${width} ${tall}" width="100%" height="100%" preserveAspectRatio="none"><path class="gap" d="${gapsOf(history, tall)}"/><path class="zero" d="${grid}"/><path class="lim" d="M0 ${tenth(yOf(limit_ns))}h${width}"/><path class="ln" d="${lineOf(bounds, history, yOf)}"/><path class="ln rel" d="${lineOf(relative, history, yOf)}"/><path class="dot" d="${marks.join('')}"/></svg>${tens.map((ns) => label(ns, prettyNs(ns), 't'))}${label(limit_ns, `${prettyNs(limit_ns)}, ${limit.words}`, 't bad')}</svg>${cut}`;
}

function key(history: UnitHistory, hasDots: boolean): Html {
  const isRelative = history.moments.some(
    ({ clock }) => clock?.error_bound_ns === undefined && clock?.error_rel_ns !== undefined,
  );
  const isAbsolute = history.moments.some(({ clock }) => clock?.error_bound_ns !== undefined);
  const absolute =
    isAbsolute || !isRelative ? html`<span><i class="f-ptp"></i>bound it claims</span>` : html``;
  const relative = isRelative ? html`<span><i class="k-rel"></i>bound it claims vs GM</span>` : html``;
  return html`<span class="key">${absolute}${relative}${hasDots ? html`<span><i class="k-dot"></i>offset the hub measured</span>` : html``}<span><i class="k-gap"></i>not heard</span></span>`;
}

function sourceBar(history: UnitHistory): Html {
  const { bars, names } = sourcesOf(history);
  if (bars.length === 0) return html``;
  const words = names.map((name) => sourceNames[name] ?? name);
  return html`<svg class="src" viewBox="0 0 ${width} 8" height="9" preserveAspectRatio="none" role="img" aria-label="What steered its clock: ${words.join(', then ')}">${bars}</svg><p class="key"><span>source:</span>${names.map((name, i) => html`<span><i class="f-${name}"></i>${words[i]}</span>`)}</p>`;
}

interface Figure {
  readonly name: string;
  readonly points: readonly Point[];
  words(value: number): string;
  /** As of now; missing where that is not known. */
  readonly now: string | undefined;
  /** Times across which nothing is drawn. */
  readonly cuts: readonly Silence[];
  readonly height: number;
}

/** A figure above zero. One outlier does not flatten the rest: the scale is that of nearly all values, and the greatest is told. */
function figureCurve({ name, points, words, now, cuts, height }: Figure, history: UnitHistory): Html {
  const sizes = points.map(({ value }) => value).sort((a, b) => a - b);
  const most = sizes.at(-1);
  if (most === undefined)
    return html`<div class="row curve"><h3>${name}</h3></div><p class="sub">Nothing known in this time.</p>`;
  const usual = sizes[Math.floor((sizes.length - 1) * 0.9)] ?? 0;
  const scale = Math.max(usual > 0 && most > 3 * usual ? 2 * usual : most * 1.1, 1e-9);
  const yOf = (value: number): number => height - 1 - Math.min(1, value / scale) * (height - 4);
  const range = `${words(sizes[0] ?? 0)} to ${words(most)}`;
  return html`<div class="row curve"><h3>${name}</h3><span><span class="sub">most ${words(most)}</span>${now === undefined ? html`` : html` · <b>${now}</b>`}</span></div><svg viewBox="0 0 ${width} ${height}" height="${height + 4}" preserveAspectRatio="none" role="img" aria-label="${name}: ${range}"><path class="gap" d="${gapsOf(history, height)}"/><path class="zero" d="M0 ${height - 0.5}h${width}"/><path class="ln" d="${lineOf(points, { ...history, silences: cuts }, yOf)}"/></svg>`;
}

/** What is as of now, beside its curve. */
export interface CurvesNow {
  readonly rtt?: string;
  readonly backlog?: string;
}

/** All curves of the day. */
export function dayCurves(
  history: UnitHistory,
  dots: readonly MeasuredDot[],
  limit: ShownLimit,
  now: CurvesNow,
): Html {
  const rtt = valuesOf(history.moments, ({ hub_rtt_us }) => hub_rtt_us);
  const waited = valuesOf(history.moments, ({ backlog }) => backlog);
  const late = history.late.map(({ at_ms, backlog: value }) => ({ at_ms, value }));
  const backlog = [...waited, ...late].sort((a, b) => a.at_ms - b.at_ms);
  const isTold = ({ from_ms, to_ms = history.to_ms }: Silence): boolean =>
    late.some(({ at_ms }) => at_ms > from_ms && at_ms < to_ms);
  const cuts = history.silences.filter((silence) => !isTold(silence));
  const figures: readonly Figure[] = [
    {
      ...{ name: 'Round trip to the hub', points: rtt, cuts: history.silences, height: 46, now: now.rtt },
      words: (us) => prettyNs(us * 1000),
    },
    ...(history.isLarge
      ? []
      : [{ name: 'Records waiting', points: backlog, cuts, height: 36, now: now.backlog, words: count }]),
  ];
  return html`<div class="row"><h3>Clock, last 24 h</h3>${key(history, dots.length > 0)}</div>${clockCurve(history, dots, limit)}${sourceBar(history)}${figures.map((figure) => figureCurve(figure, history))}${times(history)}`;
}
