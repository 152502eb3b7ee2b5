import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWsFrame } from '../../../agent/enrol/wsrelay.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/ /g, ''), 'hex');

test('frames of a server as in the examples of RFC 6455, 5.7', () => {
  const hello = parseWsFrame(bytes('81 05 48656c6c6f 0000'));
  assert.ok(typeof hello === 'object');
  assert.deepEqual([hello.opcode, hello.payload.toString(), hello.bytes], [1, 'Hello', 7]);
  const medium = parseWsFrame(Buffer.concat([bytes('82 7e 0100'), Buffer.alloc(256, 1)]));
  assert.ok(typeof medium === 'object');
  assert.deepEqual([medium.opcode, medium.payload.length, medium.bytes], [2, 256, 260]);
  const large = parseWsFrame(Buffer.concat([bytes('82 7f 0000000000010000'), Buffer.alloc(65_536)]));
  assert.ok(typeof large === 'object');
  assert.equal(large.payload.length, 65_536);
});

test('what is not whole waits; what is masked, has an extension or is too long is no frame', () => {
  for (const part of ['', '81', '81 05', '81 05 4865', '82 7e 01', '82 7f 00000000'])
    assert.equal(parseWsFrame(bytes(part)), undefined, part);
  for (const part of [
    '81 85 37fa213d 7f9f4d5158',
    'c1 05 48656c6c6f',
    '82 7f 0000000100000000',
    '82 7f ffffffffffffffff',
  ])
    assert.equal(parseWsFrame(bytes(part)), 'garbled', part);
});
