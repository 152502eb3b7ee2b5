import type { NatsConnection } from '@nats-io/transport-node';
import type { Ticker } from '../lib/ticker.ts';
import { connectionOptions, type LinkOptions } from './session.ts';
import { connectBounded } from './transport.ts';

/** What is done with the outcome of each attempt. */
export interface Connector {
  /** How to connect; asked before each attempt. */
  options(): LinkOptions;
  /** Lives with a connection; resolves when that has ended. */
  serve(nc: NatsConnection): Promise<void>;
  failed(error: unknown): void;
}

export interface Attempts {
  /** Makes the next attempt without a pause. */
  retryNow(): void;
  /** No further attempt is made; what stands is the caller's to close. */
  end(): void;
  /** Resolves after the end, once the last attempt or connection is over. */
  readonly ended: Promise<void>;
}

const firstPause_ms = 250;
const longestPause_ms = 5000;
/** A connection that lived this long resets the pause between attempts. */
const settled_ms = 10_000;

/** Connects again and again, one connection at a time, with pauses that grow while none succeeds. */
export function keepTrying(
  { ticker, random }: { readonly ticker: Ticker; random(): number },
  connector: Connector,
): Attempts {
  let ending = false;
  let wake = (): void => {};

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = ticker.after(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });

  async function tryForEver(): Promise<void> {
    let wait_ms = firstPause_ms;
    while (!ending) {
      const begun = ticker.now_ms();
      const used = connector.options();
      try {
        const nc = await connectBounded(connectionOptions(used));
        if (ending || used !== connector.options()) await nc.close();
        else await connector.serve(nc);
        if (ticker.now_ms() - begun > settled_ms) wait_ms = firstPause_ms;
      } catch (error) {
        connector.failed(error);
      }
      if (ending) return;
      if (used !== connector.options()) wait_ms = firstPause_ms;
      await pause(wait_ms * (1 + random() / 2));
      wait_ms = Math.min(longestPause_ms, wait_ms * 1.5);
    }
  }

  return {
    retryNow: () => wake(),
    end() {
      ending = true;
      wake();
    },
    ended: tryForEver(),
  };
}
