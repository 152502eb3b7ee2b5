import type { Spawn } from '../../lib/child.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { type PolledFacts, pollInRounds, pollUntil, type Watch } from '../../lib/watch.ts';
import type { ChronyFacts } from '../facts.ts';
import { type Asked, askChronyd, type CmdmonClient, cmdmonClient } from './client.ts';
import { type ChronyPace, chronyPace } from './pace.ts';
import type { ChronydSigns, IsFileUsable } from './signs.ts';
import type { OpenUdp } from './udp.ts';

/** How chronyd is watched; the names are those of the time section. */
export interface ChronyOptions {
  readonly chrony_host: string;
  readonly chrony_port: number;
  readonly chronyc: string;
  readonly poll_s: number;
  readonly signs: ChronydSigns;
}

/** What the watch of chronyd has cost. */
export interface ChronyStats {
  readonly polls: number;
  readonly timeouts: number;
  /** chronyc processes started so far: none while UDP is answered. */
  readonly started: number;
}

/** chronyc costs ten times as much as UDP, so it is asked more seldom. */
const fallbackPolls = 10;
const fallbackAtLeastMs = 10_000;
const fallbackAtMostMs = 600_000;

export interface ChronyDeps {
  readonly open: OpenUdp;
  readonly spawn: Spawn;
  readonly isUsable: IsFileUsable;
  readonly ticker: Ticker;
  readonly random: () => number;
}

/** chronyd may listen on one loopback address only. */
const hostsOf = ({ chrony_host }: ChronyOptions): readonly string[] =>
  chrony_host === '127.0.0.1' ? ['127.0.0.1', '::1'] : [chrony_host];

/** A watch that runs, with what it works on and what it remembers. */
interface ChronyWatch {
  readonly deps: ChronyDeps;
  readonly opts: ChronyOptions;
  /** One for each address on which it may listen, the one that answered last first. */
  clients: readonly CmdmonClient[];
  readonly polled: PolledFacts<ChronyFacts>;
  /** The pace of chronyc while it works. */
  readonly fallback_ms: number;
  fallbackPause_ms: number;
  fallbackAt_ms: number;
  readonly pace: ChronyPace;
  asked_ms: number;
  /** Which signs of a chronyd there were in this round. */
  signs: string;
  /** Somebody wants to know now. */
  isWanted: boolean;
  polls: number;
  started: number;
}

function take({ polled, pace }: ChronyWatch, asked: Asked): void {
  pace.saw('value' in asked ? asked.value : asked.failure.why);
  if ('value' in asked)
    polled.set(asked.value, true); // news: root dispersion alone grows from poll to poll
  else {
    const { failure } = asked;
    // A refusal is an answer: what was known is known to be over. Silence is judged by its length.
    polled.fail(failure, failure.why !== 'no_reply' && failure.why !== 'garbled');
  }
}

const signsNow = ({ deps: { isUsable }, opts: { signs } }: ChronyWatch): string =>
  [...signs.sockets, ...signs.pidFiles].filter(isUsable).join();

/** Asks chronyc, whose code is loaded only where there seems to be a chronyd. */
async function askLoaded(
  { deps: { isUsable }, opts }: ChronyWatch,
  spawn: Spawn,
): Promise<Asked | undefined> {
  try {
    const { askChronyc } = await import('./chronyc.ts');
    return await askChronyc({ isUsable, spawn }, opts.chronyc, opts.signs);
  } catch (error) {
    return { failure: { why: 'no_reply', detail: messageOf(error) } };
  }
}

/** Asks chronyc, at its slower pace, ever slower while it knows nothing. Undefined between times, and without a sign of chronyd. */
async function askFallback(watch: ChronyWatch): Promise<Asked | undefined> {
  const { deps, fallback_ms } = watch;
  if (deps.ticker.now_ms() < watch.fallbackAt_ms) return undefined;
  const spawn: Spawn = (command, args) => {
    watch.started += 1;
    return deps.spawn(command, args);
  };
  const asked = watch.signs === '' ? undefined : await askLoaded(watch, spawn);
  const worked = asked !== undefined && 'value' in asked;
  watch.fallbackPause_ms = worked ? fallback_ms : Math.min(watch.fallbackPause_ms * 2, fallbackAtMostMs);
  watch.fallbackAt_ms = deps.ticker.now_ms() + (asked === undefined ? fallback_ms : watch.fallbackPause_ms);
  return asked;
}

