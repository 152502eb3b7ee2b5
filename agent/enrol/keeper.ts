// Keeps a device enrolled while its agent runs: with the token of its config, and by renewals.
import type { EnrolledHub } from '../config/enrolled.ts';
import { claimsOf } from '../config/formats/creds.ts';
import { messageOf } from '../lib/errors.ts';
import { formatUtc } from '../lib/format.ts';
import type { Link } from '../nats/link.ts';
import { type EnrolToken, parseEnrolToken } from '../wire/enrol.ts';
import {
  type EnrolDeps,
  type EnrolOutcome,
  type EnrolState,
  enrolWith,
  renewApart,
  renewOver,
} from './enrol.ts';
import { enrolFolder } from './folder.ts';
import { renewalOf } from './request.ts';
import { sayEnrolState } from './words.ts';

/** Why a device is not enrolled, or may not be for long. */
export type EnrolTrouble =
  | { readonly kind: 'waiting'; readonly step: EnrolState['step']; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }
  /** Its login cannot be renewed, and ends soon or has ended. */
  | { readonly kind: 'failing'; readonly why: string }
  /** It is enrolled, and nobody has rendered that yet. */
  | { readonly kind: 'untaken' };

export interface EnrolKeeper {
  trouble(): EnrolTrouble | undefined;
  stop(): void;
}

/** What keeps a device enrolled. */
export interface KeeperDeps extends Omit<EnrolDeps, 'folder'> {
  /** The connection of the unit. */
  readonly link: Link;
  /** Whether the hub refuses the login of the unit. */
  isRefused(): boolean;
  /** Has the config rendered anew. */
  takeOver(): void;
}

/** What is asked of it. */
export interface KeeperSetup {
  /** The folder of the enrolment. */
  readonly dir: string;
  /** `hub.enrol_token`. */
  readonly token?: string;
  /** Public key by which the config uses the enrolment; undefined where it does not. */
  readonly key?: string;
  /** The config names no hub itself. */
  readonly isFree: boolean;
}

const shortest_ms = 1000;
const longest_ms = 600_000;
/** Between two looks whether the link is of use to ask over. */
const patience_ms = 60_000;
/** So soon it is noticed that the hub refuses a login that has not ended, as of a unit that was renamed. */
const lookAgain_ms = 20_000;
/** After a refusal, which only a person can change. */
const afterRefusal_ms = 900_000;
/** From this share of its life on it is told that a login is not renewed. */
const lateAt = 5 / 6;

/** The life of the login of the link. */
function lifeOf({ jwt, until_s }: EnrolledHub): { from_s: number; until_s: number } {
  const { iat } = claimsOf(jwt);
  return { from_s: typeof iat === 'number' ? iat : until_s, until_s };
}

/** The hub may still refuse for so long after a renewal: until the link has come back. */
const settling_ms = 300_000;

interface Keeper {
  readonly deps: KeeperDeps & EnrolDeps;
  readonly setup: KeeperSetup;
  readonly token: EnrolToken | undefined;
  /** Of the token, and of the enrolment that there is. */
  readonly troubles: { token?: EnrolTrouble | undefined; own?: EnrolTrouble | undefined };
  /** Monotonic ms before which the token, or a login that the hub refuses, is left alone. */
  tokenAfter_ms: number;
  refusedAfter_ms: number;
}

function note({ deps, troubles }: Keeper, of: 'token' | 'own', trouble: EnrolTrouble | undefined): void {
  if (JSON.stringify(trouble) === JSON.stringify(troubles[of])) return;
  troubles[of] = trouble;
  if (trouble === undefined) return;
  deps.log.warn('enrolment', { state: trouble.kind, ...('why' in trouble && { why: trouble.why }) });
}

/** Takes a new login. */
function took(
  keeper: Keeper,
  { hub: { unit, until_s }, isOther }: Extract<EnrolOutcome, { readonly state: 'enrolled' }>,
): void {
  const { deps, setup } = keeper;
  deps.log.info('enrolled', { unit, until: formatUtc(until_s * 1000) });
  keeper.refusedAfter_ms = deps.ticker.now_ms() + settling_ms;
  note(keeper, 'own', undefined);
  if (isOther || setup.key === undefined) deps.takeOver();
}

const later = (ms: number, { ticker }: KeeperDeps): Promise<void> =>
  new Promise((done) => void ticker.after(ms, done));

/** Enrols with the token of the config; with a login that there is already, it takes turns with its renewal. */
async function enrol(
  keeper: Keeper,
  token: EnrolToken,
  isAgain: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { deps } = keeper;
  const turn = new AbortController();
  const end = isAgain ? deps.ticker.after(longest_ms, () => turn.abort()) : () => {};
  try {
    const outcome = await enrolWith(
      token,
      deps,
      (state) => note(keeper, 'token', { kind: 'waiting', step: state.step, why: sayEnrolState(state) }),
      AbortSignal.any([signal, turn.signal]),
    );
    if (outcome.state === 'enrolled') took(keeper, outcome);
    else keeper.tokenAfter_ms = deps.ticker.now_ms() + afterRefusal_ms;
    note(keeper, 'token', outcome.state === 'enrolled' ? undefined : { kind: 'refused', why: outcome.why });
  } catch (error) {
    if (!turn.signal.aborted) throw error;
    keeper.tokenAfter_ms = deps.ticker.now_ms() + shortest_ms;
  } finally {
    end();
  }
}

