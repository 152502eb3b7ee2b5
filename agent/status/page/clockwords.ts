import { prettyMoment, prettyNs, prettySpan } from '../../lib/format.ts';
import type { Tone } from '../../web/pieces.ts';
import type { ClockStatus, StatusSnapshot } from '../snapshot.ts';

/** What a clock follows, as people call it. */
export const sourceNames = { ptp: 'PTP', ntp: 'NTP', unsynced: 'nothing' } as const;

/** `since 09:12 UTC`; by a clock that is not synchronised, `for 3 min`. */
export const sinceWords = (since_ms: number, { at_ms, clock }: StatusSnapshot): string =>
  clock === undefined || clock.quality === 'freerun'
    ? `for ${prettySpan((at_ms - since_ms) / 1000)}`
    : `since ${prettyMoment(since_ms, at_ms)}`;

/** The clock in one word, and how good that is. */
export const clockWord = ({ quality, holdover }: ClockStatus): readonly [Tone, string] => {
  if (holdover) return ['warn', 'holdover'];
  const tones = { locked: 'good', tracking: 'warn', acquiring: 'warn', freerun: 'bad' } as const;
  return [tones[quality], quality === 'freerun' ? 'unsynchronised' : quality];
};

/** How far it may be from what: from true time, else from its grandmaster; undefined when nothing bounds it. */
export function boundOf({
  error_bound_ns,
  error_rel_ns,
}: ClockStatus): { readonly ns: number; readonly of: string } | undefined {
  if (error_bound_ns !== undefined) return { ns: error_bound_ns, of: 'true time' };
  return error_rel_ns === undefined ? undefined : { ns: error_rel_ns, of: 'its grandmaster' };
}

const boundWords = (clock: ClockStatus): string => {
  const bound = boundOf(clock);
  return bound === undefined ? 'error not bounded' : `within ${prettyNs(bound.ns)} of ${bound.of}`;
};

/** The clock in one sentence. */
export function clockSentence(clock: ClockStatus, snapshot: StatusSnapshot): string {
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

/** What the bound is made of. */
export const termWords = ({ bound_terms }: ClockStatus): string | undefined =>
  bound_terms.length === 0
    ? undefined
    : bound_terms.map(({ name, ns }) => `${name.replaceAll('_', ' ')} ${prettyNs(ns)}`).join(' + ');
