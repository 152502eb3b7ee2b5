import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Sign } from '../causes.ts';
import type { probeHub } from './hubprobe.ts';
import { causeOfProbe, type HubProbe, isReached, type ProbeTls } from './probed.ts';

/** What the last probes found. */
export interface HubReach {
  /** Something accepts connections at one of the addresses, of the asked or of the last good settings. */
  readonly reached: boolean;
  /** A probe came through to one of those that were asked for. */
  readonly open: boolean;
}

/** Probes of all hubs in turn. */
export interface HubProbes {
  /** To be called while the hub is not joined: probes when it is time to. */
  tick(): void;
  result(): HubReach;
  /** The hub is joined: nothing is known from here on, and the next outage begins with short pauses. */
  reset(): void;
}

export interface HubProbesOptions {
  readonly urls: readonly string[];
  /** Addresses of the last good settings, where only the first line is waited for. */
  readonly fallbackUrls: readonly string[];
  readonly tls: ProbeTls | undefined;
  readonly limit_ms: number;
}

/** A reconnection takes less. */
const firstPause_ms = 1000;
const longestPause_ms = 60_000;

/** What one outage has brought so far; a new one takes its place when it ends. */
interface Outage {
  result: HubReach;
  pause_ms: number;
  /** When the next probe is due: not before the one under way is over. */
  due_ms: number | undefined;
}

const newOutage = (): Outage => ({
  result: { reached: false, open: false },
  pause_ms: firstPause_ms,
  due_ms: undefined,
});

function signOf(probe: HubProbe): Sign[] {
  const { why, url, address } = probe;
  const code = causeOfProbe(probe);
  const at = address === undefined || url.includes(address) ? url : `${url}, ${address}`;
  return code === undefined ? [] : [{ code, detail: `${why} at ${at}` }];
}

export interface HubProbesDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  readonly probe: typeof probeHub;
}

/** Probes the hubs of an outage, with pauses that double. What they find of a cause goes to `onSign`. */
export function hubProbes(
  deps: HubProbesDeps,
  opts: HubProbesOptions,
  onSign: (sign: Sign) => void,
): HubProbes {
  const { ticker, log } = deps;
  let outage = newOutage();

  async function probe(mine: Outage): Promise<void> {
    const at = (urls: readonly string[], tls: ProbeTls | undefined) =>
      Promise.all(urls.map((url) => deps.probe(url, tls, opts.limit_ms)));
    const [asked, others] = await Promise.all([at(opts.urls, opts.tls), at(opts.fallbackUrls, undefined)]);
    if (mine !== outage) return;
    const open = asked.some(({ step }) => step === 'open');
    mine.result = { open, reached: [...asked, ...others].some(isReached) };
    mine.due_ms = ticker.now_ms() + mine.pause_ms;
    mine.pause_ms = Math.min(longestPause_ms, mine.pause_ms * 2);
    if (open) onSign({ code: 'unjoined', detail: 'its address answers' });
    else for (const sign of asked.flatMap(signOf)) onSign(sign);
  }

  return {
    tick() {
      outage.due_ms ??= ticker.now_ms() + firstPause_ms;
      if (ticker.now_ms() < outage.due_ms) return;
      outage.due_ms = Number.POSITIVE_INFINITY;
      // without it no more is probed in this outage
      probe(outage).catch((error) => log.error('the hub cannot be probed', { why: messageOf(error) }));
    },
    result: () => outage.result,
    reset() {
      outage = newOutage();
    },
  };
}
