// Claimed against measured: what the hub finds of the clocks, on one axis. Pure.
import { prettyMoment } from '../../../../lib/format.ts';
import { type Html, html } from '../../../../web/html.ts';
import type { FleetUnit, Measured, UnjudgedReason } from '../../../fleet/model.ts';
import type { MeasureState } from '../../../measure/measure.ts';
import { clockLine } from '../../look/clocks.ts';
import { count, counted, unitLink } from '../../look/marks.ts';
import type { FleetPageData } from '../data.ts';
import { fleetHref } from '../query.ts';
import type { FleetSums, MeasuredSum } from '../sums.ts';
import { doubtWords, measuredHalf_us, plusMinus, signedNs } from '../words.ts';

const mostContradicting = 4;
const mostMute = 3;

/** Why clocks cannot be judged, after their number. */
const unjudgedWords: Readonly<Record<UnjudgedReason, string>> = {
  hub_unbounded: "nothing bounds the hub's own clock",
  hub_doubted: "the hub's own clock is doubted",
  no_claim: 'claim no bound',
  relative_claim: "are bounded against their grandmaster only, which the hub's clock does not follow",
  too_wide: 'lie behind a path that is too slow to tell',
  contradicts_so_far: 'contradict so far, not yet three times running',
  several_answers: 'are answered for by more than one',
};

const unjudgedList = ({ unjudged, unasked }: MeasuredSum): readonly string[] => [
  ...[...unjudged].map(
    ([reason, units]) => `${count(units)}: ${reason === undefined ? 'not said why' : unjudgedWords[reason]}`,
  ),
  ...(unasked > 0 ? [`${count(unasked)}: not measured yet`] : []),
];

/** Positions in percent of the width. */
interface Scale {
  at(us: number): string;
  readonly ticks_us: readonly number[];
}

/** Between the ends, with some margin, ticks at round figures. */
function scaleOf(low_us: number, high_us: number): Scale {
  const width = Math.max(high_us - low_us, 1e-3);
  const rough = width / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((digit) => digit * power >= rough) ?? 10) * power;
  const first = Math.ceil(low_us / step);
  const ticks_us = Array.from(
    { length: Math.floor(high_us / step) - first + 1 },
    (_, i) => (first + i) * step,
  );
  return { at: (us) => `${(9 + (82 * (us - low_us)) / width).toFixed(1)}%`, ticks_us };
}

/** A span with its ends and its middle. */
const span = (scale: Scale, low_us: number, high_us: number, what: 'claimed' | 'measured'): Html => {
  const [a, b, c] = [low_us, high_us, (low_us + high_us) / 2].map(scale.at);
  return html`<g class="${what}"><line x1="${a}" x2="${b}" y1="26" y2="26"/><line x1="${a}" x2="${a}" y1="19" y2="33"/><line x1="${b}" x2="${b}" y1="19" y2="33"/><line x1="${c}" x2="${c}" y1="21" y2="31"/></g><text x="${c}" y="11">${what}</text>`;
};

/** Claim and measurement on one axis, which is the hub's clock. */
function axis({ offset_us, claimed_us = 0, ...measured }: Measured): Html {
  const half_us = measuredHalf_us({ offset_us, ...measured });
  const [low, high] = [offset_us - half_us, offset_us + half_us];
  const scale = scaleOf(Math.min(low, -claimed_us), Math.max(high, claimed_us));
  const words = `Claimed: ${plusMinus(claimed_us * 1000)}. Measured: ${signedNs(low * 1000)} to ${signedNs(high * 1000)}.`;
  return html`<svg class="axes" height="58" role="img" aria-label="${words}"><line class="base" x1="0" x2="100%" y1="39" y2="39"/>${scale.ticks_us.map(
    (us) => html`<text x="${scale.at(us)}" y="54">${us === 0 ? '0' : signedNs(us * 1000)}</text>`,
  )}${span(scale, -claimed_us, claimed_us, 'claimed')}${span(scale, low, high, 'measured')}</svg>`;
}

