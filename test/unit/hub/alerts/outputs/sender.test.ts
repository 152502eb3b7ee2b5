import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Beat } from '../../../../../agent/hub/alerts/bodies.ts';
import {
  type Dropped,
  delivered,
  giveUp,
  newJournal,
  queueNotices,
  useOutputs,
} from '../../../../../agent/hub/alerts/journal.ts';
import { type AlertOutput, type Delivery, delivery } from '../../../../../agent/hub/alerts/outputs/output.ts';
import { startAlertSender } from '../../../../../agent/hub/alerts/outputs/sender.ts';
import { logTo } from '../../../../../agent/lib/log.ts';
import { offlineNotice } from '../../../../kit/hub/notices.ts';
import { fakeTicker } from '../../../../kit/lib/faketicker.ts';

const beat: Beat = { at_ms: 1, interval_s: 60, firing: [], sees: true, version: '1', teller: 'hub' };

function sending(most: number, answer: (units: readonly string[]) => Delivery | Promise<Delivery>) {
  const ticker = fakeTicker();
  const journal = newJournal('j');
  useOutputs(journal, [{ name: 'x', target: '' }]);
  let isOpening = false;
  const tries: { readonly at_s: number; readonly units: string }[] = [];
  const said: string[] = [];
  const dropped: Dropped[] = [];
  const at_s = (): number => Math.round((ticker.now_ms() - 1000) / 1000);
  const note = (units: readonly string[]) => {
    tries.push({ at_s: at_s(), units: units.join() });
    return answer(units);
  };
  const output: AlertOutput = {
    name: 'x',
    target: '',
    most,
    send: async (notices, lost) => {
      dropped.push(lost);
      return note(notices.map(({ alert }) => alert.unit ?? ''));
    },
    beat: async () => note(['beat']),
    isOpening: () => isOpening,
  };
  const sender = startAlertSender(output, {
    ticker,
    wall_ms: () => ticker.now_ms(),
    log: logTo(({ msg }) => void said.push(msg)),
    random: () => 0.5,
    journal: () => journal,
    done: (name, seq, told) => delivered(journal, name, seq, told, ticker.now_ms()),
    giveUp: (name, seq) => giveUp(journal, name, seq),
  });
  return {
    ticker,
    journal,
    tries,
    said,
    dropped,
    sender,
    tell(...units: string[]) {
      queueNotices(
        journal,
        units.map((unit) => offlineNotice(unit)),
        100,
      );
      sender.wake();
    },
    setOpening(is: boolean) {
      isOpening = is;
    },
    sent: () => tries.map(({ units }) => units),
  };
}

test('what waits goes in order, as many at once as the output takes, and never two of the same alert', async () => {
  const one = sending(3, () => delivery);
  one.tell('a', 'b', 'c', 'd', 'd', 'e');
  await one.ticker.pass(10);
  assert.deepEqual(one.sent(), ['a,b,c', 'd', 'd,e']);
  assert.equal(one.sender.state().waiting, 0);
});

test('while it fails it is tried with pauses that grow up to a minute, and said once', async () => {
  let isDown = true;
  const one = sending(1, () => (isDown ? { ok: false, why: 'ECONNREFUSED' } : delivery));
  one.tell('a', 'b');
  await one.ticker.pass(200_000);
  assert.deepEqual(
    one.tries.map(({ at_s }) => at_s),
    [0, 1, 3, 7, 15, 31, 63, 123, 183],
  );
  assert.deepEqual(one.sender.state().failing, { since_ms: 1000, why: 'ECONNREFUSED' });
  one.tell('c'); // which ends no pause
  await one.ticker.pass(1000);
  assert.equal(one.tries.length, 9);
  isDown = false;
  await one.ticker.pass(60_000);
  assert.deepEqual(one.sent().slice(9), ['a', 'b', 'c']);
  assert.deepEqual(one.said, ['alerts do not reach the x: ECONNREFUSED', 'alerts reach the x again']);
  isDown = true;
  one.tell('d');
  await one.ticker.pass(3500);
  assert.equal(one.tries.length, 9 + 3 + 3, 'the pauses begin anew');
});