const isRefused = ({ deps, refusedAfter_ms }: Keeper): boolean =>
  deps.ticker.now_ms() >= refusedAfter_ms && deps.isRefused();

/** Resolves with nothing once another process has brought another login: what is asked for with this one is over. */
async function untilOther({ deps }: Keeper, { jwt }: EnrolledHub, signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted && deps.folder.hub()?.jwt === jwt) await later(lookAgain_ms, deps);
}

/** Asks for a new login: over the link of the unit, and once that cannot be by the login for nothing else. */
async function renew(keeper: Keeper, hub: EnrolledHub, signal: AbortSignal): Promise<void> {
  const { deps } = keeper;
  const ending = new AbortController();
  const both = AbortSignal.any([signal, ending.signal]);
  const { from_s, until_s } = lifeOf(hub);
  const late_ms = (from_s + (until_s - from_s) * lateAt) * 1000;
  const tell = (state: EnrolState): void => {
    if (deps.wall_ms() >= late_ms || isRefused(keeper))
      note(keeper, 'own', { kind: 'failing', why: sayEnrolState(state) });
  };
  const apart = async (): Promise<EnrolOutcome> => {
    for (;;) {
      const left_ms = until_s * 1000 - deps.wall_ms();
      if (left_ms <= 0 || isRefused(keeper)) break;
      await later(Math.min(patience_ms, Math.max(shortest_ms, left_ms)), deps);
      both.throwIfAborted();
    }
    return renewApart(hub, deps, tell, both);
  };
  try {
    const other = untilOther(keeper, hub, both);
    const outcome = await Promise.race([renewOver(deps.link, hub, deps, tell, both), apart(), other]);
    if (outcome?.state === 'enrolled') return took(keeper, outcome);
    if (outcome !== undefined) {
      note(keeper, 'own', { kind: 'failing', why: outcome.why });
      await Promise.race([later(afterRefusal_ms, deps), other]);
    }
    if (deps.folder.hub()?.jwt === hub.jwt) return;
    keeper.refusedAfter_ms = deps.ticker.now_ms() + settling_ms;
    note(keeper, 'own', undefined);
  } finally {
    ending.abort();
  }
}

/** Does what is due; gives after how long to look again. */
async function look(keeper: Keeper, signal: AbortSignal): Promise<number> {
  const { deps, setup, token } = keeper;
  deps.folder.settle();
  const before = deps.folder.hub();
  if (token !== undefined && token.id !== before?.token && deps.ticker.now_ms() >= keeper.tokenAfter_ms)
    await enrol(keeper, token, before !== undefined, signal);
  const hub = deps.folder.hub();
  if (hub === undefined) return afterRefusal_ms;
  if (setup.key !== hub.key && setup.isFree) {
    note(keeper, 'own', { kind: 'untaken' });
    deps.takeOver();
  }
  if (setup.key === undefined) return longest_ms; // it is not in use
  const due_ms = renewalOf(lifeOf(hub)) - deps.wall_ms();
  if (due_ms <= 0 || isRefused(keeper)) {
    await renew(keeper, hub, signal);
    return shortest_ms;
  }
  note(keeper, 'own', undefined);
  return Math.min(longest_ms, Math.max(shortest_ms, due_ms));
}

/** Begins to keep the device enrolled, until it is stopped. */
export function keepEnrolled(deps: KeeperDeps, setup: KeeperSetup): EnrolKeeper {
  const found = setup.token === undefined ? undefined : parseEnrolToken(setup.token);
  const keeper: Keeper = {
    deps: { ...deps, folder: enrolFolder(setup.dir) },
    setup,
    token: found?.ok ? found.value : undefined,
    troubles: found?.ok === false ? { token: { kind: 'refused', why: found.why } } : {},
    tokenAfter_ms: 0,
    refusedAfter_ms: 0,
  };
  const ending = new AbortController();
  const again = async (): Promise<void> => {
    let wait_ms = longest_ms;
    try {
      wait_ms = await look(keeper, ending.signal);
    } catch (error) {
      if (!ending.signal.aborted) note(keeper, 'own', { kind: 'failing', why: messageOf(error) });
      wait_ms = patience_ms; // a folder that is not its own yet, a full disk
    }
    sleep(deps.ticker.now_ms() + wait_ms);
  };
  /** Wakes up meanwhile to see whether the hub refuses the login, which reads no file. */
  const sleep = (until_ms: number): void => {
    const left_ms = until_ms - deps.ticker.now_ms();
    const wake = (): void => {
      if (left_ms <= lookAgain_ms || isRefused(keeper)) void again();
      else sleep(until_ms);
    };
    if (!ending.signal.aborted)
      deps.ticker.after(Math.min(lookAgain_ms, left_ms), wake, left_ms > shortest_ms);
  };
  void again();
  return { trouble: () => keeper.troubles.token ?? keeper.troubles.own, stop: () => ending.abort() };
}
