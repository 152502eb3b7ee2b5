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
import { addUpdate, longestPause_s, type Updates, usualPause_s } from './bounds/ntpbound.ts';
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
  /** Local minus reference as the last measurement says: what chronyd has still to correct, and what it left over. */
  readonly measured_ns: number;
  readonly updates: Updates;
  /** The longest that chronyd has waited lately from one update to the next. */
  readonly pause_s: number;
  readonly refAge_s: number;
  readonly reportAge_s: number;
  /** Sources that contradict the selected one and are reachable. */
  readonly falsetickers: readonly ChronySource[];
  /** So many agree with the selected source, itself included, that they are not wrong together. */
  readonly isMajority: boolean;
  /** Servers that are alive and agree with the clock: somebody else than a refclock confirms it. */
  readonly witnesses: readonly ChronySource[];
}

const localReference = '7F7F0101'; // 127.127.1.1
const threePolls_s = ({ poll }: ChronySource): number => 3 * 2 ** poll;

/** The source has answered lately, and was measured at least once. */
export const isSourceAlive = (source: ChronySource): boolean =>
  source.resolved && (source.reach & 0b111) !== 0 && source.last_rx_s !== undefined;

/** The source that chronyd follows, while it is alive; undefined where its figures are those of before. */
export function liveSource(facts: ChronyFacts): ChronySource | undefined {
  const selected = facts.tracking.leap === 'unsynchronised' ? undefined : selectedSource(facts);
  return selected !== undefined && isSourceAlive(selected) ? selected : undefined;
}

/** A source that answers, but of which chronyd has taken no sample for so long, is lost; until then the bound grows. */
const rejectedFor_s = 600;

/**
 * chronyd still updates its clock. It may do so much more seldom than it polls, since it filters and rejects samples, and
 * it says itself by how much its dispersion grows. Where the last three polls were not answered either, three of its
 * usual pauses are enough.
 */
function isUpdating(age_s: number, tracking: ChronyTracking, selected: ChronySource, updates: Updates) {
  const pause_s = usualPause_s(updates);
  const floor_s = Math.max(threePolls_s(selected), 3 * pause_s);
  const limit_s = isSourceAlive(selected)
    ? Math.max(rejectedFor_s, 8 * tracking.update_interval_s, floor_s)
    : Math.max(5, floor_s);
  return selected.resolved && selected.last_rx_s !== undefined && age_s > -1 && age_s <= limit_s;
}

const dead = (reason: ReasonCode, explanation: string, acquiring = false): NtpAssessment => ({
  reason,
  explanation,
  acquiring,
});

/** Why chronyd's own report is no synchronisation; undefined when it is one. */
function unsynchronised({ tracking, sources }: ChronyFacts): NtpAssessment | undefined {
  if (tracking.refid.toUpperCase() === localReference)
    return dead('ntp_local_reference', 'chronyd follows its own clock (reference id 7F7F0101)');
  const liars = sources.filter(isFalseticker);
  const { length: all } = sources;
  if (liars.length > 0 && !sources.some(({ state }) => state === 'selected'))
    return dead(
      'ntp_falseticker',
      `chronyd selects none of its ${all} sources: ${liars.length} contradict each other (${namesOf(liars)})`,
    );
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
  { otherNtp, chronydMonitorOnly }: Disciplines,
): NtpAssessment {
  if (reading.kind === 'stale') return dead('ntp_no_answer', `chronyd is silent: ${reading.why}`);
  if (chronydMonitorOnly !== undefined && reading.why !== 'not_yet')
    return dead(
      'ntp_no_answer',
      `chronyd runs, but cannot be asked: ${absenceText(reading)}; see cmdport and bindcmdaddress in chrony.conf`,
    );
  if (otherNtp !== undefined) return dead('ntp_unobservable', `${otherNtp} runs, which answers no questions`);
  if (reading.why === 'not_yet') return dead('starting', 'chronyd has not been queried yet');
  const wanted = !['not_installed', 'no_socket', 'refused', 'disabled'].includes(reading.why);
  const explanation = `chronyd: ${absenceText(reading)}`;
  return dead(wanted ? 'ntp_no_answer' : 'ntp_absent', explanation);
}

/** Why the selected source is none to follow any more. */
function lost({ name, last_rx_s, reach }: ChronySource, refAge_s: number): NtpAssessment {
  const sample = last_rx_s === undefined ? 'never' : formatAgo(last_rx_s * 1e3);
  return dead(
    'ntp_source_lost',
    `chronyd selects ${name}, but its last sample was ${sample}, reach ${reach.toString(8)}, last update ${refAge_s.toFixed(1)} s ago`,
  );
}

