import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  enter,
  keptText,
  type LinkBook,
  newBook,
  parseKeptBytes,
  sumsOf,
  turnMonth,
} from '../../../../agent/leaf/watch/linkbook.ts';
import { newMeter } from '../../../../agent/leaf/watch/linkmeter.ts';

const minute = 60_000;
const day = 86_400_000;
const bytes = (sent: number, unsure = 0, headers = 0) => ({ sent, received: 0, headers, unsure });
/** Boot was then, in Unix ms. */
const bootedAt = (iso: string) => (mono_ms: number) => Date.parse(iso) + mono_ms;
const sentOf = (book: LinkBook, now_ms: number) => {
  const { hour, month, total } = sumsOf(book, now_ms, bootedAt('2026-11-10T00:00:00Z'));
  return [hour.sent_bytes, month.sent_bytes, total.sent_bytes];
};

test('the hour slides, the month and the total add up', () => {
  let book = newBook(0);
  for (let at = 0; at < 120; at += 1) book = enter(book, bytes(10), at * minute);
  assert.deepEqual(sentOf(book, 119 * minute), [600, 1200, 1200]);
  assert.deepEqual(sentOf(book, 149 * minute), [300, 1200, 1200]);
  assert.deepEqual(sentOf(book, 500 * minute), [0, 1200, 1200]);
  assert.ok(Object.keys(book.minutes).length <= 61);
});

test('in its first hour the hour begins where the book does', () => {
  const book = newBook(10 * minute);
  const { hour } = sumsOf(book, 25 * minute, bootedAt('2026-11-10T00:00:00Z'));
  assert.equal(hour.since_ms, Date.parse('2026-11-10T00:10:00Z'));
});

test('what was reckoned too much is taken back, but what is counted up never falls', () => {
  let book = enter(newBook(0), bytes(1000), 0);
  book = enter(book, bytes(-400), minute);
  assert.deepEqual(sentOf(book, minute), [600, 600, 1000]);
  book = enter(book, bytes(300), minute);
  assert.deepEqual(sentOf(book, minute), [900, 900, 1000]);
  book = enter(book, bytes(300), minute);
  assert.deepEqual(sentOf(book, minute), [1200, 1200, 1200]);
});

test('a sum is called counted while no more than a fiftieth of it is reckoned', () => {
  const basis = (unsure: number) => {
    const { month } = sumsOf(
      enter(newBook(0), bytes(1000, unsure, 50), 0),
      0,
      bootedAt('2026-11-10T00:00:00Z'),
    );
    return [month.basis, month.with_headers_bytes];
  };
  assert.deepEqual(basis(20), ['wire', 1050]);
  assert.deepEqual(basis(21), ['messages', undefined]);
});

test('a month ends where the calendar says, and is kept as the month before', () => {
  const wall = bootedAt('2026-11-29T00:00:00Z');
  let book = enter(newBook(0), bytes(700), day);
  assert.equal(turnMonth(book, 2 * day - 1, wall), book);
  book = turnMonth(book, 2 * day, wall);
  book = enter(book, bytes(5), 2 * day + 1);
  const { month, last_month, total } = sumsOf(book, 2 * day + 1, wall);
  assert.deepEqual([month.sent_bytes, month.since_ms], [5, Date.parse('2026-12-01T00:00:00Z')]);
  assert.deepEqual(
    [last_month?.sent_bytes, last_month?.since_ms, last_month?.until_ms],
    [700, Date.parse('2026-11-29T00:00:00Z'), Date.parse('2026-12-01T00:00:00Z')],
  );
  assert.equal(total.sent_bytes, 705);
});

test('a clock that is set moves what was counted with it, and turns no month', () => {
  const book = enter(newBook(0), bytes(700), minute);
  for (const at of [
    '1970-01-31T23:00:00Z',
    '2001-09-09T00:00:00Z',
    '2026-10-01T00:00:00Z',
    '2026-11-10T00:00:00Z',
  ])
    assert.equal(turnMonth(book, 10 * minute, bootedAt(at)), book, at);
  const { month } = sumsOf(book, minute, bootedAt('2026-11-10T00:00:00Z'));
  assert.equal(month.since_ms, Date.parse('2026-11-10T00:00:00Z'));
});

test('what is kept is read again, of this boot alone', () => {
  const book = turnMonth(enter(newBook(0), bytes(7.25, 1), 1), 40 * day, bootedAt('2026-11-10T00:00:00Z'));
  const meter = { ...newMeter, sockets: { 'a:1': [1, 2, 3] as const }, unsure: 2 };
  const text = keptText({ boot: 'b', meter, book });
  assert.deepEqual(parseKeptBytes(text, 'b'), { boot: 'b', meter, book });
  assert.equal(parseKeptBytes(text, 'c'), undefined);
});

test('what is broken is not read', () => {
  const whole = { boot: 'b', meter: { ...newMeter, sockets: { a: [1, 2, 3] } }, book: newBook(0) };
  const change = (path: string, value: unknown): string => {
    const copy = JSON.parse(JSON.stringify(whole)) as Record<string, unknown>;
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let at = copy;
    for (const key of keys) at = at[key] as Record<string, unknown>;
    at[last] = value;
    return JSON.stringify(copy);
  };
  assert.ok(parseKeptBytes(change('meter.unsure', 1), 'b'));
  for (const [path, value] of [
    ['meter.unsure', 'much'],
    ['meter.unsure', 1e300],
    ['meter.wire', [1, 2]],
    ['meter.wire', [1, 2, null]],
    ['meter.sockets', { a: [1, 2] }],
    ['meter.sockets', 7],
    ['meter.links', { a: { count: [1, 2, 3] } }],
    ['meter.links', []],
    ['book.minutes', { 1: { sent: 1 } }],
    ['book.total', null],
    ['book.month', { since_ms: 0 }],
    ['book.last', { from_ms: 1 }],
    ['book', undefined],
    ['meter', 'x'],
  ] as const)
    assert.equal(parseKeptBytes(change(path, value), 'b'), undefined, `${path} ${JSON.stringify(value)}`);
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '"b"',
    keptText(parseKeptBytes(change('boot', 'b'), 'b') ?? assert.fail()).slice(0, -9),
  ])
    assert.equal(parseKeptBytes(text, 'b'), undefined, text);
});
