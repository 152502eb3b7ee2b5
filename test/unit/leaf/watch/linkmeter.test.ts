import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  lookAtServer,
  lookAtSockets,
  type Meter,
  newMeter,
  type ServerLook,
} from '../../../../agent/leaf/watch/linkmeter.ts';
import type { HubLink } from '../../../../agent/leaf/watch/reports.ts';
import type { TcpSocket } from '../../../../agent/leaf/watch/sockets.ts';

const link = (out_bytes: number, changes: Partial<HubLink> = {}): HubLink => ({
  ip: '192.0.2.1',
  port: 7422,
  id: 5,
  rtt_us: 900,
  in_msgs: 0,
  in_bytes: 0,
  out_msgs: 0,
  out_bytes,
  ...changes,
});
const socket = (sent: number, changes: Partial<TcpSocket> = {}): TcpSocket => ({
  local: '192.0.2.9:50000',
  ip: '192.0.2.1',
  port: 7422,
  sent,
  received: 0,
  headers: 0,
  ...changes,
});

/** A meter with the sum of all that it gave. */
function metering() {
  let meter: Meter = newMeter;
  const sum = { sent: 0, received: 0, unsure: 0 };
  const add = ({ meter: next, passed }: ReturnType<typeof lookAtServer>): void => {
    meter = next;
    sum.sent += passed.sent;
    sum.received += passed.received;
    sum.unsure += passed.unsure;
  };
  return {
    sum,
    server(links: readonly HubLink[], more: Partial<ServerLook> = {}): void {
      const look = { id: 'S', span_ms: 0, untold: 1, tail_ms: 0, ping_s: 12, isBlind: false, ...more, links };
      add(lookAtServer(meter, look));
    },
    sockets(all: readonly TcpSocket[], links: readonly HubLink[]): boolean {
      const step = lookAtSockets(meter, all, links);
      if (step !== undefined) add(step);
      return step !== undefined;
    },
    restart(): void {
      meter = JSON.parse(JSON.stringify(meter)) as Meter;
    },
  };
}

/** A link that was there before the agent, and of which 100,000 bytes cost 40,000 on the wire. */
function halfway() {
  const all = metering();
  all.server([link(500_000)]);
  all.sockets([socket(700_000)], [link(500_000)]);
  all.server([link(600_000)]);
  all.sockets([socket(740_000)], [link(600_000)]);
  return all;
}
const near = (found: number, wanted: number, by = 1): void =>
  assert.ok(Math.abs(found - wanted) <= by, `${found} is not ${wanted}`);

test('what was carried before the first look does not count', () => {
  const all = metering();
  all.server([link(500_000)]);
  all.sockets([socket(700_000)], [link(500_000)]);
  assert.deepEqual(all.sum, { sent: 0, received: 0, unsure: 0 });
});

test('the kernel has the last word, whichever way the estimate was wrong', () => {
  const all = halfway();
  near(all.sum.sent, 40_000);
  all.server([link(610_000)]);
  all.sockets([socket(790_000)], [link(610_000)]);
  near(all.sum.sent, 90_000);
  assert.equal(all.sum.unsure, 0);
});

test('between two looks at the sockets a byte costs what it did', () => {
  const all = halfway();
  all.server([link(700_000)]);
  const cost = (40_000 + 10_000) / (100_000 + 10_000); // a tenth of the past is what is likely
  near(all.sum.sent, 40_000 + 100_000 * cost);
});

test('what passed before the answer of the sockets is in that, and is not counted again', () => {
  const all = halfway();
  all.server([link(650_000)], { untold: 0.4 });
  near(all.sum.sent, 40_000 + 50_000 * 0.4 * (50_000 / 110_000));
});

