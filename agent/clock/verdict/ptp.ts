// What ptp4l reports, assessed: port state and freshness come before the offset.

import { formatAgo, formatNs } from '../../lib/format.ts';
import { absenceText } from '../../lib/reading.ts';
import {
  decidingPort,
  type Evidence,
  isFollowing,
  type PortState,
  type PtpFacts,
  type PtpPort,
} from '../facts.ts';
import { pathDelay_ns } from './bounds/ptpbound.ts';
import type { OffsetSample } from './hysteresis.ts';
import type { ReasonCode } from './reasons.ts';
import { type ClockSettings, readingAgeLimit_ms } from './settings.ts';

/** Which clock ptp4l measures against the master: the system's, the network card's, or it is not known. */
type MeasuredClock = 'system' | 'phc' | 'unknown';

/** ptp4l at one moment. */
export interface PtpAssessment {
  readonly state:
    | 'slave' // SLAVE with fresh Sync: steers the clock that it measures
    | 'measuring' // UNCALIBRATED with fresh Sync
    | 'not_following' // answers, but gets no fresh Sync
    | 'silent'; // cannot be asked
  /** Why it is not `slave`; for a slave, undefined. */
  readonly reason?: ReasonCode;
  readonly explanation: string;
  /** Present only while Sync messages are fresh. */
  readonly live?: PtpLive;
}

/** Something that shows that the path delay is measured. */
export interface DelaySign {
  /** Monotonic ms. */
  readonly seen_ms: number;
  /** Age at which it is too old. */
  readonly limit_ms: number;
}

/** A port that gets Sync messages. */
export interface PtpLive {
  readonly facts: PtpFacts;
  readonly port: PtpPort;
  readonly clock: MeasuredClock;
  readonly sample: OffsetSample;
  readonly sinceSync_ms: number;
  readonly syncInterval_ms: number;
  /** By what it is seen that the path delay is measured; each of them must be. */
  readonly delaySigns: readonly DelaySign[];
  /** How long ptp4l's filter of path delays takes to forget old ones, once they are measured again. */
  readonly delayFilter_ms: number;
  /** Grandmaster and parent port: another master's path has another delay. */
  readonly follows: string;
  /** Whom it follows and in which state: offsets that were measured under another regime say nothing of this one. */
  readonly regime: string;
}

/** How long UNCALIBRATED with fresh Sync counts as starting up; pi servos need up to 30 s. */
const calibration_ms = 60_000;

const reasonOf = (state: PortState): ReasonCode => {
  if (state === 'FAULTY' || state === 'DISABLED' || state === 'INITIALIZING') return 'ptp_port_faulty';
  return state === 'MASTER' || state === 'GRAND_MASTER' ? 'ptp_self_master' : 'ptp_listening';
};

function measuredClock(port: PtpPort, settings: ClockSettings): MeasuredClock {
  if (port.timestamping !== undefined) return port.timestamping === 'SOFTWARE' ? 'system' : 'phc';
  if (settings.timestamping === 'auto') return 'unknown';
  return settings.timestamping === 'software' ? 'system' : 'phc';
}

/** An interval outside 2^-7 to 2^7 s is not one (unicast reports 127). */
const interval_ms = (log: number): number => (Math.abs(log) <= 7 ? 2 ** log : 1) * 1e3;

/** Three Sync intervals, at least 3 s. */
const syncAgeLimit_ms = ({ logSyncInterval }: PtpPort): number =>
  Math.max(3000, 3 * interval_ms(logSyncInterval));

const unmovedDelayLimit_ms = 30_000;
/** ptp4l's delay_filter_length is 10 by default, and the intervals are random. */
const filteredDelays = 12;

/**
 * Eight intervals without an answer, at least 8 s: one in two takes longer than the interval. Answers to the other slaves
 * of a segment are counted, too, so that the delay itself must move besides, which a median of software stamps does
 * within 30 s, but hardware need not.
 */
function delaySigns(
  { delayChanged_ms }: PtpFacts,
  { logMinDelayInterval, answered_ms }: PtpPort,
  clock: MeasuredClock,
  { poll_s }: ClockSettings,
): DelaySign[] {
  const sign = (seen_ms: number, intervals: number, least_ms: number): DelaySign => ({
    seen_ms,
    limit_ms: Math.max(least_ms, intervals * interval_ms(logMinDelayInterval)) + 2e3 * (poll_s - 1),
  });
  return [
    ...(answered_ms === undefined ? [] : [sign(answered_ms, 8, 8000)]),
    ...(clock === 'system' ? [sign(delayChanged_ms, 30, unmovedDelayLimit_ms)] : []),
  ];
}

/** How old the last Sync may be that a poll knows of; one that is asked seldom sees it late. */
const knownAgeLimit_ms = (port: PtpPort, poll_s: number): number =>
  Math.max(syncAgeLimit_ms(port), 2e3 * poll_s);

/** After a Sync counts as too old: when to ask once more, and how long the answer may take. */
const lateSync_ms = { asks: 50, answered: 400 } as const;

function isSyncFresh(
  facts: PtpFacts,
  port: PtpPort,
  at_ms: number,
  now_ms: number,
  { poll_s }: ClockSettings,
) {
  const { timeStatus, ingressSeen_ms } = facts;
  if (timeStatus.ingress_time_ns === 0n || at_ms - ingressSeen_ms > syncAgeLimit_ms(port)) return false;
  return now_ms - ingressSeen_ms <= knownAgeLimit_ms(port, poll_s) + lateSync_ms.answered;
}

