import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { historyOf, newDay, unreadMoments } from '../../../../../../agent/hub/page/unit/past/day.ts';
import { dayGrid, isSilentAt, momentsUpTo } from '../../../../../../agent/hub/page/unit/past/grid.ts';
import type { Silence, UnitLook } from '../../../../../../agent/hub/page/unit/past/history.ts';

const { step_ms } = dayGrid;
const now_ms = 5000 * step_ms + 100_000;
const { first, last } = momentsUpTo(now_ms, dayGrid);
const options = (silences: readonly Silence[] = []) => ({ unit: 'u', grid: dayGrid, now_ms, silences });
const heard = (moment: number): UnitLook => ({ heard_ms: moment * step_ms - 2000, interval_s: 5 });

test('a day has 240 moments, and a replica that is a little behind is not asked for the newest', () => {
  assert.equal(last - first + 1, 240);
  assert.equal(last, 5000);
  assert.equal(momentsUpTo(5000 * step_ms + 2999, dayGrid).last, 4999);
});

test('silent is who missed four intervals, or a minute where the interval is not known', () => {
  assert.equal(isSilentAt(20_000, { heard_ms: 0, interval_s: 5 }), false);
  assert.equal(isSilentAt(20_001, { heard_ms: 0, interval_s: 5 }), true);
  assert.equal(isSilentAt(60_000, { heard_ms: 0 }), false);
  assert.equal(isSilentAt(60_001, { heard_ms: 0 }), true);
});

describe('what is read of a day', () => {
  test('the newest first, then the whole day ever finer, each once', () => {
    const order = [...unreadMoments(newDay(), options())];
    assert.equal(order[0], last);
    assert.equal(new Set(order).size, 240);
    const early = order.slice(0, 17);
    const span = Math.max(...early) - Math.min(...early);
    assert.ok(span > 200, `the first 17 span ${span} of 240 moments`);
  });

  test('nothing before the first record', () => {
    const day = newDay();
    day.looks.set(last - 10, null);
    assert.deepEqual([...new Set(unreadMoments(day, options()))].sort(), range(last - 9, last));
  });

  test('nothing within a silence, found or seen', () => {
    const day = newDay();
    day.looks.set(last - 20, { heard_ms: (last - 100) * step_ms + 5000, interval_s: 5 });
    const left = new Set(unreadMoments(day, options()));
    assert.deepEqual(
      range(last - 99, last - 20).filter((at) => left.has(at)),
      [],
    );
    assert.ok(left.has(last - 100) && left.has(last - 19));
    const seen = { from_ms: (last - 200) * step_ms + 1, to_ms: (last - 150) * step_ms + 1 };
    const fewer = new Set(unreadMoments(day, options([seen])));
    assert.deepEqual(
      range(last - 199, last - 150).filter((at) => fewer.has(at)),
      [],
    );
    assert.equal(left.size - fewer.size, 50);
  });
});

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('what is told of a day', () => {
  test('a silence that lasts has no end, another one that of the record after it', () => {
    const day = newDay();
    for (const at of range(first, last - 50)) day.looks.set(at, heard(at));
    const from_ms = (last - 50) * step_ms - 2000;
    day.looks.set(last, { heard_ms: from_ms, interval_s: 5 });
    assert.deepEqual(historyOf(day, options()).silences, [{ from_ms }]);
    day.looks.set(last, heard(last));
    day.looks.set(last - 20, { heard_ms: from_ms, interval_s: 5 });
    day.ends.set(from_ms, from_ms + 1e7);
    const history = historyOf(day, options());
    assert.deepEqual(history.silences, [{ from_ms, to_ms: from_ms + 1e7 }]);
    assert.equal(history.moments.length, 190); // of those before all but the one in which it had fallen silent, and the last
  });

  test('a moment shortly after the last record is not one of the unit where it then stays silent', () => {
    const day = newDay();
    const from_ms = (last - 10) * step_ms - 1000;
    day.looks.set(last - 10, { heard_ms: from_ms, interval_s: 5 });
    assert.equal(historyOf(day, options()).moments.length, 1);
    day.looks.set(last, { heard_ms: from_ms, interval_s: 5 });
    assert.equal(historyOf(day, options()).moments.length, 0);
  });
});
