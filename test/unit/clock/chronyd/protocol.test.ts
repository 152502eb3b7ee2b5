import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChronyc, parseSource } from '../../../../agent/clock/chronyd/csv.ts';
import {
  decodeReply,
  decodeSource,
  decodeTracking,
  encodeRequest,
} from '../../../../agent/clock/chronyd/protocol.ts';

/** A body of 48 bytes of source data around an IPAddr. */
const sourceBody = (address: readonly number[], family: number, mode = 0, state = 0): DataView => {
  const view = new DataView(new ArrayBuffer(76));
  address.forEach((byte, i) => {
    view.setUint8(i, byte);
  });
  view.setUint16(16, family);
  view.setInt16(20, -2);
  view.setUint16(24, state);
  view.setUint16(26, mode);
  return view;
};
const groups = (...words: number[]): number[] => words.flatMap((word) => [word >> 8, word & 0xff]);
const nameOf = (view: DataView): string => {
  const source = decodeSource(view);
  return source.ok ? source.value.name : source.why;
};

test('addresses are written as chronyc writes them', () => {
  assert.equal(nameOf(sourceBody([192, 168, 1, 255], 1)), '192.168.1.255');
  const v6 = (...words: number[]): string => nameOf(sourceBody(groups(...words), 2));
  assert.equal(v6(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), '2001:db8::1:0:0:1');
  assert.equal(v6(0x10, 0, 1, 0, 0, 0, 0x20, 0), '10:0:1::20:0');
  assert.equal(v6(0, 0, 0, 0, 0, 0, 0, 1), '::1');
  assert.equal(v6(0, 0, 0, 0, 0, 0, 0, 0), '::');
  assert.equal(v6(0xfe80, 0, 0, 0, 0, 0, 0, 0), 'fe80::');
  assert.equal(v6(1, 0, 2, 3, 4, 5, 6, 7), '1:0:2:3:4:5:6:7');
});

test('a name that is not resolved yet is a source without an address', () => {
  const source = decodeSource(sourceBody([0, 0, 0, 12], 3));
  assert.ok(source.ok);
  assert.deepEqual([source.value.name, source.value.resolved], ['ID#0000000012', false]);
  assert.equal(source.value.poll, -2);
  const text = parseSource('^,?,ID#0000000012,0,-2,0,4294967295,0.000000000,0.000000000,0.000000000');
  assert.ok(text.ok);
  assert.deepEqual([text.value.name, text.value.resolved], ['ID#0000000012', false]);
  assert.equal('last_rx_s' in text.value, false, 'never heard of is not zero seconds ago');
});

test('numbers that mean nothing give a reason', () => {
  assert.equal(nameOf(sourceBody([1], 1, 7)), 'source: mode 7');
  assert.equal(nameOf(sourceBody([1], 1, 0, 9)), 'source: state 9');
  assert.equal(nameOf(sourceBody([1], 9)), 'source: no address');
  const tracking = new DataView(new ArrayBuffer(76));
  tracking.setUint16(26, 8);
  assert.deepEqual(decodeTracking(tracking), { ok: false, why: 'tracking: leap status 8' });
});

test('a refclock is named by the letters of its refid, and `local` by none', () => {
  assert.equal(nameOf(sourceBody([0x53, 0x48, 0x4d, 0x30], 1, 2)), 'SHM0');
  const tracking = new DataView(new ArrayBuffer(76));
  tracking.setUint32(0, 0x7f7f0101);
  const read = decodeTracking(tracking);
  assert.ok(read.ok);
  assert.deepEqual([read.value.refid, 'name' in read.value], ['7F7F0101', false]);
});

