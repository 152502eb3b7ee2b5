// PTP and NTP that show the same second, and are further apart than either can be wrong: chronyd then follows neither.
import { formatNs } from '../../lib/format.ts';
import { type ChronyFacts, type ChronySource, selectedSource } from '../facts.ts';
import { liveWitnesses } from './witness.ts';

/** When chronyd was last seen to follow nobody for this grandmaster, monotonic ms. */
export interface Stalemate {
  readonly gmIdentity: string;
  readonly at_ms: number;
}

/** So long chronyd may still hold samples of before, of a grandmaster that has been put right. */
const settling_ms = 15_000;
/** Margins grow and shrink with each sample: one that is only just wide enough must not leave chronyd without a source again. */
const pause_ms = 300_000;

/** Those that contradict PTP, where chronyd sees that and is left with no source. */
const contradictors = (facts: ChronyFacts, ptp: ChronySource): readonly ChronySource[] =>
  ptp.state === 'falseticker' && selectedSource(facts) === undefined
    ? liveWitnesses(facts).filter(({ state }) => state === 'falseticker')
    : [];

export function stalemateNow(
  before: Stalemate | undefined,
  facts: ChronyFacts,
  ptp: ChronySource,
  gmIdentity: string,
  now_ms: number,
): Stalemate | undefined {
  if (contradictors(facts, ptp).length > 0) return { gmIdentity, at_ms: now_ms };
  return before?.gmIdentity === gmIdentity ? before : undefined;
}

const apart_s = (a: ChronySource, b: ChronySource): number => Math.abs(a.offset_s - b.offset_s);

/** What keeps PTP from chronyd after a stalemate: a server that contradicts it, or one that did so a moment ago. */
export function whyStalemate(
  stalemate: Stalemate | undefined,
  facts: ChronyFacts,
  ptp: ChronySource,
  now_ms: number,
): string | undefined {
  const live = liveWitnesses(facts);
  const [nearest] = [...live].sort((a, b) => apart_s(a, ptp) - apart_s(b, ptp));
  if (stalemate === undefined || nearest === undefined) return undefined;
  const share = apart_s(nearest, ptp) / (nearest.error_margin_s + ptp.error_margin_s);
  const ago_ms = now_ms - stalemate.at_ms;
  if (share <= 1 && ago_ms >= (share <= 0.5 ? settling_ms : pause_ms)) return undefined;
  return `PTP and ${nearest.name} are ${formatNs(apart_s(nearest, ptp) * 1e9)} apart, more than each can be wrong by what chronyd knows, which would follow neither: name more servers, or give the asymmetry of the path in ptp.asymmetry_ns`;
}
