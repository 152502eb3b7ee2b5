import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parseChronyc } from '../../agent/clock/chronyd/csv.ts';
import {
  type CmdmonCommand,
  decodeCount,
  decodeReply,
  decodeSource,
  decodeTracking,
  encodeRequest,
} from '../../agent/clock/chronyd/protocol.ts';
import type { ChronySource, ChronyTracking } from '../../agent/clock/facts.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { damaged, hostileText, numbersIn, oddNumber } from '../kit/fuzz/hostile.ts';
import { projectRoot } from '../kit/process/tools.ts';

const folder = join(projectRoot, 'test/fixtures/captures/chrony-4.6.1');
const stdoutOf = (file: string): string =>
  readFileSync(file, 'utf8').split('# --- stdout\n')[1]?.split('# --- stderr')[0] ?? '';
const outputs = readdirSync(folder).map((name) =>
  readdirSync(join(folder, name))
    .filter((file) => /^(tracking|sources|sources_-a|sourcestats|activity)\.csv$/.test(file))
    .map((file) => stdoutOf(join(folder, name, file)))
    .join(''),
);

function assertTracking(t: ChronyTracking): void {
  assert.ok(t.stratum >= 0 && t.stratum <= 65535 && Number.isInteger(t.stratum));
  for (const number of numbersIn(t)) assert.ok(Math.abs(number) < 1e21, JSON.stringify(t)); // 1e9 times it is finite
  for (const least of [t.root_delay_s, t.root_dispersion_s, t.skew_ppm])
    assert.ok(least >= 0, `a size below zero makes bounds too small: ${JSON.stringify(t)}`);
  assert.ok(t.name === undefined || (t.name !== '' && !/\p{Cc}/u.test(t.name)));
}

function assertSource(s: ChronySource): void {
  for (const number of numbersIn(s)) assert.ok(Math.abs(number) < 1e21, JSON.stringify(s));
  assert.ok(Math.abs(s.poll) <= 32, `poll 2^${s.poll} s would make a dead source alive for ever`);
  assert.ok(s.reach >= 0 && s.reach <= 255, `reach ${s.reach}`);
  assert.ok(s.last_rx_s === undefined || s.last_rx_s >= 0, `last_rx ${s.last_rx_s}`);
  assert.ok(s.error_margin_s >= 0, `margin ${s.error_margin_s}`);
  assert.ok(!/[\p{Cc}\s]/u.test(s.name));
}

function assertOutput(text: string): void {
  const read = parseChronyc(text);
  if (!read.ok) {
    assert.ok(read.why.length < 4000 && !/\n/.test(read.why));
    return;
  }
  assertTracking(read.value.tracking);
  for (const source of read.value.sources) assertSource(source);
}

holds(
  'damaged output of chronyc gives facts within their ranges or a reason',
  damaged(outputs, 6),
  assertOutput,
  1000,
);
holds('any text gives facts within their ranges or a reason', hostileText(300), assertOutput);
const whole = outputs.filter((text) => parseChronyc(text).ok);
holds(
  'one cell of a whole output exchanged gives facts within their ranges or a reason',
  fc.tuple(fc.constantFrom(...whole), fc.nat(), fc.nat(), oddNumber),
  ([text, row, column, number]) => {
    const lines = text.split('\n').map((line) => line.split(','));
    const cells = lines[row % lines.length] ?? [];
    cells[column % cells.length] = number;
    assertOutput(lines.map((line) => line.join(',')).join('\n'));
  },
  1500,
);

const commands = ['n_sources', 'source_data', 'tracking'] as const;
const replies = {
  n_sources: [14, 2, 32],
  source_data: [15, 3, 76],
  tracking: [33, 5, 104],
} as const;

