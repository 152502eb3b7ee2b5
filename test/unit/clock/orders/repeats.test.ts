import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterSending, isDue, type Sent } from '../../../../agent/clock/orders/repeats.ts';

/** The seconds at which an order is sent that stays the same. */
function sentAt(isTaken: boolean | undefined, seconds: number): number[] {
  const times: number[] = [];
  let sent: Sent | undefined;
  for (let s = 0; s <= seconds; s++)
    if (isDue(sent, 'ptp select', isTaken, s * 1000)) {
      sent = afterSending(sent, 'ptp select', isTaken, s * 1000);
      times.push(s);
    }
  return times;
}

test('an order is repeated each 30 s, and sooner where it is seen that it was not obeyed', () => {
  assert.deepEqual(sentAt(true, 90), [0, 30, 60, 90]);
  assert.deepEqual(sentAt(undefined, 60), [0, 30, 60]);
  assert.deepEqual(sentAt(false, 120), [0, 2, 6, 14, 30, 60, 90, 120]);
});

test('another order is sent at once', () => {
  const sent = afterSending(undefined, 'ptp select', undefined, 0);
  assert.equal(isDue(sent, 'ptp withhold', undefined, 1), true);
  assert.equal(afterSending(sent, 'ptp withhold', false, 1).pause_ms, 2000);
});
