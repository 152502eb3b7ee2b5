// A hub that is listened to over a link of the test's own: what proves that it is heard, and when its roster is read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen } from '../../../../agent/hub/fleet/listen.ts';
import type { LinkOptions } from '../../../../agent/nats/session.ts';
import { fullRecords, usualState } from '../../../kit/hub/simrecords.ts';
import { hubEpoch_ms, storedHub } from '../../../kit/hub/storedlink.ts';

const options: LinkOptions = { servers: ['here'], name: 'test', inboxPrefix: '_INBOX' };

function beatOf(unit: string) {
  const since = { started_ms: hubEpoch_ms, clock_ms: hubEpoch_ms, link_ms: hubEpoch_ms };
  const run = { unit, boot: 'abcd1234', sequence: 1, n: 1, ...since };
  const [beat] = fullRecords(run, usualState(1), hubEpoch_ms, false);
  assert.ok(beat !== undefined);
  return beat;
}

function listening() {
  const hub = storedHub();
  return { hub, ticker: hub.ticker, heard: () => listen(hub.link, hub.ticker, options) };
}

test('a roster that cannot be read is read again each 10 s, until it is', async () => {
  const { hub, ticker, heard } = listening();
  hub.rosterError = { code: 503, err_code: 10008, description: 'JetStream system temporarily unavailable' };
  hub.store('UNITS', { ...beatOf('dead'), subject: 'ops.roster.dead' }, ticker.now_ms() - 3_600_000);
  const found = heard();
  await ticker.pass(1000);
  assert.deepEqual(found.roster, { failed: 'stream UNITS: JetStream system temporarily unavailable' });
  assert.deepEqual(found.fleet.units(ticker.now_ms()), []);
  hub.rosterError = undefined;
  await ticker.pass(10_000);
  assert.equal(found.roster, 'read');
  assert.deepEqual(
    found.fleet.units(ticker.now_ms()).map(({ unit, state }) => [unit, state]),
    [['dead', 'offline']],
  );
  const reads = hub.requests.length;
  await ticker.pass(60_000);
  assert.equal(hub.requests.length, reads, 'and then no more');
});

test('a hub behind a round trip of seconds is heard, and who falls silent there is found', async () => {
  const { hub, ticker, heard } = listening();
  hub.rtt_ms = 2500;
  const found = heard();
  await ticker.pass(4000);
  hub.send(beatOf('u1'));
  let longest_ms = 0;
  for (let s = 0; s < 60; s++) {
    await ticker.pass(1000);
    longest_ms = Math.max(longest_ms, ticker.now_ms() - found.proven_ms);
  }
  assert.ok(longest_ms < 2000, `${longest_ms}`);
  assert.equal(found.fleet.unit('u1', ticker.now_ms())?.state, 'offline');
});

test('records prove that the hub is heard while a PONG waits behind them; silence does not', async () => {
  const { hub, ticker, heard } = listening();
  const found = heard();
  await ticker.pass(1000);
  hub.isMute = true;
  for (let s = 0; s < 20; s++) {
    await ticker.pass(1000);
    hub.send(beatOf('u1'));
  }
  assert.equal(ticker.now_ms() - found.proven_ms, 0);
  await ticker.pass(20_000);
  assert.equal(ticker.now_ms() - found.proven_ms, 20_000);
  assert.equal(found.fleet.unit('u1', ticker.now_ms())?.state, 'healthy', 'who is to blame is not known');
});
