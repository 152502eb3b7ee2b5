// What a record names of a long list: one with twenty peers or sources would cost more than all the rest.
import type { ChronyFacts } from '../clock/facts.ts';

/** Most sources of chronyd, and most peers, that a record names. */
export const mostListed = 8;

/** How many a record does not name; undefined where it names all. */
export const unlisted = ({ length }: readonly unknown[]): number | undefined =>
  length > mostListed ? length - mostListed : undefined;

/** The first of a list by rank, the others in their order. */
const firstBy = <T>(list: readonly T[], rank: (one: T) => number): readonly T[] =>
  list.length <= mostListed ? list : list.toSorted((a, b) => rank(a) - rank(b)).slice(0, mostListed);

/** The source that chronyd follows, then those at fault, then the others as chronyd lists them. */
export const listedSources = (sources: ChronyFacts['sources']): ChronyFacts['sources'] =>
  firstBy(sources, ({ state, reach }) =>
    state === 'selected' ? 0 : state === 'falseticker' || reach === 0 ? 1 : 2,
  );

/** What tells how a peer is off. */
interface Measured {
  readonly rtt_us?: number;
  readonly window: { readonly loss_percent: number; readonly p50_us?: number };
}

/** The peers that are worst off: without an answer, then by loss, then by their round trip. */
export const listedPeers = <Peer extends Measured>(peers: readonly Peer[]): readonly Peer[] =>
  firstBy(peers, ({ rtt_us, window: { loss_percent, p50_us = 0 } }) =>
    rtt_us === undefined ? -Infinity : -loss_percent * 1e9 - p50_us,
  );
