// The error bounds of all clocks as a distribution; its bars are links to the units. Pure.
import { prettyNs } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../web/html.ts';
import { type BoundSpread, type Bucket, boundKinds } from '../../../measure/bounds.ts';
import { count, counted } from '../../look/marks.ts';
import { fleetHref } from '../query.ts';
import type { FleetSums } from '../sums.ts';
import { spanNs } from '../words.ts';

type Kind = keyof Bucket['counts'];

/** From the bottom of a bar to its top. */
const layers: readonly Kind[] = ['ptp', 'relative', 'ntp', 'holdover'];
const layerClasses: Readonly<Record<Kind, string>> = {
  ptp: 'f-ptp',
  relative: 'f-rel',
  ntp: 'f-ntp',
  holdover: 'f-warn',
};
const kindWords: Readonly<Record<(typeof boundKinds)[number], string>> = {
  ptp: 'PTP',
  relative: 'PTP, vs GM only',
  ntp: 'NTP',
  holdover: 'without a source',
  unbounded: 'without a bound',
};

const height_px = 128;
/** So high that one unit among ten thousand is seen. */
const least_px = 3;

/** A bucket with its number. */
interface Numbered extends Bucket {
  readonly at: number;
  readonly total: number;
}

/** Buckets by decades of three: from 10 ns up, of which the first two are none, to 10 s and more. */
function decadesOf({ buckets }: BoundSpread): (readonly (Numbered | undefined)[])[] {
  const numbered = buckets.map((bucket, at) => ({
    ...bucket,
    at,
    total: layers.reduce((sum, kind) => sum + bucket.counts[kind], 0),
  }));
  const padded = [undefined, undefined, ...numbered, undefined, undefined];
  const decades = Array.from({ length: padded.length / 3 }, (_, i) => padded.slice(3 * i, 3 * i + 3));
  const isFilled = (decade: readonly (Numbered | undefined)[]): boolean =>
    decade.some((one) => (one?.total ?? 0) > 0);
  const [from, to] = [decades.findIndex(isFilled), decades.findLastIndex(isFilled)];
  return from < 0 ? [] : decades.slice(from, to + 1);
}

/** `less than 100 ns`, `100 ns to 200 ns`, `10 s or more`. */
function rangeWords({ at, below_ns }: Pick<Numbered, 'at' | 'below_ns'>, buckets: readonly Bucket[]): string {
  const from_ns = buckets[at - 1]?.below_ns;
  if (from_ns === undefined) return `less than ${prettyNs(below_ns)}`;
  return below_ns === Infinity
    ? `${prettyNs(from_ns)} or more`
    : `${prettyNs(from_ns)} to ${prettyNs(below_ns)}`;
}

/** The range of a bucket by its number. */
export function bucketWords({ buckets }: BoundSpread, at: number): string | undefined {
  const bucket = buckets[at];
  return bucket && rangeWords({ ...bucket, at }, buckets);
}

/** A bar, stacked by kind. Its whole height is the square root of what it counts, shared among the kinds as they are. */
function barOf({ counts, total }: Numbered, most: number): Html {
  const full = Math.max(least_px, Math.round(height_px * Math.sqrt(total / most)));
  let below = 0;
  const parts = layers.flatMap((kind) => {
    if (counts[kind] === 0) return [];
    const top = below + counts[kind];
    const [y, end] = [full - Math.round((full * top) / total), full - Math.round((full * below) / total)];
    below = top;
    return [
      html`<rect class="${layerClasses[kind]}" width="100%" y="${y}" height="${Math.max(1, end - y)}"/>`,
    ];
  });
  return html`<svg height="${full}" aria-hidden="true">${parts}</svg>`;
}

function column(bucket: Numbered | undefined, buckets: readonly Bucket[], most: number): Html {
  if (bucket === undefined || bucket.total === 0) return html`<span></span>`;
  const words = `${counted(bucket.total, 'clock')}: ${rangeWords(bucket, buckets)}`;
  return html`<a href="${fleetHref({ b: bucket.at })}" title="${words}" aria-label="${words}"><b aria-hidden="true">${count(bucket.total)}</b>${barOf(bucket, most)}</a>`;
}

function decade(columns: readonly (Numbered | undefined)[], { buckets }: BoundSpread, most: number): Html {
  const [at = 0] = columns.flatMap((one) => one?.at ?? []);
  const from_ns = buckets[at - 1]?.below_ns;
  const label = from_ns === undefined ? 'below' : prettyNs(from_ns);
  return html`<div id="d-${at}">${columns.map((one) => column(one, buckets, most))}<small aria-hidden="true">${label}</small></div>`;
}

const medians = ({ median_ns, counts }: BoundSpread): string =>
  (['ptp', 'ntp'] as const)
    .flatMap((kind) => {
      const median = median_ns[kind];
      return median === undefined || counts[kind] === 0 ? [] : [`${spanNs(median)} ${kindWords[kind]}`];
    })
    .join(' · ');

function key({ counts }: BoundSpread): Html {
  const kinds = boundKinds.filter((kind) => counts[kind] > 0);
  return html`<p class="key">${kinds.map((kind) => {
    const name = `${kindWords[kind]} ${count(counts[kind])}`;
    return kind === 'unbounded'
      ? html`<a id="k-${kind}" href="${fleetHref({ clock: 'unbounded' })}">${name}</a>`
      : html`<span id="k-${kind}"><i class="${layerClasses[kind]}"></i>${name}</span>`;
  })}</p>`;
}

/** The pattern of what is bounded against a grandmaster only. */
const hatch = html`<svg class="defs" height="0" aria-hidden="true"><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V4"/></pattern></svg>`;

/** How wide the clocks of the fleet say that they may be off. */
export function histogramCard({ spread }: FleetSums): Html {
  const decades = decadesOf(spread);
  const clocks = boundKinds.reduce((sum, kind) => sum + spread.counts[kind], 0);
  const most = spread.buckets.reduce((high, { counts }) => {
    return Math.max(
      high,
      layers.reduce((sum, kind) => sum + counts[kind], 0),
    );
  }, 1);
  const middle = medians(spread);
  const bars =
    decades.length === 0
      ? html`<p class="sub">${clocks === 1 ? 'Nothing bounds it.' : 'No clock is bounded.'}</p>`
      : html`${hatch}<div class="hist" role="group" aria-label="Clocks by error bound">${decades.map((one) => decade(one, spread, most))}</div>`;
  const how =
    decades.length === 0
      ? undefined
      : html`<p class="sub">No clock is farther off than its bound, if its claim holds. Heights are square roots, so that one stray clock shows; bars are links.</p>`;
  return html`<section id="bounds" class="card"><div class="row"><h3>Error bound of ${counted(clocks, 'clock')}</h3><span class="sub">${middle === '' ? '' : `median ${middle}`}</span></div>${bars}${key(spread)}${how}</section>`;
}
