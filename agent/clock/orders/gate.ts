// Whether chronyd may select PTP: not before it is known to show the right second, and not after it is lost.
import { known } from '../../lib/known.ts';
import { freshValue, type Reading } from '../../lib/reading.ts';
import { type ChronyFacts, type ChronySource, followedPort, type PtpFacts } from '../facts.ts';
import { isTaiUtcMistake, isUtcOffsetSuspect } from '../verdict/grandmaster.ts';
import { contradicted, describeContradiction, isSettling } from './contradiction.ts';
import { agesBy_ms, type Followed, followedNow, isMeasured, whyUnmeasured } from './followed.ts';
import { agreesWithClock, type Held, heldNow } from './held.ts';
import {
  agedWitnesses,
  compareTimes,
  describeOffset,
  liveWitnesses,
  ptpSource,
  witnessesIn,
} from './witness.ts';

/** Why PTP may be selected, or may not. */
export type GateReason =
  | 'agrees' // with NTP
  | 'kept' // with the clock as NTP left it, or with what was decided before NTP fell silent
  | 'island' // chronyd has nothing but PTP
  | 'grace' // NTP has not answered for the time that it is waited for
  | 'starting' // nothing is known yet
  | 'lost' // ptp4l follows nobody, or gets no Sync
  | 'unmeasured' // chronyd has no sample of the present grandmaster
  | 'waiting' // for NTP to answer, or to set the clock to within some days
  | 'disagrees' // with NTP
  | 'contradicts' // NTP by less than a second, and chronyd would follow neither
  | 'settling' // chronyd may still hold samples of when it was wrong
  | 'utc_offset'; // the grandmaster counts in TAI, and does not vouch for its UTC offset

/** What chronyd is to be told of PTP; no order while nothing is known. */
export interface GateDecision {
  readonly order?: 'select' | 'withhold';
  readonly reason: GateReason;
  /** Of what whoever runs the unit has to mend: a sentence with the figures. */
  readonly fault?: string;
}

/** What is seen at one moment. */
export interface GateEvidence {
  readonly ptp: Reading<PtpFacts>;
  /** ptp4l follows somebody whose Syncs come. With the ntpshm servo its port stays UNCALIBRATED. */
  readonly followsPtp: boolean;
  readonly ntp: Reading<ChronyFacts>;
  /** By how much the clock was set since the start. */
  readonly set_s: number;
}

/** The decision, and what is remembered for the next. Times are monotonic ms. */
export interface GateState {
  readonly decision: GateDecision;
  /** When ptp4l was looked at first. */
  readonly first_ms?: number;
  /** When chronyd answered first: from then on NTP is waited for. */
  readonly since_ms?: number;
  /** Whether any source but PTP has ever given the time. */
  readonly isAnswered: boolean;
  /** What NTP said of PTP last. */
  readonly said?: 'agree' | 'disagree';
  readonly held?: Held | undefined;
  readonly followed?: Followed;
  /** When it was last seen to be wrong, or to contradict NTP. */
  readonly wrong_ms?: number | undefined;
  /** By how much the clock had been set at the last look, and when it was set last. */
  readonly step?: { readonly set_s: number; readonly at_ms: number };
  /** Since when chronyd has no sample of it. */
  readonly unmeasured_ms?: number | undefined;
}

/** Before anything was asked. */
export const closedGate: GateState = { decision: { reason: 'starting' }, isAnswered: false };

const select = (reason: GateReason): GateDecision => ({ order: 'select', reason });
const withhold = (reason: GateReason, fault?: string): GateDecision => ({
  order: 'withhold',
  reason,
  ...(fault === undefined ? {} : { fault }),
});

/** For so long chronyd may take to have a sample: several polls. */
const measuring_ms = 60_000;

/** Followed, but not measured by chronyd, of which the last facts are given. */
function unmeasured(state: GateState, facts: ChronyFacts | undefined, now_ms: number): GateState {
  const unmeasured_ms = state.unmeasured_ms ?? now_ms;
  const isLasting = now_ms - unmeasured_ms >= measuring_ms;
  const fault = isLasting ? `ptp4l follows a grandmaster, but ${whyUnmeasured(facts)}` : undefined;
  return { ...state, unmeasured_ms, decision: withhold('unmeasured', fault) };
}

