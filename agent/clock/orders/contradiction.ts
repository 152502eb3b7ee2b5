// PTP and NTP that show the same second, and are further apart than either can be wrong: chronyd would follow neither. And
// what such a time leaves behind: chronyd holds its samples for a while after it has been put right.
import { formatNs } from '../../lib/format.ts';
import { type ChronyFacts, type ChronySource, selectedSource } from '../facts.ts';
import { areCompatible, liveWitnesses } from './witness.ts';

/** Whether chronyd sees a contradiction between PTP and a server that leaves it with no source. */
const isStalemate = (facts: ChronyFacts, ptp: ChronySource): boolean =>
  ptp.state === 'falseticker' &&
  selectedSource(facts) === undefined &&
  liveWitnesses(facts).some(({ state }) => state === 'falseticker');

const apart_s = (a: ChronySource, b: ChronySource): number => Math.abs(a.offset_s - b.offset_s);

/** The server that PTP contradicts least, if it contradicts all that answer; of a PTP that is selected only what chronyd says. */
export function contradicted(
  facts: ChronyFacts,
  ptp: ChronySource,
  isSelected: boolean,
): ChronySource | undefined {
  const [nearest] = liveWitnesses(facts).sort((a, b) => apart_s(a, ptp) - apart_s(b, ptp));
  if (nearest === undefined) return undefined;
  const isContradicted = isSelected ? isStalemate(facts, ptp) : !areCompatible(nearest, ptp);
  return isContradicted ? nearest : undefined;
}

/** What to do about it: a sentence with the figures. */
export const describeContradiction = (ptp: ChronySource, server: ChronySource): string =>
  `PTP and ${server.name} are ${formatNs(apart_s(ptp, server) * 1e9)} apart, more than each can be wrong by what chronyd knows, which would follow neither: name more servers, or give the asymmetry of the path in ptp.asymmetry_ns`;

/** By so many of its samples chronyd has forgotten those that were far from them. */
const forgottenBy = 16;

/** Whether chronyd may still reckon with samples that were taken when PTP was last seen to be wrong. */
export const isSettling = (wrong_ms: number | undefined, { poll }: ChronySource, now_ms: number): boolean =>
  wrong_ms !== undefined && now_ms - wrong_ms < forgottenBy * 2 ** poll * 1e3;