test('only the reply to the very request is taken', () => {
  const reply = Buffer.from(encodeRequest('tracking', 0));
  reply[1] = 2;
  reply.writeUInt16BE(5, 6);
  reply.writeUInt32BE(77, 16);
  const change = (at: number, byte: number): Uint8Array => {
    const other = Uint8Array.from(reply);
    other[at] = byte;
    return other;
  };
  assert.ok(decodeReply('tracking', 77, reply)?.ok);
  assert.equal(decodeReply('tracking', 78, reply), undefined, 'of another request');
  assert.equal(decodeReply('n_sources', 77, reply), undefined, 'of another command');
  assert.equal(decodeReply('tracking', 77, change(0, 5)), undefined, 'of another protocol');
  assert.equal(decodeReply('tracking', 77, change(1, 1)), undefined, 'a request');
  assert.equal(decodeReply('tracking', 77, change(7, 6)), undefined, 'another report');
  assert.equal(decodeReply('tracking', 77, reply.subarray(0, 100)), undefined, 'cut short');
  assert.equal(decodeReply('tracking', 77, reply.subarray(0, 20)), undefined);
  assert.deepEqual(decodeReply('tracking', 77, change(9, 2)), { ok: false, status: 2 });
});

test('the reply is read where it lies in a larger buffer', () => {
  const reply = Buffer.from(encodeRequest('n_sources', 0));
  reply[1] = 2;
  reply.writeUInt16BE(2, 6);
  reply.writeUInt32BE(9, 16);
  reply.writeUInt32BE(3, 28);
  const read = decodeReply('n_sources', 9, Buffer.concat([Buffer.alloc(13), reply]).subarray(13));
  assert.ok(read?.ok && read.body.getUint32(0) === 3);
});

const tracking =
  '7F000001,127.0.0.1,3,1795218653.7,0.00002,0.00002,0.00001,-0.2,0.0,0.8,0.004,0.002,1.0,Normal';
const source = '^,*,127.0.0.1,2,0,377,2,-0.000024090,-0.000002349,0.004065234';

test('a chronyc that may say only part gives what can be judged, else the refusal', () => {
  const unlisted = parseChronyc(`${tracking}\n501 Not authorised\n`);
  assert.deepEqual(unlisted, { ok: false, why: 'Not authorised', code: 501 });
  const whole = parseChronyc(`${tracking}\n${source}\n`);
  assert.ok(whole.ok);
  assert.deepEqual([whole.value.via, whole.value.sources.length], ['chronyc', 1]);
});

test('garbled lines of chronyc give a reason', () => {
  const why = (text: string): string => {
    const read = parseChronyc(text);
    return read.ok ? 'read' : read.why;
  };
  assert.equal(why(''), 'tracking: refid is missing');
  assert.equal(why(tracking.replace('Normal', 'normal?')), "tracking: leap status is 'normal?'");
  assert.equal(why(tracking.replace('-0.2', 'nan')), "tracking: frequency is 'nan'");
  assert.equal(why(`${tracking}\n${source.replace('377', '399')}`), "sources: reach is '399'");
});

test('what chronyd cannot have said is a reason, by UDP and by chronyc', () => {
  const why = (text: string): string => {
    const read = parseChronyc(text);
    return read.ok ? 'read' : read.why;
  };
  assert.equal(why(`${tracking}\n${source}`), 'read');
  const cells = tracking.split(',');
  const exchanged = (at: number, cell: string): string =>
    [...cells.slice(0, at), cell, ...cells.slice(at + 1)].join(',');
  assert.equal(why(exchanged(10, '-0.1')), 'tracking: root_delay_s is -0.1'); // would make the bound too small
  assert.equal(why(exchanged(11, '-5')), 'tracking: root_dispersion_s is -5');
  assert.equal(why(exchanged(4, '1e308')), "tracking: system time is '1e308'"); // infinite in nanoseconds
  assert.equal(why(exchanged(4, '1e999')), "tracking: system time is '1e999'");

  const alive = sourceBody([192, 0, 2, 1], 1);
  assert.ok(decodeSource(alive).ok);
  alive.setInt16(20, 3000); // 3 * 2^3000 s: never too old
  assert.deepEqual(decodeSource(alive), { ok: false, why: 'poll is 3000' });
  const dispersed = new DataView(new ArrayBuffer(76));
  dispersed.setInt32(68, 0x01ffffff); // exponent 0, coefficient -1
  const read = decodeTracking(dispersed);
  assert.match(read.ok ? 'read' : read.why, /^root_dispersion_s is -/);
});
