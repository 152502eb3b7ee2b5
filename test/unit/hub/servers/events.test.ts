import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newEventBook } from '../../../../agent/hub/servers/events.ts';
import type { HubEvent } from '../../../../agent/hub/servers/model.ts';

const minute = 60_000;
const noon = Date.UTC(2026, 10, 29, 12);
const event = (what: HubEvent['what'], at_ms: number, more: Partial<HubEvent> = {}): HubEvent => ({
  ...{ at_ms, what, kind: 'leaf', who: 'ship-7', account: 'FLEET', server: 'hub-a', times: 1 },
  ...more,
});

describe('the book of events', () => {
  it('has sixty minutes, in which nothing happened where nothing did', () => {
    const book = newEventBook();
    book.count('came', noon - 59 * minute);
    book.count('left', noon + 30_000);
    book.count('left', noon + 31_000);
    book.count('refused', noon - 60 * minute);
    const minutes = book.minutes(noon + 59_999);
    assert.equal(minutes.length, 60);
    assert.deepEqual(minutes[0], { at_ms: noon - 59 * minute, came: 1, left: 0, refused: 0 });
    assert.deepEqual(minutes.at(-1), { at_ms: noon, came: 0, left: 2, refused: 0 });
    assert.equal(
      minutes.reduce((sum, one) => sum + one.refused, 0),
      0,
      'an hour ago is over',
    );
  });

  it('keeps no more than two hours of minutes and three hundred events', () => {
    const book = newEventBook();
    for (let at = 0; at < 1000; at += 1) {
      book.count('came', noon + at * minute);
      book.add(event('came', noon + at * minute, { who: `ship-${at}` }));
    }
    assert.equal(book.events().length, 300);
    assert.equal(book.events()[0]?.who, 'ship-999', 'the newest first');
    assert.equal(book.minutes(noon).at(-1)?.came, 0, 'it was dropped');
    assert.equal(
      book.minutes(noon + 999 * minute).every(({ came }) => came === 1),
      true,
    );
  });

  it('knows how long one was away that comes again', () => {
    const book = newEventBook();
    book.add(event('left', noon, { reason: 'Stale Connection' }));
    book.add(event('came', noon, { who: 'ship-8' }));
    book.add(event('came', noon, { account: 'OTHER' }));
    book.add(event('came', noon + 41_000));
    book.add(event('came', noon + 50_000));
    assert.deepEqual(
      book.events().map(({ away_s }) => away_s),
      [undefined, 41, undefined, undefined, undefined],
    );
  });

  it('makes one of the refusals of an address, each within a minute of the one before', () => {
    const book = newEventBook();
    const refused = (at_ms: number, address: string): void =>
      book.add(event('refused', at_ms, { who: address, address }));
    for (const at of [0, 20, 40]) refused(noon + at * 1000, '203.0.113.140');
    refused(noon + 41_000, '203.0.113.9');
    refused(noon + 99_000, '203.0.113.140');
    refused(noon + 160_000, '203.0.113.140');
    assert.deepEqual(
      book.events().map(({ who, times }) => [who, times]),
      [
        ['203.0.113.140', 1],
        ['203.0.113.140', 4],
        ['203.0.113.9', 1],
      ],
    );
  });

  it('keeps who was cut off for a day', () => {
    const book = newEventBook();
    book.add(event('left', noon, { reason: 'Slow Consumer (Pending Bytes)' }));
    book.add(event('left', noon, { reason: 'Client Closed' }));
    for (let at = 0; at < 400; at += 1) book.add(event('came', noon + 1));
    assert.deepEqual(
      book.slow(noon + 86_399_000).map(({ reason }) => reason),
      ['Slow Consumer (Pending Bytes)'],
    );
    assert.deepEqual(book.slow(noon + 86_400_000), []);
  });
});
