// What chronyd reports, assessed: a selected source must also be alive, and chronyd must steer the clock.

import { formatAgo, formatNs } from '../../lib/format.ts';
import { absenceText } from '../../lib/reading.ts';
import {
  type ChronyFacts,
  type ChronySource,
  type ChronyTracking,
  type Disciplines,
  type Evidence,
  selectedSource,
} from '../facts.ts';
import type { OffsetSample } from './hysteresis.ts';
import type { ReasonCode } from './reasons.ts';
import { type ClockSettings, readingAgeLimit_ms } from './settings.ts';

/** chronyd at one moment. */
export interface NtpAssessment {
  /** Why it cannot be followed; undefined when it can. */
  readonly reason?: ReasonCode;
  /** Not there yet, but a source is reachable. */
  readonly acquiring: boolean;
  readonly explanation: string;
  /** Present only while the selected source is alive, also when chronyd does not steer. */
  readonly live?: NtpLive;
}

/** A chronyd with a live selected source. */
export interface NtpLive {
  readonly tracking: ChronyTracking;
  readonly selected: ChronySource;
  readonly sample: OffsetSample;
  readonly refAge_s: number;
  readonly reportAge_s: number;
  readonly falsetickers: boolean;
  /** Some other source than a refclock is alive, so that the second is confirmed by somebody else. */
  readonly witnessed: boolean;
}

const localReference = '7F7F0101'; // 127.127.1.1
const refAgeFloor_s = 8;

/** One of the last three polls was answered, and the last sample is no older than three polls (at least 5 s). */
export const isSourceAlive = (source: ChronySource): boolean =>
  source.resolved &&
  (source.reach & 0b111) !== 0 &&
  source.last_rx_s !== undefined &&
  source.last_rx_s <= Math.max(5, 3 * 2 ** source.poll);

/** ref_time is not in the future, and no older than 8 updates (as ClockBound) or 3 polls. */
const isReferenceFresh = (age_s: number, tracking: ChronyTracking, selected: ChronySource): boolean =>
  age_s > -1 && age_s <= Math.max(refAgeFloor_s, 8 * tracking.update_interval_s, 3 * 2 ** selected.poll);

const dead = (reason: ReasonCode, explanation: string, acquiring = false): NtpAssessment => ({
  reason,
  explanation,
  acquiring,
});

/** Why chronyd's own report is no synchronisation; undefined when it is one. */
function unsynchronised({ tracking, sources }: ChronyFacts): NtpAssessment | undefined {
  if (tracking.refid.toUpperCase() === localReference)
    return dead('ntp_local_reference', 'chronyd follows its own clock (reference id 7F7F0101)');
  const none = tracking.stratum < 1 || tracking.stratum > 15 || /^0*$/.test(tracking.refid);
  if (tracking.leap !== 'unsynchronised' && !none) return undefined;
  const reachable = sources.filter((source) => source.resolved && source.reach !== 0).length;
  const explanation = `chronyd is not synchronised, ${reachable} of ${sources.length} sources reachable`;
  return dead('ntp_unsynchronised', explanation, reachable > 0);
}

function describeLive({ selected, tracking, refAge_s }: NtpLive): string {
  const side = tracking.system_time_s > 0 ? 'behind' : 'ahead';
  return (
    `chronyd follows ${selected.name} (stratum ${tracking.stratum}), ` +
    `last update ${formatAgo(refAge_s * 1e3)}, system clock ${formatNs(Math.abs(tracking.system_time_s) * 1e9)} ${side}`
  );
}

/** Why there is nothing fresh to judge by. */
function unanswered(
  reading: Exclude<Evidence['ntp'], { kind: 'fresh' }>,
  { otherNtp }: Disciplines,
): NtpAssessment {
  if (reading.kind === 'stale') return dead('ntp_no_answer', `chronyd is silent: ${reading.why}`);
  if (otherNtp !== undefined) return dead('ntp_unobservable', `${otherNtp} runs, which answers no questions`);
  if (reading.why === 'not_yet') return dead('starting', 'chronyd has not been queried yet');
  const wanted = !['not_installed', 'no_socket', 'refused', 'disabled'].includes(reading.why);
  const explanation = `chronyd: ${absenceText(reading)}`;
  return dead(wanted ? 'ntp_no_answer' : 'ntp_absent', explanation);
}

/** The selected source while it is alive, else why there is none. */
function liveSource(facts: ChronyFacts, refAge_s: number): ChronySource | NtpAssessment {
  const { tracking, sources } = facts;
  const selected = selectedSource(facts);
  if (selected === undefined)
    return sources.some(isFalseticker)
      ? dead('ntp_falseticker', 'chronyd selects no source: they contradict each other')
      : dead('ntp_source_lost', `chronyd selects none of its ${sources.length} sources`);
  if (isSourceAlive(selected) && isReferenceFresh(refAge_s, tracking, selected)) return selected;
  const { name, last_rx_s, reach } = selected;
  const sample = last_rx_s === undefined ? 'never' : formatAgo(last_rx_s * 1e3);
  return dead(
    'ntp_source_lost',
    `chronyd selects ${name}, but its last sample was ${sample}, reach ${reach.toString(8)}, ref_time ${refAge_s.toFixed(1)} s old`,
  );
}

const isFalseticker = ({ state, reach }: ChronySource): boolean => state === 'falseticker' && reach !== 0;

/** Whether this source confirms the second: a live server that agrees with the clock. */
const isWitness = (source: ChronySource): boolean =>
  source.mode !== 'refclock' &&
  isSourceAlive(source) &&
  source.state !== 'falseticker' &&
  Math.abs(source.offset_s) < 0.5;

/** Assesses chronyd by itself. `outdatedRef_s` is a ref_time from before somebody set the clock. */
export function assessNtp(
  evidence: Evidence,
  now_ms: number,
  settings: ClockSettings,
  outdatedRef_s: number | undefined,
): NtpAssessment {
  const { ntp: reading, disciplines, wall_s } = evidence;
  if (reading.kind !== 'fresh') return unanswered(reading, disciplines);
  const age_ms = now_ms - reading.at_ms;
  if (age_ms > readingAgeLimit_ms(settings))
    return dead('ntp_no_answer', `chronyd answered last ${formatAgo(age_ms)}`);
  const { tracking, sources } = reading.value;
  const unsynced = unsynchronised(reading.value);
  if (unsynced !== undefined) return unsynced;
  if (tracking.ref_time_s === outdatedRef_s)
    return dead('clock_stepped', 'chronyd has no sample yet since the system clock was set', true);
  const refAge_s = wall_s - tracking.ref_time_s;
  const selected = liveSource(reading.value, refAge_s);
  if ('explanation' in selected) return selected;
  const live: NtpLive = {
    tracking,
    selected,
    // |system_time| is what chronyd holds true at the time of asking, so that each look is a sample of its own
    sample: { id: String(reading.at_ms), offset_ns: -tracking.system_time_s * 1e9 },
    refAge_s,
    reportAge_s: age_ms / 1e3,
    falsetickers: sources.some(isFalseticker),
    witnessed: sources.some(isWitness),
  };
  const explanation = describeLive(live);
  return disciplines.chronydMonitorOnly === true
    ? {
        reason: 'ntp_monitor_only',
        explanation: `${explanation}, but it runs with -x`,
        acquiring: false,
        live,
      }
    : { explanation, acquiring: false, live };
}