test('a link that ends between two looks is told by what it cost, and the next is counted from its start', () => {
  const all = halfway();
  all.server([link(660_000)], { span_ms: 10_000 });
  all.server([link(700_000)], { span_ms: 10_000 });
  const before = all.sum.sent;
  all.server([link(0, { id: 6 })], { tail_ms: 2500 });
  all.server([link(5000, { id: 6 })]);
  all.sockets([socket(9000, { local: '192.0.2.9:50001' })], [link(5000, { id: 6 })]);
  const tail = ((100_000 * 2.5) / 20) * (50_000 / 110_000); // 2.5 s more of 100,000 bytes in 20 s
  near(all.sum.sent, before + tail + 9000, 10);
  assert.ok(all.sum.unsure > 0);
});

test('another link is told by its number, by a count that fell, and by another server', () => {
  for (const [next, id] of [
    [link(700_000, { id: 6 }), 'S'],
    [link(100, { id: 5 }), 'S'],
    [link(700_000), 'T'],
  ] as const) {
    const all = halfway();
    all.server([next], { id });
    all.sockets([socket(1500, { local: '192.0.2.9:50001' })], [next]);
    near(all.sum.sent, 41_500);
  }
});

test('a restart of the agent loses nothing, and counts nothing twice', () => {
  const all = halfway();
  all.restart();
  all.server([link(900_000)]);
  all.sockets([socket(860_000)], [link(900_000)]);
  near(all.sum.sent, 160_000);
});

test('sockets that are fewer than the links, or of others, or beyond belief, tell nothing', () => {
  const links = [link(600_000)];
  const all = halfway();
  all.server(links);
  const before = { ...all.sum };
  assert.equal(all.sockets([], links), false);
  assert.equal(all.sockets([socket(1e6, { port: 4222 })], links), false);
  assert.equal(all.sockets([socket(1e6, { ip: '192.0.2.2' })], links), false);
  assert.equal(all.sockets([socket(740_000)], [...links, link(0, { port: 7423 })]), false);
  assert.equal(all.sockets([socket(9e12)], links), false);
  assert.deepEqual(all.sum, before);
  assert.equal(all.sockets([socket(740_000)], links), true);
});

test('without the kernel it is at least what the messages are, and said to be unsure until that tells', () => {
  const all = metering();
  all.server([], { isBlind: true });
  all.server([link(20_000, { out_msgs: 100, in_msgs: 100, in_bytes: 2000 })], { isBlind: true });
  assert.ok(all.sum.sent >= 20_000 + 100 * 100, String(all.sum.sent));
  assert.ok(all.sum.received >= 2000 + 100 * 80);
  near(all.sum.unsure, all.sum.sent + all.sum.received);
  all.sockets([socket(21_000, { received: 3000 })], [link(20_000)]);
  near(all.sum.sent, 21_000);
  near(all.sum.unsure, 0);
});

test('what asks for a sign of life is carried too', () => {
  const all = metering();
  all.server([link(0)]);
  all.server([link(0)], { span_ms: 3_600_000 });
  near(all.sum.sent, 300 * 70);
});

test('a server that does not tell of bytes is not reckoned with', () => {
  const all = metering();
  const { out_bytes: _out, ...rest } = link(0);
  all.server([rest]);
  all.server([rest], { span_ms: 60_000 });
  assert.equal(all.sum.sent, 0);
});

test('a connection that has the port of one that ended is counted from its start', () => {
  const all = halfway();
  const next = link(0, { id: 6 });
  all.server([next]);
  all.sockets([socket(1500)], [next]);
  near(all.sum.sent, 41_500);
});

test('a link that ended before anything was learned is told by what the next one cost', () => {
  const all = metering();
  all.server([link(500_000)]);
  all.sockets([socket(700_000)], [link(500_000)]);
  all.server([link(550_000)]);
  all.server([link(0, { id: 6 })]);
  all.server([link(100_000, { id: 6 })]);
  all.sockets([socket(44_000, { local: '192.0.2.9:50001' })], [link(100_000, { id: 6 })]);
  const cost = (44_000 + 10_000) / (100_000 + 4000 + 10_000);
  near(all.sum.sent, 44_000 + 50_000 * cost);
});
