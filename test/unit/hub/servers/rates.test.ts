import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newRates, sumTraffic } from '../../../../agent/hub/servers/rates.ts';

const counts = (in_msgs: number) => ({
  in_msgs,
  out_msgs: 2 * in_msgs,
  in_bytes: 0,
  out_bytes: 10 * in_msgs,
});

describe('rates', () => {
  it('are known from the second look on, per second', () => {
    const rates = newRates();
    assert.equal(rates.take('a', counts(100), 0), undefined);
    assert.deepEqual(rates.take('a', counts(300), 2000), {
      in_msgs_per_s: 100,
      out_msgs_per_s: 200,
      in_bytes_per_s: 0,
      out_bytes_per_s: 1000,
    });
    assert.equal(rates.take('b', counts(300), 2000), undefined);
  });

  it('are not known where the counts began anew', () => {
    const rates = newRates();
    rates.take('a', counts(100), 0);
    assert.equal(rates.take('a', counts(5), 1000), undefined);
    assert.equal(rates.take('a', counts(10), 2000)?.in_msgs_per_s, 5);
  });

  it('stay what they were where the next look comes too soon', () => {
    const rates = newRates();
    rates.take('a', counts(0), 0);
    rates.take('a', counts(10), 1000);
    assert.equal(rates.take('a', counts(1000), 1001)?.in_msgs_per_s, 10);
  });

  it('of what is gone are forgotten', () => {
    const rates = newRates();
    rates.take('a', counts(0), 0);
    rates.forget(500);
    assert.equal(rates.take('a', counts(10), 1000), undefined);
  });

  it('are added up as far as they are known', () => {
    const one = { in_msgs_per_s: 1, out_msgs_per_s: 2, in_bytes_per_s: 3, out_bytes_per_s: 4 };
    assert.equal(sumTraffic([undefined]), undefined);
    assert.deepEqual(sumTraffic([one, undefined, one])?.out_bytes_per_s, 8);
  });
});