const isShut = (asked: Asked): boolean =>
  'failure' in asked && ['refused', 'unauthorised'].includes(asked.failure.why);

/** Asks at each address until one is open. */
async function askAddresses(watch: ChronyWatch): Promise<Asked> {
  const [first, ...others] = watch.clients;
  const expected = watch.polled.last()?.sources.length;
  let asked: Asked =
    first === undefined ? { failure: { why: 'disabled' } } : await askChronyd(first, expected);
  for (const client of others) {
    if (!isShut(asked)) break;
    const other = await askChronyd(client);
    if (!('value' in other)) continue;
    watch.clients = [client, ...watch.clients.filter((one) => one !== client)];
    asked = other;
  }
  return asked;
}

/** Whether chronyd is to be asked in this round: a socket or pid file that comes or goes is as good as a new word of it. */
function isDue(watch: ChronyWatch): boolean {
  const { deps, opts, pace } = watch;
  const signs = signsNow(watch);
  if (signs !== watch.signs) pace.hasten();
  const age_ms = deps.ticker.now_ms() - watch.asked_ms;
  const isNow = watch.isWanted || signs !== watch.signs || age_ms > pace.pause_ms() - opts.poll_s * 500;
  watch.signs = signs;
  return isNow;
}

async function askRound(watch: ChronyWatch): Promise<void> {
  if (!isDue(watch)) return;
  watch.isWanted = false;
  watch.asked_ms = watch.deps.ticker.now_ms();
  watch.polls += 1;
  const asked = await askAddresses(watch);
  if (!isShut(asked)) return take(watch, asked);
  const other = await askFallback(watch);
  if (other !== undefined && 'value' in other) take(watch, other);
  else if (watch.polled.last()?.via !== 'chronyc' || other !== undefined) take(watch, asked);
}

/**
 * Watches one chronyd over its own UDP protocol, with chronyc for when UDP is refused but a chronyd seems
 * to be there. Never rejects: whatever is wrong is in the reading.
 */
export function watchChronyd(
  deps: ChronyDeps,
  opts: ChronyOptions,
  signal: AbortSignal,
): Watch<ChronyFacts, ChronyStats> & Pick<ChronyPace, 'hasten'> {
  const poll_ms = opts.poll_s * 1000;
  const fallback_ms = Math.max(poll_ms * fallbackPolls, fallbackAtLeastMs);
  const pace = chronyPace(poll_ms, deps.ticker.now_ms);
  const watch: ChronyWatch = {
    deps,
    opts,
    clients: hostsOf(opts).map((host) => cmdmonClient(deps, host, opts.chrony_port)),
    polled: pollInRounds(
      deps.ticker,
      poll_ms,
      () => askRound(watch),
      // three of these make facts stale: as many polls, beyond the pause that is meant
      (last) => (last?.via === 'chronyc' ? fallback_ms : (pace.pause_ms() + 2 * poll_ms) / 3),
    ),
    pace,
    asked_ms: -Infinity,
    signs: '',
    isWanted: true,
    fallback_ms,
    fallbackPause_ms: fallback_ms,
    fallbackAt_ms: -Infinity,
    polls: 0,
    started: 0,
  };
  const stop = async (): Promise<void> => {
    watch.polled.stop();
    for (const client of watch.clients) client.close(); // which ends a round over UDP; a chronyc ends by itself
  };
  pollUntil(signal, watch.polled, stop);
  return {
    read: watch.polled.read,
    onChange: watch.polled.onChange,
    look() {
      watch.isWanted = true;
      return watch.polled.poll();
    },
    hasten: pace.hasten,
    stats: () => ({
      polls: watch.polls,
      started: watch.started,
      timeouts: watch.clients.reduce((sum, client) => sum + client.timeouts(), 0),
    }),
    stop,
  };
}
