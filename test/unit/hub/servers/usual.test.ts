import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newUsualRtts } from '../../../../agent/hub/servers/usual.ts';
import { seededRandom } from '../../../kit/lib/random.ts';

const minute = 60_000;

describe('the usual round trip', () => {
  it('is the median, once there are five', () => {
    const usual = newUsualRtts();
    const seen = [10, 30, 20, 50, 40, 45].map((ms, at) => usual.take('a', ms * 1000, at * minute));
    assert.deepEqual(seen.slice(0, 5), Array(5).fill(undefined));
    assert.deepEqual(seen[5], { usual_us: 30_000 });
  });

  it('tells a link that is far slower, and no other', () => {
    const usual = newUsualRtts();
    for (let at = 0; at < 8; at += 1) usual.take('ship', 44_000, at * minute);
    assert.ok(Math.abs((usual.take('ship', 412_000, 9 * minute)?.times_slower ?? 0) - 9.36) < 0.01);
    assert.equal(usual.take('ship', 120_000, 9 * minute)?.times_slower, undefined, 'not three times');
    for (let at = 0; at < 8; at += 1) usual.take('lan', 300, at * minute);
    assert.equal(usual.take('lan', 9000, 9 * minute)?.times_slower, undefined, '9 ms trouble nobody');
  });

  it('of a satellite is long, and no reason to tell it, in a day of looks', () => {
    const usual = newUsualRtts();
    const random = seededRandom(3);
    for (let at = 0; at < 1440; at += 1) {
      const rtt_us = 600_000 + random() * 300_000;
      assert.equal(usual.take('ship', rtt_us, at * minute)?.times_slower, undefined);
    }
  });

  it('follows a link that stays otherwise, within five hours', () => {
    const usual = newUsualRtts();
    for (let at = 0; at < 600; at += 1) usual.take('a', 10_000, at * minute);
    let told = 0;
    for (let at = 600; at < 1200; at += 1)
      if (usual.take('a', 500_000, at * minute)?.times_slower !== undefined) told += 1;
    assert.ok(told > 100 && told < 300, `${told} minutes`);
  });

  it('takes no more memory than that of twenty thousand links', () => {
    const usual = newUsualRtts();
    for (let at = 0; at < 5; at += 1) usual.take('first', 1000, at * minute);
    assert.equal(usual.take('first', 1000, 6 * minute)?.usual_us, 1000);
    for (let link = 0; link < 20_000; link += 1) usual.take(`link ${link}`, 1000, 0);
    assert.equal(usual.take('first', 1000, 7 * minute), undefined, 'it was the last to be seen');
  });
});