function contradicting({ unit, measured }: FleetUnit, at_ms: number, isFirst: boolean): Html {
  if (measured === undefined) return html``;
  const { offset_us, claimed_us, since_ms } = measured;
  const half = plusMinus(measuredHalf_us(measured) * 1000);
  const since = since_ms === undefined ? 'contradicts' : `since ${prettyMoment(since_ms, at_ms)}`;
  const claim = claimed_us === undefined ? 'nothing' : plusMinus(claimed_us * 1000);
  return html`<li id="m-${unit}"><div class="gap"><div><b>${unitLink(unit)}</b>${since}</div><div><b>${claim}</b>it claims</div><div><b class="bad">${signedNs(offset_us * 1000)}</b>the hub measures, ${half}</div></div>${isFirst ? axis(measured) : undefined}</li>`;
}

/** Units whose answers stay out, or are none: by name, as somebody may look there. */
function muteWords(mute: readonly string[]): Html {
  if (mute.length === 0) return html``;
  const shown = mute.slice(0, mostMute).map((unit, i) => html`${i > 0 ? ', ' : ''}${unitLink(unit)}`);
  const others = mute.length - shown.length;
  return html`; ${counted(mute.length, 'unit')} gave no answer that can be used to the last three: ${shown}${others > 0 ? ` and ${count(others)} more` : ''}`;
}

function hubWords({ clock, doubt, asked, answered, mute }: MeasureState): Html {
  const bound_ns = clock.error_bound_ns;
  const bound = bound_ns === undefined ? 'which nothing bounds' : plusMinus(bound_ns);
  const outvoted =
    doubt === undefined ? undefined : html`<p id="doubt"><b class="bad">${doubtWords(doubt)}</b></p>`;
  return html`${outvoted}<p id="hubclock" class="sub">Measured by the hub's own clock: ${clockLine({ ...clock, limit_ns: 1 })}, ${bound}. ${count(answered)} of ${counted(asked, 'question')} answered${muteWords(mute)}.</p>`;
}

/** What measuring has found, in one sentence. */
function finding({ contradicts, holds, unjudged, unasked }: MeasuredSum): Html {
  const number = contradicts.length;
  if (number + holds + unjudged.size === 0)
    return html`<p><b>No clock is measured.</b>${unasked > 0 ? ` ${counted(unasked, 'clock waits', 'clocks wait')} for a first answer.` : ''}</p>`;
  if (number + holds === 0)
    return html`<p><b>Nothing can be told of the ${counted(
      [...unjudged.values()].reduce((sum, units) => sum + units, 0),
      'clock that was',
      'clocks that were',
    )} measured.</b></p>`;
  const rest = [...unjudged.values()].reduce((sum, units) => sum + units, unasked);
  const wrong =
    number > 0
      ? html`<b class="bad">${counted(number, 'clock contradicts its claim', 'clocks contradict their claims')}.</b>`
      : html`<b>No clock contradicts its claim.</b>`;
  const told = [
    `${counted(holds, 'holds', 'hold')}`,
    ...(rest > 0 ? [`of ${count(rest)} nothing can be told`] : []),
  ];
  return html`<p>${wrong} ${told.join(', ')}.</p>`;
}

/** The card of claims and measurements. */
export function claimsCard({ measured }: FleetSums, { measuring, at_ms }: FleetPageData): Html {
  const { contradicts } = measured;
  const isKnown = measuring !== undefined || contradicts.length + measured.holds + measured.unjudged.size > 0;
  if (!isKnown)
    return html`<section id="claim" class="card"><h3>Claimed against measured</h3><p class="sub">Nobody measures clocks here.</p></section>`;
  const shown = contradicts.slice(0, mostContradicting);
  const others = contradicts.length - shown.length;
  const why = unjudgedList(measured);
  return html`<section id="claim" class="card"><h3>Claimed against measured</h3>${finding(measured)}<ul>${shown.map((unit, i) => contradicting(unit, at_ms, i === 0))}</ul>${
    others > 0
      ? html`<p id="m-more" class="sub"><a href="${fleetHref({ clock: 'contradicts' })}">${counted(others, 'more clock')}</a></p>`
      : undefined
  }${why.length === 0 ? undefined : html`<details id="unjudged"><summary class="sub">Of which nothing can be told</summary><ul>${why.map((text) => html`<li class="sub">${text}</li>`)}</ul></details>`}${measuring && hubWords(measuring)}<p class="sub">A clock is flagged only if claim and measurement, widened by the whole round trip and by the hub's own bound, do not meet three times running. A slow link alone never flags one.</p></section>`;
}