const utcFault = 'its grandmaster counts in TAI and does not declare its UTC offset valid';

/** What the servers that answer say. As many that agree as contradict are enough: PTP is one more. */
function byWitnesses(ptp: ChronySource, live: readonly ChronySource[]): Pick<GateState, 'decision' | 'said'> {
  const said = live.map((one) => compareTimes(ptp, one));
  const agreeing = said.filter((one) => one === 'agree').length;
  const [against] = live.filter((_one, at) => said[at] === 'disagree');
  if (agreeing > 0 && 2 * agreeing >= live.length) return { said: 'agree', decision: select('agrees') };
  if (against === undefined) return { decision: withhold('waiting') };
  const isTai = isTaiUtcMistake((ptp.offset_s - against.offset_s) * 1e9);
  const fault = `by PTP this clock is ${describeOffset(ptp.offset_s)}, by ${against.name} it is ${describeOffset(against.offset_s)}${isTai ? ': they are as far apart as TAI and UTC' : ''}`;
  return { said: 'disagree', decision: withhold('disagrees', fault) };
}

/** While no server answers that has answered before: as it was decided, and as the clock shows. */
function byMemory(state: GateState, ptp: ChronySource, ofClock: boolean | undefined) {
  if (ofClock === true) return select('kept');
  if (ofClock === false) {
    const fault = `by PTP this clock is ${describeOffset(ptp.offset_s)}, which is not as NTP left it, and no server answers`;
    return withhold('disagrees', fault);
  }
  if (state.said === 'agree') return select('kept');
  const { fault } = state.decision;
  return state.said === 'disagree'
    ? withhold('disagrees', fault ?? 'NTP disagreed when it answered')
    : undefined;
}

/** A live grandmaster that chronyd has measured. */
function judgeTime(
  state: GateState,
  facts: ChronyFacts,
  ptp: ChronySource,
  isSuspect: boolean,
  now_ms: number,
  grace_s: number,
): Pick<GateState, 'decision' | 'said'> {
  const live = liveWitnesses(facts);
  if (live.length > 0) {
    const judged = byWitnesses(ptp, live);
    const isUnproven = isSuspect && judged.decision.reason === 'waiting';
    return isUnproven ? { ...judged, decision: withhold('utc_offset', utcFault) } : judged;
  }
  const ofClock = agreesWithClock(state.held, facts, now_ms);
  const remembered = state.isAnswered ? byMemory(state, ptp, ofClock) : undefined;
  if (remembered !== undefined) return { decision: remembered };
  // nothing is remembered, as after a restart of the agent; chronyd has not forgotten
  const ofLast = byWitnesses(ptp, agedWitnesses(facts));
  if (ofLast.said === 'disagree') return ofLast;
  if (isSuspect) return { decision: withhold('utc_offset', utcFault) };
  if (witnessesIn(facts).length === 0) return { decision: select('island') };
  if (ofClock === true) return { decision: select('kept') };
  const isOver = now_ms - (state.since_ms ?? now_ms) >= grace_s * 1e3;
  return { decision: isOver ? select('grace') : withhold('waiting') };
}

/** What is known of chronyd and ptp4l after a look at both. */
function remember(before: GateState, seen: GateEvidence, now_ms: number): GateState {
  const followed =
    seen.followsPtp && seen.ptp.kind === 'fresh'
      ? followedNow(before.followed, seen.ptp.value, now_ms)
      : before.followed;
  const state = { ...before, first_ms: before.first_ms ?? now_ms, ...known({ followed }) };
  if (seen.ntp.kind !== 'fresh') return state;
  const { value: facts } = seen.ntp;
  return {
    ...state,
    since_ms: before.since_ms ?? now_ms,
    isAnswered: before.isAnswered || witnessesIn(facts).some(({ last_rx_s }) => last_rx_s !== undefined),
    held: heldNow(before.held, facts, seen.set_s, now_ms),
    step:
      before.step?.set_s === seen.set_s
        ? before.step
        : { set_s: seen.set_s, at_ms: before.step === undefined ? -Infinity : now_ms },
  };
}

