// Which changes of the clock are worth an event: found by comparing two states, so that nothing is reported twice.
// What is not known now, since a daemon does not answer, has not changed: it is compared once it is known again.
// And the first time that a thing is known is no change of it, so that a start is not a storm of events.

import { absenceText, freshValue, presenceOf, type Reading } from '../lib/reading.ts';
import { type ChronyFacts, isFollowing, type PtpFacts, selectedSource } from './facts.ts';
import type { Verdict } from './types.ts';

/** Known to be without one, as against not known. */
const none = 'none';

/** What is compared; all of it JSON-able. Missing means that it was never known; `none` that there is none. */
export interface ClockState {
  readonly verdict: { readonly source: string; readonly quality: string; readonly holdover: boolean };
  readonly grandmaster?: string;
  readonly parent?: string;
  readonly stepsRemoved?: number | typeof none;
  /** Port identity -> portState. */
  readonly ports?: Readonly<Record<string, string>>;
  readonly ntpSource?: string;
  /** `fresh`, `stale` or `absent: <why>`. */
  readonly ptp4l?: string;
  readonly chronyd?: string;
  /** Whether each daemon answers, for the evidence; figures in it change all the time and are not compared. */
  readonly presence: { readonly ptp4l: string; readonly chronyd: string };
}

/** One change: `event` is `clock`, `grandmaster`, `parent`, `steps_removed`, `port_state`, `ntp_source`, `ptp4l` or `chronyd`. */
export interface ClockChange {
  readonly event: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Missing where the evidence of the verdict is that of the change too. */
  readonly evidence?: string;
}

const isAsked = (reading: Reading<unknown>): boolean =>
  reading.kind !== 'absent' || reading.why !== 'not_yet';

function describePresence(daemon: string, reading: Reading<unknown>): string {
  if (reading.kind === 'fresh') return `${daemon} answers`;
  return reading.kind === 'stale'
    ? `${daemon} has not answered lately: ${reading.why}`
    : `${daemon}: ${absenceText(reading)}`;
}

const selectedOf = (ntp: ChronyFacts): string => selectedSource(ntp)?.name ?? none;

/** Before it has heard of a master, a clock is its own parent. */
const isOwn = (identity: string, facts: PtpFacts): boolean =>
  facts.ports.some(({ portIdentity }) => portIdentity.startsWith(`${identity}-`));

type Following = Pick<ClockState, 'grandmaster' | 'parent' | 'stepsRemoved'>;

/** Whom the clock follows. What a dead grandmaster left behind does not count: only a port that follows has one. */
function followingOf(facts: PtpFacts): Following {
  const { parent, current } = facts;
  if (!facts.ports.some(isFollowing) || (parent !== undefined && isOwn(parent.grandmasterIdentity, facts)))
    return { grandmaster: none, parent: none, stepsRemoved: none };
  return {
    ...(parent === undefined
      ? {}
      : { grandmaster: parent.grandmasterIdentity, parent: parent.parentPortIdentity }),
    ...(current === undefined ? {} : { stepsRemoved: current.stepsRemoved }),
  };
}

/** The state of one moment; what is not known at this moment is as it was `before`. */
export function clockStateOf(
  verdict: Verdict,
  ptp: Reading<PtpFacts>,
  ntp: Reading<ChronyFacts>,
  before?: ClockState,
): ClockState {
  const facts = freshValue(ptp);
  const chrony = freshValue(ntp);
  return {
    ...before,
    verdict: { source: verdict.source, quality: verdict.quality, holdover: verdict.holdover !== undefined },
    ...(facts === undefined
      ? {}
      : {
          ...followingOf(facts),
          ports: Object.fromEntries(facts.ports.map((port) => [port.portIdentity, port.portState])),
        }),
    ...(chrony === undefined ? {} : { ntpSource: selectedOf(chrony) }),
    ...(isAsked(ptp) ? { ptp4l: presenceOf(ptp) } : {}),
    ...(isAsked(ntp) ? { chronyd: presenceOf(ntp) } : {}),
    presence: { ptp4l: describePresence('ptp4l', ptp), chronyd: describePresence('chronyd', ntp) },
  };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Nothing is otherwise, be it worth an event or known for the first time. */
export const sameClockState = (
  { presence: _a, ...a }: ClockState,
  { presence: _b, ...b }: ClockState,
): boolean => same(a, b);

function* portChanges(before: ClockState['ports'], after: ClockState['ports']): Generator<ClockChange> {
  if (before === undefined || after === undefined) return;
  for (const port of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [a, b] = [before[port], after[port]];
    if (a === b) continue;
    const at = (portState = none) => ({ port, portState });
    yield {
      event: 'port_state',
      before: at(a),
      after: at(b),
      evidence: `port ${port} went from ${a ?? none} to ${b ?? none}`,
    };
  }
}

/** All that changed from one state to the next, the verdict first. */
export function changesBetween(before: ClockState, after: ClockState): ClockChange[] {
  const changed = (event: string, a: unknown, b: unknown, evidence?: string): ClockChange[] =>
    a === undefined || b === undefined || same(a, b)
      ? []
      : [{ event, before: a, after: b, ...(evidence === undefined ? {} : { evidence }) }];
  const { presence } = after;
  return [
    ...changed('clock', before.verdict, after.verdict),
    ...changed('grandmaster', before.grandmaster, after.grandmaster),
    ...changed('parent', before.parent, after.parent),
    ...changed('steps_removed', before.stepsRemoved, after.stepsRemoved),
    ...portChanges(before.ports, after.ports),
    ...changed('ntp_source', before.ntpSource, after.ntpSource),
    ...changed('ptp4l', before.ptp4l, after.ptp4l, presence.ptp4l),
    ...changed('chronyd', before.chronyd, after.chronyd, presence.chronyd),
  ];
}
