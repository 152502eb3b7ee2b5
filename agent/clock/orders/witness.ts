// What NTP says of the time that PTP brings. Both measure the same clock: chronyd's own, also while PTP may not be selected.
import { formatNs } from '../../lib/format.ts';
import type { ChronyFacts, ChronySource } from '../facts.ts';
import { ptpRefid } from '../setup/dropin.ts';
import { isSourceAlive } from '../verdict/ntp.ts';

/** PTP among the sources of chronyd; undefined where its config has none of ours. */
export const ptpSource = ({ sources }: ChronyFacts): ChronySource | undefined =>
  sources.find(({ mode, name }) => mode === 'refclock' && name === ptpRefid);

/** A pulse has no time of day of its own, and a network card may have got its time from PTP. */
const hasOwnTime = ({ mode, name }: ChronySource): boolean =>
  mode !== 'refclock' || !/^(PTP|PHC|PPS)/i.test(name);

/** The sources that know the time without PTP: servers, and refclocks such as GPS; also those that have not answered. */
export const witnessesIn = ({ sources }: ChronyFacts): ChronySource[] => sources.filter(hasOwnTime);

/** Those of them that answer. */
export const liveWitnesses = (facts: ChronyFacts): ChronySource[] => witnessesIn(facts).filter(isSourceAlive);

/** A clock that nothing steers drifts by less. */
const drift_ppm = 100;

/** So far it may have drifted in that time. */
export const drifted_s = (seconds: number): number => seconds * drift_ppm * 1e-6;

/** Those that have ever answered, as chronyd has measured them last: the longer ago, the less sure. */
export const agedWitnesses = (facts: ChronyFacts): ChronySource[] =>
  witnessesIn(facts).flatMap((one) =>
    one.last_rx_s === undefined
      ? []
      : [{ ...one, error_margin_s: one.error_margin_s + drifted_s(one.last_rx_s) }],
  );

/** So far two clocks may be apart that show the same second, besides what each does not know. */
const mostApart_s = 1;

/** An offset as chronyd tells it has 24 bits. */
const resolution_s = (offset_s: number): number => Math.abs(offset_s) * 2 ** -23;

type Measured = Pick<ChronySource, 'offset_s' | 'error_margin_s'>;

/** Whether two sources show the same time; `unclear` where the clock is so wrong that chronyd tells no seconds. */
export function compareTimes(a: Measured, b: Measured): 'agree' | 'disagree' | 'unclear' {
  const apart_s = Math.abs(a.offset_s - b.offset_s);
  const unclear_s = resolution_s(a.offset_s) + resolution_s(b.offset_s);
  const allowed_s = mostApart_s + a.error_margin_s + b.error_margin_s;
  if (apart_s - unclear_s > allowed_s) return 'disagree';
  return apart_s + unclear_s <= allowed_s ? 'agree' : 'unclear';
}

/** Whether both can be right, by what each does not know, and by how far the clock may have drifted between them. */
export function areCompatible(a: Measured, b: Measured, drift_s: number): boolean {
  const unclear_s = resolution_s(a.offset_s) + resolution_s(b.offset_s);
  return Math.abs(a.offset_s - b.offset_s) <= a.error_margin_s + b.error_margin_s + unclear_s + drift_s;
}

/** How the clock is by one of them: `0.2 ms ahead`. */
export const describeOffset = (offset_s: number): string =>
  `${formatNs(Math.abs(offset_s) * 1e9)} ${offset_s < 0 ? 'behind' : 'ahead'}`;
