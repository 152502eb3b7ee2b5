import type { Spawn } from '../../lib/child.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { aged, changes, type Trouble, type Watch } from '../../lib/watch.ts';
import type { ChronyFacts } from '../facts.ts';
import { type Asked, askChronyd } from './ask.ts';
import { askChronyc, type ChronydSigns, type FileThere } from './chronyc.ts';
import { cmdmonClient } from './client.ts';
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
/** Units that were booted together drift apart. */
const jitter = 0.05;

/**
 * Watches one chronyd over its own UDP protocol, with chronyc for when UDP is refused but a chronyd seems
 * to be there. Never rejects: whatever is wrong is in the reading.
 */
export function watchChronyd(
  deps: {
    readonly open: OpenUdp;
    readonly spawn: Spawn;
    readonly there: FileThere;
    readonly ticker: Ticker;
    readonly random: () => number;
  },
  opts: ChronyOptions,
  signal: AbortSignal,
): Watch<ChronyFacts, ChronyStats> {
  const { ticker } = deps;
  const poll_ms = opts.poll_s * 1000;
  const fallback_ms = Math.max(poll_ms * fallbackPolls, fallbackAtLeastMs);
  const client = cmdmonClient(deps, opts.chrony_host, opts.chrony_port);

  let seen: { readonly value: ChronyFacts; readonly at_ms: number } | undefined;
  let trouble: Trouble = { why: 'not_yet' };
  let polls = 0;
  let started = 0;
  let fallbackPause_ms = fallback_ms;
  let fallbackAt_ms = Number.NEGATIVE_INFINITY;
  let round: Promise<void> | undefined;
  let stopped = signal.aborted;

  const pace_ms = (): number => (seen?.value.via === 'chronyc' ? fallback_ms : poll_ms);
  const read = () => aged(seen, ticker.now_ms(), pace_ms(), trouble);
  const changed = changes(read);

  function take(asked: Asked): void {
    if ('value' in asked) {
      seen = { value: asked.value, at_ms: ticker.now_ms() };
      changed.note(); // root dispersion alone grows from poll to poll
      return;
    }
    trouble = asked.trouble;
    // A refusal is an answer: what was known is known to be over. Silence is judged by its length.
    if (trouble.why !== 'no_reply' && trouble.why !== 'garbled') seen = undefined;
  }

  const spawnCounted: Spawn = (command, args) => {
    started += 1;
    return deps.spawn(command, args);
  };

  /** What chronyc says, at its slower pace, ever slower while it knows nothing. Undefined between times. */
  async function fallback(): Promise<Asked | undefined> {
    if (ticker.now_ms() < fallbackAt_ms) return undefined;
    const asked = await askChronyc({ there: deps.there, spawn: spawnCounted }, opts.chronyc, opts.signs);
    const worked = asked !== undefined && 'value' in asked;
    fallbackPause_ms = worked ? fallback_ms : Math.min(fallbackPause_ms * 2, fallbackAtMostMs);
    fallbackAt_ms = ticker.now_ms() + (asked === undefined ? fallback_ms : fallbackPause_ms);
    return asked;
  }

  async function poll(): Promise<void> {
    polls += 1;
    const asked = await askChronyd(client);
    const shut = 'trouble' in asked && ['refused', 'unauthorised'].includes(asked.trouble.why);
    if (!shut) return take(asked);
    const other = await fallback();
    if (other !== undefined && 'value' in other) take(other);
    else if (seen?.value.via !== 'chronyc' || other !== undefined) take(asked);
  }

  function work(): void {
    if (stopped || round !== undefined) return;
    round = poll().finally(() => {
      round = undefined;
      if (!stopped) changed.tell();
    });
  }

  const cancel = ticker.every(
    poll_ms,
    () => {
      changed.tell(); // of old age, should the round be stuck
      work();
    },
    jitter,
  );
  work();

  const stop = async (): Promise<void> => {
    stopped = true;
    cancel();
    client.close(); // which ends a round over UDP; a chronyc ends by itself
  };
  signal.addEventListener('abort', () => void stop(), { once: true });

  return {
    read,
    onChange: changed.add,
    stats: () => ({ polls, started, timeouts: client.timeouts() }),
    stop,
  };
}
