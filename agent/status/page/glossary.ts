import type { Html } from '../../web/html.ts';
import { facts, fold, type Row } from '../../web/pieces.ts';

const words: readonly Row[] = [
  [
    '± (error bound)',
    'The clock is nowhere farther from true time than this: offset, jitter, drift, asymmetry of the paths and the error of the source together.',
  ],
  ['against the grandmaster', 'The same, from the time of the PTP grandmaster, which may itself be wrong.'],
  [
    'offset',
    'What was measured last between this clock and its source. It may be small while both are wrong.',
  ],
  ['locked', 'The bound is below the limit that is set for the source.'],
  ['tracking', 'Something steers the clock, and the bound is above that limit.'],
  ['acquiring', 'A source is there, but has not been followed for long enough.'],
  ['holdover', 'The source is lost; the clock runs on, and its bound grows.'],
  ['unsynchronised', 'Nothing is known to steer the clock: its time may be wrong by anything.'],
  ['hub', 'The NATS server that this leaf joins. Records wait here while it is away.'],
  ['stored', 'A stream at the hub has acknowledged the record.'],
  ['dropped', 'The memory for waiting records was full, or a record too large; each gap is told to the hub.'],
];

/** What the words mean that stand on this page. */
export const glossary = (): Html => fold('words', 'What the words mean', undefined, facts(words));
