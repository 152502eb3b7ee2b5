/** What is known of the leaf and its hub at one moment. */
export interface CareFacts {
  /** Monotonic. */
  readonly now_ms: number;
  /** The hub has answered on the link. */
  readonly joined: boolean;
  /** Somebody accepts connections at an address of the hub, of the asked or of the last good settings. */
  readonly reached: boolean;
  /** The hub's door is open by the settings that were asked for. */
  readonly open: boolean;
  /** Somebody says no, and a restart would not change that. */
  readonly refused: boolean;
  /** Names of the hub settings that were asked for, and of the last good ones where those are others. */
  readonly asked: string;
  readonly fallback?: string | undefined;
  /** The last good ones are in use. */
  readonly onFallback: boolean;
  /** Those asked for have joined once. */
  readonly proven: boolean;
}

export interface CareLimits {
  /** How long new hub settings may take to join; 0: for ever. */
  readonly confirm_ms: number;
  /** How long a leaf may stay unjoined though the hub is there; 0: for ever. */
  readonly watchdog_ms: number;
}

/** What is to be done: use the last good settings, those asked for again, or only start the server anew. */
export type CareAction = 'fall_back' | 'return' | 'restart';

/** The state between two moments. */
export interface Care {
  readonly at_ms: number;
  readonly asked?: string;
  /** How long it has been unjoined although somebody was there, since the start of this turn. */
  readonly waited_ms: number;
  /** How often settings were changed in this trial. */
  readonly turns: number;
  /** How often the watchdog has restarted in this outage. */
  readonly restarts: number;
  /** Since when it is joined. */
  readonly joined_ms?: number;
}

const longestTurn_ms = 15 * 60_000;
const longestWatch_ms = 60 * 60_000;
/** A link that held so long was a good one. */
const settled_ms = 60_000;

export const careFrom = (now_ms: number): Care => ({ at_ms: now_ms, waited_ms: 0, turns: 0, restarts: 0 });

/** The first two turns are short, each later one twice as long as the one before. */
const turnLimit_ms = (confirm_ms: number, turns: number): number =>
  turns < 2 ? confirm_ms : Math.max(confirm_ms, Math.min(longestTurn_ms, confirm_ms * 2 ** (turns - 1)));

/** The next state, and what is to be done now. Only time counts in which somebody was there to join. */
export function careFor(
  before: Care,
  facts: CareFacts,
  limits: CareLimits,
): { care: Care; action?: CareAction } {
  const { now_ms, asked } = facts;
  const known = before.asked === undefined || before.asked === asked;
  const base = known ? { ...before, asked, at_ms: now_ms } : { ...careFrom(now_ms), asked };
  if (facts.joined) {
    const joined_ms = base.joined_ms ?? now_ms;
    const restarts = now_ms - joined_ms >= settled_ms ? 0 : base.restarts;
    return { care: { ...base, joined_ms, restarts, waited_ms: 0, turns: facts.onFallback ? 1 : 0 } };
  }
  const { joined_ms: _, ...unjoined } = base;
  const onTrial = limits.confirm_ms > 0 && facts.fallback !== undefined && !facts.proven;
  const counts = onTrial ? facts.reached : facts.open && !facts.refused;
  const waited_ms = counts ? base.waited_ms + (now_ms - (known ? before.at_ms : now_ms)) : base.waited_ms;
  const care = { ...unjoined, waited_ms };
  if (onTrial) {
    if (waited_ms < turnLimit_ms(limits.confirm_ms, base.turns)) return { care };
    const action = facts.onFallback ? 'return' : 'fall_back';
    return { care: { ...care, waited_ms: 0, turns: base.turns + 1 }, action };
  }
  const watch_ms = Math.max(
    limits.watchdog_ms,
    Math.min(longestWatch_ms, limits.watchdog_ms * 2 ** base.restarts),
  );
  if (limits.watchdog_ms === 0 || waited_ms < watch_ms) return { care };
  return { care: { ...care, waited_ms: 0, restarts: base.restarts + 1 }, action: 'restart' };
}
