// Which grandmaster ptp4l follows, and whether what chronyd shows of PTP is already its time, not that of one before.
import type { ChronyFacts, ChronySource, PtpFacts } from '../facts.ts';
import { ptpRefid } from '../setup/dropin.ts';
import { isSourceAlive } from '../verdict/ntp.ts';
import { ptpSource } from './witness.ts';

/** A grandmaster that is followed, since when and until when so far. Monotonic ms. */
export interface Followed {
  readonly gmIdentity: string;
  readonly since_ms: number;
  readonly until_ms: number;
}

/** A grandmaster that is heard again so soon has not been restarted in between. */
const shortGap_ms = 5000;

/** After a look at a ptp4l that follows somebody. Pauses that are too short to matter are passed over. */
export function followedNow(
  before: Followed | undefined,
  { timeStatus: { gmIdentity } }: PtpFacts,
  now_ms: number,
): Followed {
  const isSame = before?.gmIdentity === gmIdentity && now_ms - before.until_ms <= shortGap_ms;
  // one that was there when we came is what chronyd has measured
  const since_ms = isSame ? before.since_ms : before === undefined ? -Infinity : now_ms;
  return { gmIdentity, since_ms, until_ms: now_ms };
}

/** chronyd tells whole seconds of the age of a sample. */
export const agesBy_ms = 1000;

/** Whether chronyd, seen at `seen_ms`, has a sample that is wholly of this grandmaster: one is the median of a poll. */
export function isMeasured(
  ptp: ChronySource | undefined,
  { since_ms }: Followed,
  seen_ms: number,
): ptp is ChronySource {
  if (ptp === undefined || !isSourceAlive(ptp)) return false;
  const sample_ms = seen_ms - (ptp.last_rx_s ?? Infinity) * 1e3 - agesBy_ms;
  return sample_ms > since_ms + 2 ** ptp.poll * 1e3;
}

/** Why chronyd has none, by its last facts. */
export function whyUnmeasured(facts: ChronyFacts | undefined): string {
  if (facts === undefined) return 'chronyd does not answer';
  return ptpSource(facts) === undefined
    ? `chronyd has no refclock ${ptpRefid} in its config`
    : 'chronyd gets no samples from it';
}
