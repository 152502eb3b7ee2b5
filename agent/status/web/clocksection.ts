import { prettyMoment, prettyNs, prettySpan, prettyText } from '../../lib/format.ts';
import { type Html, html } from './html.ts';
import { note, perhaps, section, type Tone, toned } from './pieces.ts';
import type { ClockStatus, StatusSnapshot } from './snapshot.ts';
import { type Curve, type History, sparkline } from './sparkline.ts';

const sourceNames = { ptp: 'PTP', ntp: 'NTP', unsynced: 'nothing' } as const;

/** `since 09:12 UTC`; by a clock that is not synchronised, `for 3 min`. */
export const sinceWords = (since_ms: number, { at_ms, clock }: StatusSnapshot): string =>
  clock === undefined || clock.quality === 'freerun'
    ? `for ${prettySpan((at_ms - since_ms) / 1000)}`
    : `since ${prettyMoment(since_ms, at_ms)}`;

/** The clock in one word, and how good that is. */
const wordOf = ({ quality, holdover }: ClockStatus): readonly [Tone, string] => {
  if (holdover) return ['warn', 'holdover'];
  const tones = { locked: 'good', tracking: 'warn', acquiring: 'warn', freerun: 'bad' } as const;
  return [tones[quality], quality === 'freerun' ? 'unsynchronised' : quality];
};

const boundWords = ({ error_bound_ns, error_rel_ns }: ClockStatus): string => {
  if (error_bound_ns !== undefined) return `error <\u00a0${prettyNs(error_bound_ns)}`;
  return error_rel_ns === undefined
    ? 'error not bounded'
    : `error <\u00a0${prettyNs(error_rel_ns)} against the grandmaster`;
};

/** The clock in one sentence. */
function sentenceOf(clock: ClockStatus, snapshot: StatusSnapshot): string {
  const since = sinceWords(clock.since_ms, snapshot);
  const source = sourceNames[clock.source];
  const bound = boundWords(clock);
  if (clock.holdover)
    return `Holdover ${sinceWords(clock.holdover.since_ms, snapshot)}: ${sourceNames[clock.holdover.source]} lost, ${bound} and growing`;
  switch (clock.quality) {
    case 'locked':
      return `Locked to ${source} ${since}, ${bound}`;
    case 'tracking':
      return `Following ${source} ${since}, ${bound}`;
    case 'acquiring':
      return clock.source === 'unsynced'
        ? `Acquiring ${since}, no source yet`
        : `Getting the time from ${source} ${since}`;
    case 'freerun':
      return `Not synchronised ${since}`;
  }
}

const curves = ({ clock, link }: StatusSnapshot, history: History): Html => {
  const unknown = 'not known';
  const words = prettyNs;
  const isRelative = clock?.error_bound_ns === undefined && clock?.error_rel_ns !== undefined;
  const all: readonly Curve[] = [
    { name: 'Offset', values: history.offset_ns, now: clock?.offset_ns, unknown, words },
    isRelative
      ? {
          name: 'Error against the grandmaster',
          values: history.error_rel_ns,
          now: clock.error_rel_ns,
          unknown,
          words,
        }
      : {
          name: 'Error bound',
          values: history.error_bound_ns,
          now: clock?.error_bound_ns,
          unknown: clock === undefined ? unknown : 'not bounded',
          words,
        },
    {
      name: 'Hub round trip',
      values: history.hub_rtt_us,
      now: link.hub_rtt_us,
      unknown,
      words: (us) => prettyNs(us * 1000),
    },
  ];
  return html`<div class="curves">${all.map((curve) => sparkline(curve, history))}</div>`;
};

/** The reasons, and what the bound is made of. */
const smallPrint = ({ reasons, error_bound_ns, error_rel_ns, bound_terms }: ClockStatus): string =>
  [
    reasons.join(', '),
    error_bound_ns === undefined
      ? undefined
      : perhaps(error_rel_ns, (ns) => `error against the grandmaster <\u00a0${prettyNs(ns)}`),
    bound_terms.length === 0
      ? undefined
      : `error terms: ${bound_terms.map(({ name, ns }) => `${name}\u00a0${prettyNs(ns)}`).join(' + ')}`,
  ]
    .filter(Boolean)
    .join(' · ')
    .replaceAll('_', ' ');

/** The clock: a word, a sentence, the evidence, and the curves of the last 15 minutes. */
export const clockSection = (snapshot: StatusSnapshot, history: History): Html => {
  const { clock } = snapshot;
  const [tone, word] = clock === undefined ? (['warn', 'unknown'] as const) : wordOf(clock);
  return section(
    'clock',
    'Clock',
    html`<p class="word ${tone}">${toned(tone, word)}</p>`,
    html`<p class="sentence">${clock === undefined ? 'Not known yet' : sentenceOf(clock, snapshot)}</p>`,
    ...(clock === undefined
      ? []
      : [html`<p class="evidence">${prettyText(clock.evidence)}</p>`, note(smallPrint(clock))]),
    curves(snapshot, history),
  );
};
