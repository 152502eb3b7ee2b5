/** What is known of the leaf and its hub at one moment. */
export interface LeafSituation {
  /** Monotonic. */
  readonly now_ms: number;
  /** The hub has answered on the link. */
  readonly joined: boolean;
  /** Something accepts connections at an address of the hub, of the asked or of the last good settings. */
  readonly reached: boolean;
  /** A probe came through to a hub by the settings that were asked for. */
  readonly open: boolean;
  /** The server that runs now has said that it is not joined, or has had the time to. */
  readonly running: boolean;
  /** Hub or unit refuse, and a restart would not change that. */
  readonly refused: boolean;
  /** Names of the hub settings that were asked for, and of the last good ones where those are others. */
  readonly asked: string;
  readonly fallback?: string | undefined;
  /** The last good ones are in use. */
  readonly onFallback: boolean;
  /** Those asked for have joined once. */
  readonly proven: boolean;
}

export interface SupervisorLimits {
  /** How long new hub settings may take to join; 0: for ever. */
  readonly confirm_ms: number;
  /** How long a leaf may stay unjoined though the hub is there; 0: for ever. */
  readonly watchdog_ms: number;
}

/** Use the last good settings, use those asked for again, or only start the server anew. */
export type SupervisorAction = 'roll_back' | 'return' | 'restart';

/** What is kept from one moment to the next. */
export interface SupervisorState {
  readonly at_ms: number;
  readonly asked?: string;
  /** How long the leaf has been unjoined although something was there to join, since the last action. */
  readonly waited_ms: number;
  /** How often the settings were switched since others were asked for or the hub was joined. */
  readonly switches: number;
  /** How often the watchdog has restarted the server in this outage. */
  readonly restarts: number;
  /** Since when it is joined. */
  readonly joined_ms?: number;
}

const longestTrial_ms = 15 * 60_000;
const longestWatch_ms = 60 * 60_000;
/** A link that held so long was a good one. */
const settled_ms = 60_000;

export const initialState = (now_ms: number): SupervisorState => ({
  at_ms: now_ms,
  waited_ms: 0,
  switches: 0,
  restarts: 0,
});

/** The first two trials are short, each later one twice as long as the one before. */
const trialLimit_ms = (confirm_ms: number, switches: number): number =>
  switches < 2
    ? confirm_ms
    : Math.max(confirm_ms, Math.min(longestTrial_ms, confirm_ms * 2 ** (switches - 1)));

/** Each restart that does not help doubles the time to the next. */
const watchdogLimit_ms = (watchdog_ms: number, restarts: number): number =>
  Math.max(watchdog_ms, Math.min(longestWatch_ms, watchdog_ms * 2 ** restarts));

function whileJoined(state: SupervisorState, { now_ms, onFallback }: LeafSituation): SupervisorState {
  const joined_ms = state.joined_ms ?? now_ms;
  const restarts = now_ms - joined_ms >= settled_ms ? 0 : state.restarts;
  return { ...state, joined_ms, restarts, waited_ms: 0, switches: onFallback ? 1 : 0 };
}

/** What is to be done now, and how long the leaf had something to join before it. */
export interface SupervisorStep {
  readonly action: SupervisorAction;
  readonly after_ms: number;
}

/** The next state, and what is to be done now. Only time counts in which there was a server, and something to join. */
export function decide(
  before: SupervisorState,
  now: LeafSituation,
  limits: SupervisorLimits,
): { state: SupervisorState; step?: SupervisorStep } {
  const { now_ms, asked } = now;
  const isSame = before.asked === undefined || before.asked === asked;
  const base = isSame ? { ...before, asked, at_ms: now_ms } : { ...initialState(now_ms), asked };
  if (now.joined) return { state: whileJoined(base, now) };

  const { joined_ms: _, ...unjoined } = base;
  const onTrial = limits.confirm_ms > 0 && now.fallback !== undefined && !now.proven;
  const counts = now.running && (onTrial ? now.reached : now.open && !now.refused);
  const waited_ms = base.waited_ms + (counts && isSame ? now_ms - before.at_ms : 0);
  const state = { ...unjoined, waited_ms };
  if (onTrial) {
    const after_ms = trialLimit_ms(limits.confirm_ms, base.switches);
    if (waited_ms < after_ms) return { state };
    const action = now.onFallback ? 'return' : 'roll_back';
    const next = { ...state, waited_ms: 0, switches: base.switches + 1 };
    return { state: next, step: { action, after_ms } };
  }
  const after_ms = watchdogLimit_ms(limits.watchdog_ms, base.restarts);
  if (limits.watchdog_ms === 0 || waited_ms < after_ms) return { state };
  const next = { ...state, waited_ms: 0, restarts: base.restarts + 1 };
  return { state: next, step: { action: 'restart', after_ms } };
}