/** A reply as chronyd makes it: header, then whatever stands in the body. */
function packet(command: CmdmonCommand, seq: number, body: Uint8Array): Uint8Array {
  const [number, reply, length] = replies[command];
  const bytes = new Uint8Array(length);
  bytes.set(body.subarray(0, length - 28), 28);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 6);
  view.setUint8(1, 2);
  view.setUint16(4, number);
  view.setUint16(6, reply);
  view.setUint32(16, seq);
  return bytes;
}

function assertBody(command: CmdmonCommand, body: DataView): void {
  if (command === 'tracking') {
    const read = decodeTracking(body);
    if (read.ok) assertTracking(read.value);
  } else if (command === 'source_data') {
    const read = decodeSource(body);
    if (read.ok) assertSource(read.value);
  } else {
    const count = decodeCount(body);
    assert.ok(Number.isInteger(count) && count >= 0);
  }
}

/** Bytes with small enumerations where chronyd has them, so that bodies get past the first look. */
const body = fc
  .tuple(
    fc.uint8Array({ minLength: 80, maxLength: 80 }),
    fc.array(fc.tuple(fc.constantFrom(16, 18, 20, 22, 24, 26, 28, 30), fc.integer({ min: 0, max: 6 })), {
      maxLength: 8,
    }),
  )
  .map(([bytes, words]) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (const [at, word] of words) view.setUint16(at, word);
    return bytes;
  });

holds(
  'a reply with any body gives facts within their ranges or a reason',
  fc.tuple(fc.constantFrom(...commands), body, fc.nat(0xffffffff)),
  ([command, bytes, seq]) => {
    const read = decodeReply(command, seq, packet(command, seq, bytes));
    assert.ok(read?.ok);
    assertBody(command, read.body);
  },
  3000,
);

holds(
  'a datagram that is not the whole reply to this very request is none',
  fc.tuple(
    fc.constantFrom(...commands),
    body,
    fc.nat(0xffffffff),
    fc.record({
      length: fc.nat(130),
      offset: fc.nat(7),
      changes: fc.array(fc.tuple(fc.nat(27), fc.nat(255)), { maxLength: 4 }),
      seqBy: fc.constantFrom(0, 0, 1, -1, 0x10000),
    }),
  ),
  ([command, bytes, seq, { length, offset, changes, seqBy }]) => {
    const good = packet(command, seq, bytes);
    for (const [at, value] of changes) good[at] = value;
    // as a view into a larger pool, which is how datagrams come
    const pool = new Uint8Array(offset + length);
    pool.set(good.subarray(0, length), offset);
    const datagram = pool.subarray(offset);
    const read = decodeReply(command, seq + seqBy, datagram);
    const [number, reply, full] = replies[command];
    const view = new DataView(good.buffer);
    const header = length >= 28 && good[0] === 6 && good[1] === 2 && view.getUint16(4) === number;
    const ours = header && view.getUint32(16) === seq + seqBy;
    const status = view.getUint16(8);
    if (!ours) assert.equal(read, undefined);
    else if (status !== 0) assert.deepEqual(read, { ok: false, status });
    else if (length < full || view.getUint16(6) !== reply) assert.equal(read, undefined);
    else {
      assert.ok(read?.ok);
      assert.equal(read.body.getUint8(0), datagram[28]);
      assertBody(command, read.body);
    }
  },
  1500,
);

holds(
  'a request is never shorter than its reply and says what it was made of',
  fc.tuple(fc.constantFrom(...commands), fc.nat(0xffffffff), fc.nat(0xffffffff), fc.nat(9)),
  ([command, seq, index, attempt]) => {
    const bytes = encodeRequest(command, seq, index, attempt);
    const view = new DataView(bytes.buffer);
    assert.ok(bytes.length >= replies[command][2]);
    assert.deepEqual(
      [view.getUint32(8), view.getUint16(6), view.getUint16(4)],
      [seq, attempt, replies[command][0]],
    );
    assert.equal(decodeReply(command, seq, bytes), undefined, 'a request that comes back is no reply');
  },
);
