// What chronyd says, weighed: a selected source must also be alive, and chronyd must steer the clock.

import { formatAgo, formatNs } from '../../lib/format.ts';
import type { ChronyFacts, ChronySource, ChronyTracking, Evidence } from '../facts.ts';
import type { Sample } from './hysteresis.ts';
import type { ReasonCode } from './reasons.ts';
import { type ClockSettings, readingAgeLimit_ms } from './settings.ts';

/** chronyd at one moment. */
export interface NtpView {
  /** Why it cannot be followed; undefined when it can. */
  readonly reason?: ReasonCode;
  /** Not there yet, but a source is reachable. */
  readonly acquiring: boolean;
  readonly sentence: string;
  /** Present only while the selected source is alive, also when chronyd does not steer. */
  readonly live?: NtpLive;
}

/** A chronyd with a live selected source. */
export interface NtpLive {
  readonly tracking: ChronyTracking;
  readonly selected: ChronySource;
  readonly sample: Sample;
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

const dead = (reason: ReasonCode, sentence: string, acquiring = false): NtpView => ({
  reason,
  sentence,
  acquiring,
});

/** Why chronyd's own report is no synchronisation; undefined when it is one. */
function unsynchronised({ tracking, sources }: ChronyFacts): NtpView | undefined {
  if (tracking.refid.toUpperCase() === localReference)
    return dead('ntp_local_reference', 'chronyd follows its own clock (reference id 7F7F0101)');
  const none = tracking.stratum < 1 || tracking.stratum > 15 || /^0*$/.test(tracking.refid);
  if (tracking.leap !== 'unsynchronised' && !none) return undefined;
  const reachable = sources.filter((source) => source.resolved && source.reach !== 0).length;
  const sentence = `chronyd is not synchronised, ${reachable} of ${sources.length} sources reachable`;
  return dead('ntp_unsynchronised', sentence, reachable > 0);
}

function liveSentence({ selected, tracking, refAge_s }: NtpLive): string {
  const side = tracking.system_time_s > 0 ? 'behind' : 'ahead';
  return (
    `chronyd follows ${selected.name} (stratum ${tracking.stratum}), ` +
    `last update ${formatAgo(refAge_s * 1e3)}, system clock ${formatNs(Math.abs(tracking.system_time_s) * 1e9)} ${side}`
  );
}

/** Judges chronyd by itself. `outdatedRef_s` is a ref_time from before somebody set the clock. */
export function viewNtp(
  evidence: Evidence,
  now_ms: number,
  settings: ClockSettings,
  outdatedRef_s: number | undefined,
): NtpView {
  const { ntp: reading, disciplines, wall_s } = evidence;
  if (reading.kind === 'absent') {
    if (disciplines.otherNtp !== undefined)
      return dead('ntp_unobservable', `${disciplines.otherNtp} runs, which answers no questions`);
    if (reading.why === 'not_yet') return dead('starting', 'chronyd was not asked yet');
    const wanted = !['not_installed', 'no_socket', 'refused', 'disabled'].includes(reading.why);
    return dead(
      wanted ? 'ntp_no_answer' : 'ntp_absent',
      `chronyd cannot be asked: ${reading.detail ?? reading.why}`,
    );
  }
  const age_ms = now_ms - reading.at_ms;
  if (reading.kind === 'stale') return dead('ntp_no_answer', `chronyd is silent: ${reading.why}`);
  if (age_ms > readingAgeLimit_ms(settings))
    return dead('ntp_no_answer', `chronyd answered last ${formatAgo(age_ms)}`);

  const { tracking, sources } = reading.value;
  const unsynced = unsynchronised(reading.value);
  if (unsynced !== undefined) return unsynced;

  if (tracking.ref_time_s === outdatedRef_s)
    return dead('clock_stepped', 'chronyd has no sample yet since the system clock was set', true);

  const falsetickers = sources.some((source) => source.state === 'falseticker' && source.reach !== 0);
  const selected = sources.find((source) => source.state === 'selected');
  if (selected === undefined)
    return falsetickers
      ? dead('ntp_falseticker', 'chronyd selects no source: they contradict each other')
      : dead('ntp_source_lost', `chronyd selects none of its ${sources.length} sources`);
  const refAge_s = wall_s - tracking.ref_time_s;
  if (!isSourceAlive(selected) || !isReferenceFresh(refAge_s, tracking, selected)) {
    const sample = selected.last_rx_s === undefined ? 'never' : formatAgo(selected.last_rx_s * 1e3);
    const sentence = `chronyd selects ${selected.name}, but its last sample was ${sample}, reach ${selected.reach.toString(8)}, ref_time ${refAge_s.toFixed(1)} s old`;
    return dead('ntp_source_lost', sentence);
  }
  const live: NtpLive = {
    tracking,
    selected,
    // |system_time| is what chronyd holds true at the time of asking, so that each look is a sample of its own
    sample: { id: String(reading.at_ms), offset_ns: -tracking.system_time_s * 1e9 },
    refAge_s,
    reportAge_s: age_ms / 1e3,
    falsetickers,
    witnessed: sources.some(
      (source) =>
        source.mode !== 'refclock' &&
        isSourceAlive(source) &&
        source.state !== 'falseticker' &&
        Math.abs(source.offset_s) < 0.5,
    ),
  };
  const sentence = liveSentence(live);
  if (disciplines.chronydMonitorOnly === true)
    return {
      reason: 'ntp_monitor_only',
      sentence: `${sentence}, but it runs with -x`,
      acquiring: false,
      live,
    };
  return { sentence, acquiring: false, live };
}