/** When to ask for a Sync that has not come: just after the last one has grown too old. Undefined without one. */
export function syncDueAt_ms(facts: PtpFacts, poll_s: number): number | undefined {
  const port = decidingPort(facts.ports);
  if (port === undefined || !isFollowing(port)) return undefined;
  if (facts.ingressSeen_ms === -Infinity) return undefined;
  return facts.ingressSeen_ms + knownAgeLimit_ms(port, poll_s) + lateSync_ms.asks;
}

/** Whether ptp4l follows somebody whose Syncs come. */
export const hasFreshSync = (reading: Evidence['ptp'], now_ms: number, settings: ClockSettings): boolean =>
  assessPtp(reading, now_ms, settings, {}).live !== undefined;

const portName = (port: PtpPort): string => `port ${port.portIdentity.split('-').at(-1)}`;

function describeLive({ facts, port, sample, sinceSync_ms }: PtpLive): string {
  const delay = pathDelay_ns(facts, port);
  return (
    `ptp4l ${portName(port)} is ${port.portState} of ${facts.timeStatus.gmIdentity}, ` +
    `last Sync ${formatAgo(sinceSync_ms)}, offset ${formatNs(sample.offset_ns)}` +
    (delay === undefined ? '' : `, path delay ${formatNs(delay)}`)
  );
}

const silent = (reason: ReasonCode, explanation: string): PtpAssessment => ({
  state: 'silent',
  reason,
  explanation,
});
const notFollowing = (reason: ReasonCode, explanation: string): PtpAssessment => ({
  state: 'not_following',
  reason,
  explanation,
});

/** Why there is nothing fresh to judge by. */
function unanswered(reading: Exclude<Evidence['ptp'], { kind: 'fresh' }>): PtpAssessment {
  if (reading.kind === 'stale') return silent('ptp_no_answer', `ptp4l is silent: ${reading.why}`);
  if (reading.why === 'not_yet') return silent('starting', 'ptp4l has not been queried yet');
  const wanted = !['not_installed', 'no_socket', 'disabled'].includes(reading.why);
  const explanation = `ptp4l: ${absenceText(reading)}`;
  return silent(wanted ? 'ptp_no_answer' : 'ptp_absent', explanation);
}

/** The last Sync of a port that should get some, for people. */
function describeStale({ timeStatus, ingressSeen_ms }: PtpFacts, now_ms: number): string {
  if (timeStatus.ingress_time_ns === 0n) return 'no Sync so far';
  const sinceSync_ms = now_ms - ingressSeen_ms;
  return Number.isFinite(sinceSync_ms)
    ? `last Sync ${formatAgo(sinceSync_ms)}`
    : 'no new Sync was seen so far';
}

/** Grandmaster and parent port; a parent that was not told this time is the same as long as the grandmaster is. */
function followsNow({ timeStatus: { gmIdentity }, parent }: PtpFacts, before: string | undefined): string {
  if (parent === undefined && before?.startsWith(`${gmIdentity} `) === true) return before;
  return `${gmIdentity} ${parent?.parentPortIdentity}`;
}

/** What was learned of ptp4l before. */
export interface PtpMemory {
  /** When it was first seen measuring without being SLAVE, monotonic ms. */
  readonly measuringSince_ms?: number;
  /** Whom it followed last. */
  readonly follows?: string | undefined;
}

function liveOf(
  facts: PtpFacts,
  port: PtpPort,
  now_ms: number,
  settings: ClockSettings,
  memory: PtpMemory,
): PtpLive {
  const clock = measuredClock(port, settings);
  const { timeStatus } = facts;
  const follows = followsNow(facts, memory.follows);
  return {
    facts,
    port,
    clock,
    sample: { id: String(timeStatus.ingress_time_ns), offset_ns: timeStatus.master_offset_ns },
    sinceSync_ms: now_ms - facts.ingressSeen_ms,
    syncInterval_ms: interval_ms(port.logSyncInterval),
    delayFilter_ms: filteredDelays * interval_ms(port.logMinDelayInterval),
    delaySigns: delaySigns(facts, port, clock, settings),
    follows,
    regime: `${follows} ${port.portState}`,
  };
}

/** Assesses ptp4l by itself. */
export function assessPtp(
  reading: Evidence['ptp'],
  now_ms: number,
  settings: ClockSettings,
  memory: PtpMemory,
): PtpAssessment {
  if (reading.kind !== 'fresh') return unanswered(reading);
  const age_ms = now_ms - reading.at_ms;
  if (age_ms > readingAgeLimit_ms(settings))
    return silent('ptp_no_answer', `ptp4l answered last ${formatAgo(age_ms)}`);
  const facts = reading.value;
  const port = decidingPort(facts.ports);
  if (port === undefined) return notFollowing('ptp_port_faulty', 'ptp4l has no port');
  const { portState } = port;
  const state = `ptp4l ${portName(port)} is ${portState}`;
  if (!isFollowing(port)) return notFollowing(reasonOf(portState), state);
  if (!isSyncFresh(facts, port, reading.at_ms, now_ms, settings))
    return notFollowing('ptp_stale_sync', `${state}, but ${describeStale(facts, now_ms)}`);
  const live = liveOf(facts, port, now_ms, settings, memory);
  const explanation = describeLive(live);
  if (portState === 'SLAVE' && facts.timeStatus.gmPresent) return { state: 'slave', explanation, live };
  const { measuringSince_ms } = memory;
  const settling = measuringSince_ms === undefined || now_ms - measuringSince_ms < calibration_ms;
  const reason = settling ? 'ptp_uncalibrated' : 'ptp_free_running';
  return { state: 'measuring', reason, explanation, live };
}