/** Whether the servers were asked last before the clock was set: what they said then is no word against PTP now. */
function isBeforeStep({ step }: GateState, facts: ChronyFacts, seen_ms: number): boolean {
  const ages_s = liveWitnesses(facts).map(({ last_rx_s = Infinity }) => last_rx_s);
  const newest_ms = seen_ms - Math.min(...ages_s) * 1e3 - agesBy_ms;
  return ages_s.length > 0 && step !== undefined && newest_ms <= step.at_ms;
}

/** A Sync that was there when we came shows only by the next one that it is no leftover. */
const firstSync_ms = 5000;

/** Whether it is too early to say that ptp4l follows nobody: what is selected stays so when the agent is restarted. */
function isEarly({ decision, first_ms = 0 }: GateState, { ptp }: GateEvidence, now_ms: number): boolean {
  if (decision.order !== undefined || now_ms - first_ms > firstSync_ms) return false;
  return ptp.kind === 'fresh' && followedPort(ptp.value) !== undefined;
}

/** A time that may be selected, as far as what chronyd has of it is not of when it was wrong. */
function heedErrors(
  { decision: before, wrong_ms }: GateState,
  decision: GateDecision,
  facts: ChronyFacts,
  ptp: ChronySource,
  now_ms: number,
): Pick<GateState, 'decision' | 'wrong_ms'> {
  if (decision.reason === 'disagrees') return { decision, wrong_ms: now_ms };
  if (decision.order !== 'select') return { decision, wrong_ms };
  const isSelected = before.order === 'select';
  const server = contradicted(facts, ptp, isSelected);
  if (server !== undefined)
    return { decision: withhold('contradicts', describeContradiction(ptp, server)), wrong_ms: now_ms };
  return {
    decision: !isSelected && isSettling(wrong_ms, ptp, now_ms) ? withhold('settling') : decision,
    wrong_ms,
  };
}

/** ptp4l follows somebody: is the time right that it brings? */
function judgeFollowed(
  state: GateState,
  followed: Followed,
  seen: GateEvidence,
  now_ms: number,
  grace_s: number,
): GateState {
  if (seen.ntp.kind !== 'fresh') return unmeasured(state, undefined, now_ms);
  const { value: facts, at_ms } = seen.ntp;
  const ptp = ptpSource(facts);
  if (!isMeasured(ptp, followed, at_ms)) return unmeasured(state, facts, now_ms);
  if (state.decision.order === 'select' && isBeforeStep(state, facts, at_ms))
    return { ...state, unmeasured_ms: undefined };
  const properties = freshValue(seen.ptp)?.timeProperties;
  const isSuspect = properties !== undefined && isUtcOffsetSuspect(properties);
  const judged = judgeTime(state, facts, ptp, isSuspect, now_ms, grace_s);
  return {
    ...state,
    unmeasured_ms: undefined,
    ...judged,
    ...heedErrors(state, judged.decision, facts, ptp, now_ms),
  };
}

/** Decides anew. `grace_s` is how long NTP may stay silent. `now_ms` is monotonic. */
export function gateNow(before: GateState, seen: GateEvidence, now_ms: number, grace_s: number): GateState {
  if (seen.ptp.kind === 'absent' && seen.ptp.why === 'not_yet') return before;
  const state = remember(before, seen, now_ms);
  const { followed } = state;
  if (!seen.followsPtp || followed === undefined)
    return isEarly(state, seen, now_ms)
      ? state
      : { ...state, unmeasured_ms: undefined, decision: withhold('lost') };
  // one that is restarted, or too busy to answer, has been told already
  if (seen.ntp.kind !== 'fresh' && state.decision.order === 'select') return state;
  return judgeFollowed(state, followed, seen, now_ms, grace_s);
}