test('a body that is refused goes one by one', async () => {
  const one = sending(50, (units) =>
    units.length > 1 ? { ok: false, why: 'it answers 413', isRefused: true } : delivery,
  );
  one.tell('a', 'b');
  await one.ticker.pass(10);
  assert.deepEqual(one.sent(), ['a,b', 'a', 'b']);
  assert.deepEqual(one.said, []);
});

test('one notice that is refused again and again is given up; what comes behind it is told, and that one was lost', async () => {
  const one = sending(50, (units) =>
    units.includes('bad') ? { ok: false, why: 'it answers 400', isRefused: true } : delivery,
  );
  one.tell('a', 'bad', 'b', 'c');
  one.sender.beat(() => beat);
  await one.ticker.pass(60_000);
  assert.deepEqual(one.sent(), [
    ...['a,bad,b,c', 'a', 'bad,b,c'],
    ...['bad', 'bad', 'bad', 'bad', 'bad'],
    ...['b', 'c', 'beat'],
  ]);
  assert.deepEqual(one.dropped.at(-2), { count: 1, keys: ['offline:bad'] });
  assert.deepEqual(one.dropped.at(-1), { count: 0, keys: [] });
  assert.ok(one.said.includes('an alert is given up that the x refuses'), one.said.join());
  assert.equal(one.sender.state().failing, undefined);
});

test('an output that fails, and refuses nothing, loses none', async () => {
  const one = sending(50, () => ({ ok: false, why: 'it answers 503' }));
  one.tell('a');
  await one.ticker.pass(1_000_000);
  assert.ok(one.tries.length > 15);
  assert.equal(one.sender.state().waiting, 1);
});

test('a sign of life comes behind what waits, and is not sent later where it fails', async () => {
  let isDown = true;
  const one = sending(1, () => (isDown ? { ok: false, why: 'down' } : delivery));
  one.sender.beat(() => beat);
  await one.ticker.pass(5000);
  assert.deepEqual(one.sent(), ['beat']);
  one.tell('a');
  one.sender.beat(() => beat);
  isDown = false;
  await one.ticker.pass(5000);
  assert.deepEqual(one.sent(), ['beat', 'a', 'a', 'beat']);
});

test('a sign of life before the first connection is no failure; what waits is, once it does not get through', async () => {
  const one = sending(1, () => ({ ok: false, why: 'away' }));
  one.setOpening(true);
  one.sender.beat(() => beat);
  await one.ticker.pass(10);
  assert.deepEqual([one.sent(), one.said], [[], []]);
  one.setOpening(false);
  one.sender.beat(() => beat);
  await one.ticker.pass(10);
  assert.deepEqual(one.said, ['alerts do not reach the x: away']);
});

test('an output that throws is one that fails', async () => {
  let isBroken = true;
  const one = sending(1, () => {
    if (isBroken) throw new Error('broken');
    return delivery;
  });
  one.tell('a');
  await one.ticker.pass(10);
  assert.match(one.sender.state().failing?.why ?? '', /broken/);
  isBroken = false;
  await one.ticker.pass(2000);
  assert.equal(one.sender.state().waiting, 0);
});

test('the stop waits for what is under way, and sends no more', async () => {
  let finish = (_: Delivery): void => {};
  const one = sending(1, () => new Promise<Delivery>((resolve) => (finish = resolve)));
  one.tell('a', 'b');
  await one.ticker.pass(1);
  const stopped = one.sender.stop();
  finish(delivery);
  await stopped;
  await one.ticker.pass(100_000);
  assert.deepEqual(one.sent(), ['a']);
  assert.equal(one.sender.state().waiting, 1, 'the one under way is noted');
});