const namesOf = (sources: readonly ChronySource[]): string => sources.map(({ name }) => name).join(' ');

const isFalseticker = ({ state, reach }: ChronySource): boolean => state === 'falseticker' && reach !== 0;

/** A live server that agrees with the clock, at least to the second. */
const isWitness = (source: ChronySource): boolean =>
  source.mode !== 'refclock' &&
  isSourceAlive(source) &&
  source.state !== 'falseticker' &&
  Math.abs(source.offset_s) < 0.5;

/** Fewer that agree may be wrong together. */
const fewestForMajority = 3;

/** Whether those that agree with the selected source are enough to call the others wrong. */
function isMajority(sources: readonly ChronySource[], falsetickers: readonly ChronySource[]): boolean {
  const agreeing = sources.filter(
    (source) => isSourceAlive(source) && ['selected', 'combined', 'not_combined'].includes(source.state),
  );
  return agreeing.length >= fewestForMajority && agreeing.length > falsetickers.length;
}

/** The system clock was set; chronyd's report may be from before. */
export interface Step {
  readonly at_ms: number;
  readonly size_s: number;
  /** ref_time of the last report before it, and of the first one after it. */
  readonly refBefore_s?: number;
  readonly refAfter_s?: number;
}

/** An offset that was found before a step may be as large by chance. */
const chanceOffset_s = 0.1;

/**
 * Whether chronyd has measured the clock since it was set. A new ref_time in the first report may still be from before,
 * unless the offset that was found then is the step itself, made or met.
 */
function hasSeen(step: Step | undefined, { ref_time_s, last_offset_s }: ChronyTracking): boolean {
  if (step === undefined) return true;
  const size_s = Math.abs(step.size_s);
  const isFound = Math.abs(Math.abs(last_offset_s) - size_s) <= size_s / 10;
  if (isFound && size_s > chanceOffset_s) return true;
  if (ref_time_s === step.refBefore_s) return false;
  if (isFound) return true;
  return step.refAfter_s !== undefined && ref_time_s !== step.refAfter_s;
}

/** chronyd may go unasked for so long while it has nothing new to tell. */
export const longestPause_ms = 5000;

/** What was learned of chronyd before. */
export interface NtpMemory {
  readonly updates: Updates;
  readonly step?: Step;
}

/** Assesses chronyd by itself. */
export function assessNtp(
  evidence: Evidence,
  now_ms: number,
  settings: ClockSettings,
  memory: NtpMemory,
): NtpAssessment {
  const { ntp: reading, disciplines, wall_s } = evidence;
  if (reading.kind !== 'fresh') return unanswered(reading, disciplines);
  const age_ms = now_ms - reading.at_ms;
  // chronyc is asked so seldom that its facts are called stale first
  if (reading.value.via === 'udp' && age_ms > readingAgeLimit_ms(settings) + longestPause_ms)
    return dead('ntp_no_answer', `chronyd answered last ${formatAgo(age_ms)}`);
  const { tracking, sources } = reading.value;
  const unsynced = unsynchronised(reading.value);
  if (unsynced !== undefined) return unsynced;
  const { step } = memory;
  if (step !== undefined && (reading.at_ms <= step.at_ms || !hasSeen(step, tracking)))
    return dead('clock_stepped', 'chronyd has no sample yet since the system clock was set', true);
  const selected = selectedSource(reading.value);
  if (selected === undefined)
    return dead('ntp_source_lost', `chronyd selects none of its ${sources.length} sources`);
  const updates = addUpdate(memory.updates, reading.value, selected, step?.size_s);
  // ref_time is on the time that chronyd holds true, from which the wall clock is system_time away
  const refAge_s = wall_s + tracking.system_time_s - tracking.ref_time_s;
  if (!isUpdating(refAge_s, tracking, selected, updates)) return lost(selected, refAge_s);
  const falsetickers = sources.filter(isFalseticker);
  const live: NtpLive = {
    tracking,
    selected,
    updates,
    pause_s: Math.max(2 ** selected.poll, longestPause_s(updates)),
    // |system_time| is what chronyd holds true at the time of asking, so that each look is a sample of its own
    sample: { id: String(reading.at_ms), offset_ns: -tracking.system_time_s * 1e9 },
    measured_ns: (selected.offset_s - tracking.system_time_s) * 1e9,
    refAge_s,
    reportAge_s: age_ms / 1e3,
    falsetickers,
    isMajority: isMajority(sources, falsetickers),
    witnesses: sources.filter(isWitness),
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
