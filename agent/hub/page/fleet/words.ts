// What the fleet's page says of clocks and spans. Pure.
import { prettyNs, prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import type { FleetClock, FleetUnit, Measured } from '../../fleet/model.ts';
import type { HubDoubt } from '../../measure/sources.ts';
import { count, counted } from '../look/marks.ts';

/** How far it may be off, against its grandmaster where nothing else bounds it. */
export const clockBound_ns = ({ error_bound_ns, error_rel_ns }: FleetClock): number | undefined =>
  error_bound_ns ?? error_rel_ns;

/** `± 12 µs`, without digits that nobody needs. */
export const plusMinus = (ns: number): string => `±\u00a0${spanNs(ns)}`;

/** Two digits of a time span: `4.1 ms`, `12 µs`, `480 µs`. */
export function spanNs(ns: number): string {
  const size = Math.abs(ns);
  if (size === 0 || !Number.isFinite(size)) return prettyNs(ns);
  const unit = 10 ** (Math.floor(Math.log10(size)) - 1);
  const text = prettyNs(Math.round(ns / unit) * unit);
  return text.replace(/(\.\d*?)0+(?=\D)/, '$1').replace(/\.(?=\D)/, '');
}

/** `+ 4.1 ms`, `− 12 µs`. */
export const signedNs = (ns: number): string => `${ns < 0 ? '−' : '+'}\u00a0${spanNs(Math.abs(ns))}`;

/** Marks a bound that says nothing of true time. */
export const versusGm = html` <small>vs GM</small>`;

/** The bound of a clock as a cell shows it. */
export function boundMark(clock: FleetClock): Html {
  const bound_ns = clockBound_ns(clock);
  if (bound_ns === undefined) return html`no bound`;
  return html`${plusMinus(bound_ns)}${clock.error_bound_ns === undefined ? versusGm : undefined}`;
}

/** Half-width of a measurement, by path and hub together. */
export const measuredHalf_us = ({ path_us, own_bound_us = 0 }: Measured): number => path_us + own_bound_us;

/** `4.1 ms ahead`, `12 µs behind`. */
export const aheadBy = (us: number): string =>
  `${spanNs(Math.abs(us) * 1000)} ${us < 0 ? 'behind' : 'ahead'}`;

/** That the hub's clock is outvoted, and what follows from it. */
export const doubtWords = ({ against, sources, by_us }: HubDoubt): string =>
  `The hub's own clock is outvoted: ${count(against)} of ${counted(sources, 'source')} of its units agree that it is at least ${aheadBy(-by_us)}. Nothing is held against a unit until that is over.`;

/** For how long, from then to now. */
export const spanSince = (since_ms: number, at_ms: number): string => prettySpan((at_ms - since_ms) / 1000);

/** That moment as `18 min`, for how long; programs and the script read the moment itself. */
export function sinceMark(since_ms: number | undefined, at_ms: number): Html {
  const date = new Date(since_ms ?? Number.NaN);
  if (since_ms === undefined || Number.isNaN(date.getTime())) return html`<span class="n"></span>`;
  return html`<time class="n" datetime="${date.toISOString()}">${spanSince(since_ms, at_ms)}</time>`;
}

/** `a`, `a and b`, `a, b and c`. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** In the same order, each once. */
export const places = (units: readonly FleetUnit[]): readonly string[] => [
  ...new Set(units.map(({ tenant, role }) => [tenant, role].filter(Boolean).join(' · '))),
];
