import type { Ground, UnitParts } from './parts/ground.ts';

const look_ms = 50;
const flushMs = 1000;

/**
 * Resolves true once the unit does its job: the connection stands, what was subscribed has reached the server,
 * and the server has told of itself where it can be asked. Resolves false when the agent stops before.
 */
export function whenReady(
  parts: Pick<UnitParts, 'link' | 'monitor' | 'leaf'>,
  { ticker, signal }: Ground,
): Promise<boolean> {
  return new Promise((resolve) => {
    let busy = false;
    const finish = (ready: boolean): void => {
      cancel();
      signal.removeEventListener('abort', abort);
      resolve(ready);
    };
    const abort = (): void => finish(false);
    async function look(): Promise<void> {
      const { link, monitor, leaf } = parts; // those of this moment: a reload may have changed them
      if (busy || !link.state().connected) return;
      busy = true;
      if (monitor.link !== undefined && leaf.read().kind !== 'fresh') await leaf.look();
      const heard = monitor.link === undefined || leaf.read().kind === 'fresh';
      const subscribed = heard && (await link.flushRtt_us(flushMs)) !== undefined;
      busy = false;
      if (subscribed) finish(true);
    }
    const cancel = ticker.every(look_ms, () => void look());
    signal.addEventListener('abort', abort, { once: true });
  });
}
