// When an order is sent: at once when it is another one, and again for who has forgotten it.

/** How an order was sent last. Times are monotonic ms. */
export interface Sent {
  readonly line: string;
  readonly at_ms: number;
  /** How long to wait before it is sent again to one who does not seem to have taken it. */
  readonly pause_ms: number;
}

/** A daemon that was restarted unseen has forgotten what it was told. */
const usualPause_ms = 30_000;
/** chronyd takes an order at its next selection. */
const firstPause_ms = 2000;

/** Whether the order is to be sent now. `isTaken` is undefined where it cannot be seen whether it was obeyed. */
export function isDue(
  sent: Sent | undefined,
  line: string,
  isTaken: boolean | undefined,
  now_ms: number,
): boolean {
  if (sent?.line !== line) return true;
  return now_ms - sent.at_ms >= (isTaken === false ? sent.pause_ms : usualPause_ms);
}

/** After it was sent: who does not obey is told ever more seldom. */
export function afterSending(
  sent: Sent | undefined,
  line: string,
  isTaken: boolean | undefined,
  now_ms: number,
): Sent {
  const isAgain = sent?.line === line && isTaken === false;
  return {
    line,
    at_ms: now_ms,
    pause_ms: isAgain ? Math.min(2 * sent.pause_ms, usualPause_ms) : firstPause_ms,
  };
}
