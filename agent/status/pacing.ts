// When which records are due, by the traffic profile: pure, so that a day can be run through it.
import type { TrafficProfile } from '../config/traffic.ts';

/**
 * What is sent at a moment. `full`: a set of all records, acknowledged; `facts`: the same with the static facts.
 * `slim`: what changes, plainly; `asked`: the same, and a stream is to acknowledge the heartbeat.
 */
export type Sending = 'nothing' | 'slim' | 'asked' | 'full' | 'facts';

/** What of the state of the unit decides. Each is compared with what it was when it was last told. */
export interface Telling {
  /** What a consumer must know at once: health, its problems, the clock, the link. */
  readonly state: string;
  /** How often the way to the hub was made anew, while it stands: whoever is there now may know nothing. */
  readonly join: string | undefined;
  /** The static facts. */
  readonly facts: string;
}

/** What was sent so far. Times are monotonic ms. */
export interface Paced {
  readonly told: Telling;
  /** Of any set, of one whose heartbeat is acknowledged, of a full one, of one with static facts. */
  readonly last_ms: number;
  readonly asked_ms: number;
  readonly full_ms: number;
  readonly facts_ms: number;
  /** How many full sets may be sent for a change, now. */
  readonly allowance: number;
}

/**
 * Full sets for changes: so many in a row, as a start or an outage may need, and then as many more in the time between two
 * that nothing caused.
 */
export const mostChanges = { inRow: 10, perFull: 6 } as const;
/** From one full set to the next, whatever changes. */
export const fullPause_ms = 5000;

/** Looks are this far apart at most, so that a change is seen well before a long interval has passed. */
const mostBetweenLooks_s = 15;

/** How often the unit is looked at: a whole number of times in each interval. */
export const lookEvery_ms = (interval_s: number): number =>
  (interval_s * 1000) / Math.ceil(interval_s / mostBetweenLooks_s);

/** What a profile is with the interval in force. */
export type Plan = Pick<TrafficProfile, 'full_s' | 'asked_s' | 'facts_s' | 'interval_s'>;

/**
 * What is due before the next look is due now: a look comes a little early or late, and a set that a change caused in between
 * must not make the next one late.
 */
const isDue = (since_ms: number, every_s: number, now_ms: number, plan: Plan): boolean =>
  now_ms - since_ms >= every_s * 1000 - 0.8 * lookEvery_ms(plan.interval_s);

function allowanceNow({ allowance, full_ms }: Paced, plan: Plan, now_ms: number): number {
  const refill = ((now_ms - full_ms) * mostChanges.perFull) / (1000 * Math.max(plan.full_s, plan.interval_s));
  return Math.min(mostChanges.inRow, allowance + refill);
}

function slimSending(before: Paced, now_ms: number, plan: Plan): { sending: Sending; paced: Paced } {
  const isAsked = plan.asked_s > 0 && isDue(before.asked_ms, plan.asked_s, now_ms, plan);
  const paced = { ...before, last_ms: now_ms };
  return isAsked ? { sending: 'asked', paced: { ...paced, asked_ms: now_ms } } : { sending: 'slim', paced };
}

/**
 * What is due now, and what has then been sent; `before` is undefined at the start, and after other options. `isExtra`: a
 * look that a change caused. It brings no slim records before their time: a clock that flaps would have them sent at each.
 */
export function nextSending(
  before: Paced | undefined,
  now: Telling,
  now_ms: number,
  plan: Plan,
  isExtra = false,
): { readonly sending: Sending; readonly paced: Paced } {
  if (before === undefined) {
    const paced = {
      told: now,
      last_ms: now_ms,
      asked_ms: now_ms,
      full_ms: now_ms,
      facts_ms: now_ms,
      allowance: mostChanges.inRow,
    };
    return { sending: 'facts', paced };
  }
  const { told } = before;
  const isNewHub = now.join !== undefined && now.join !== told.join;
  const needsFacts =
    plan.facts_s === 0 ||
    isNewHub ||
    now.facts !== told.facts ||
    isDue(before.facts_ms, plan.facts_s, now_ms, plan);
  const isChanged = now.state !== told.state || isNewHub || now.facts !== told.facts;
  const allowance = allowanceNow(before, plan, now_ms);
  const mayTell = isChanged && allowance >= 1 && now_ms - before.full_ms >= fullPause_ms;
  const isInterval = !isExtra && isDue(before.last_ms, plan.interval_s, now_ms, plan);
  const isFull = mayTell || (isInterval && isDue(before.full_ms, plan.full_s, now_ms, plan));
  if (!isFull && !isInterval) return { sending: 'nothing', paced: before };
  if (!isFull) return slimSending(before, now_ms, plan);
  const paced = {
    told: { ...now, join: now.join ?? told.join, facts: needsFacts ? now.facts : told.facts },
    last_ms: now_ms,
    asked_ms: now_ms,
    full_ms: now_ms,
    facts_ms: needsFacts ? now_ms : before.facts_ms,
    allowance: allowance - (mayTell ? 1 : 0),
  };
  return { sending: needsFacts ? 'facts' : 'full', paced };
}

/** Whether all that only a full record says is still as the last one said it. */
export const isAsTold = ({ told }: Paced, now: Telling): boolean => told.state === now.state;
