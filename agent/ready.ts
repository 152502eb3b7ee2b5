import type { LeafWatch } from './leaf/watch/watch.ts';
import type { Ticker } from './lib/ticker.ts';
import type { Link } from './nats/link.ts';

/** What is asked; each gives the part of this moment, which a reload may have restarted. */
export interface ReadyParts {
  link(): Pick<Link, 'state' | 'flushRtt_us'>;
  leaf(): Pick<LeafWatch, 'read' | 'look'>;
  /** Whether the server can be asked about itself. */
  isMonitored(): boolean;
}

const look_ms = 50;
const flushMs = 1000;

/** Whether the unit does its job now. */
async function isReady({ link, leaf, isMonitored }: ReadyParts): Promise<boolean> {
  if (!link().state().connected) return false;
  if (isMonitored() && leaf().read().kind !== 'fresh') await leaf().look();
  if (isMonitored() && leaf().read().kind !== 'fresh') return false;
  return (await link().flushRtt_us(flushMs)) !== undefined;
}

/**
 * Resolves true once the unit does its job: the connection stands, what was subscribed has reached the server,
 * and the server has sent its first report where it can be asked. Resolves false when the agent stops before.
 */
export function whenReady(parts: ReadyParts, ticker: Ticker, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    let busy = false;
    const finish = (ready: boolean): void => {
      cancel();
      signal.removeEventListener('abort', abort);
      resolve(ready);
    };
    const abort = (): void => finish(false);
    const look = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      if (await isReady(parts)) finish(true);
      busy = false;
    };
    const cancel = ticker.every(look_ms, () => void look());
    signal.addEventListener('abort', abort, { once: true });
  });
}
