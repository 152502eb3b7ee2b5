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

/** A clock that nothing steers drifts by less. */
const free_ppm = 100;

/** How fast the clock may drift from one sample to the next: by what chronyd does not know of it, if it steers. */
function drift_ppm(facts: ChronyFacts): number {
  const { skew_ppm, resid_freq_ppm } = facts.tracking;
  return selectedSource(facts) === undefined ? free_ppm : 1 + skew_ppm + Math.abs(resid_freq_ppm);
}

/** The server that PTP contradicts least, if it contradicts all that answer; of a PTP that is selected only what chronyd says. */
export function contradicted(
  facts: ChronyFacts,
  ptp: ChronySource,
  isSelected: boolean,
): ChronySource | undefined {
  const [nearest] = liveWitnesses(facts).sort((a, b) => apart_s(a, ptp) - apart_s(b, ptp));
  if (nearest === undefined) return undefined;
  const drift_s = ((nearest.last_rx_s ?? 0) + (ptp.last_rx_s ?? 0)) * drift_ppm(facts) * 1e-6;
  const isContradicted = isSelected ? isStalemate(facts, ptp) : !areCompatible(nearest, ptp, drift_s);
  return isContradicted ? nearest : undefined;
}

/** What to do about it: a sentence with the figures. */
export const describeContradiction = (ptp: ChronySource, server: ChronySource): string =>
  `PTP and ${server.name} are ${formatNs(apart_s(ptp, server) * 1e9)} apart, too far: give more servers, or ptp.asymmetry_ns`;

/** By so many of its samples chronyd has forgotten those that were far from them. */
const forgottenBy = 16;

/** Whether chronyd may still reckon with samples that were taken when PTP was last seen to be wrong. */
export const isSettling = (wrong_ms: number | undefined, { poll }: ChronySource, now_ms: number): boolean =>
  wrong_ms !== undefined && now_ms - wrong_ms < forgottenBy * 2 ** poll * 1e3;
