import { pauses } from './pause.ts';
import type { Connection } from './transport.ts';
import { mono_ms } from './wallclock.ts';

/** What is done with the outcome of each attempt. */
export interface Attempt {
  connect(): Promise<Connection>;
  /** Lives with a connection; resolves when that has ended. */
  serve(connection: Connection): Promise<void>;
  /** The next attempt is made in `retry_ms`. */
  failed(error: unknown, retry_ms: number): void;
}

/** The attempts that are still to come. */
export interface Attempts {
  /** Makes the next one without a pause. */
  retryNow(): void;
  /** Makes no further one. */
  end(): void;
}

const firstPause_ms = 250;
const longestPause_ms = 30_000;
/** A connection that lived this long resets the pause between attempts. */
const settled_ms = 10_000;

/** Connects again and again, one connection at a time, with pauses that grow while none succeeds. */
export function keepTrying(attempt: Attempt): Attempts {
  const { pause, wake } = pauses();
  let isOver = false;

  async function tryForEver(): Promise<void> {
    for (let base_ms = firstPause_ms; !isOver; base_ms = Math.min(longestPause_ms, 2 * base_ms)) {
      const spread = 1 + Math.random() / 2;
      const retry_ms = (): number => Math.round(base_ms * spread);
      try {
        const connection = await attempt.connect();
        if (isOver) return void connection.close();
        const begun_ms = mono_ms();
        await attempt.serve(connection);
        if (mono_ms() - begun_ms > settled_ms) base_ms = firstPause_ms;
      } catch (error) {
        if (!isOver) attempt.failed(error, retry_ms());
      }
      if (!isOver) await pause(retry_ms());
    }
  }

  void tryForEver();
  return {
    retryNow: wake,
    end() {
      isOver = true;
      wake();
    },
  };
}
