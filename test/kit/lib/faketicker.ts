import type { Ticker } from '../../../agent/lib/ticker.ts';

/** Time that passes only when told to. */
export interface FakeTicker extends Ticker {
  /** Lets time pass, running what falls due in order, with promises settled in between. */
  pass(ms: number): Promise<void>;
}

export function fakeTicker(): FakeTicker {
  let now = 1000;
  let due: { at: number; fn: () => void }[] = [];
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const after = (delayMs: number, fn: () => void): (() => void) => {
    const one = { at: now + delayMs, fn };
    due.push(one);
    return () => {
      due = due.filter((other) => other !== one);
    };
  };
  return {
    now_ms: () => now,
    after,
    every(intervalMs, fn) {
      let cancel = (): void => {};
      const arm = (): void => {
        cancel = after(intervalMs, () => {
          arm();
          fn();
        });
      };
      arm();
      return () => cancel();
    },
    async pass(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = due.toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > end) break;
        due = due.filter((other) => other !== next);
        now = next.at;
        next.fn();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}
