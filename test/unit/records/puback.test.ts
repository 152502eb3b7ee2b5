import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../agent/nats/outgoing.ts';
import { readPubAck, resultOf } from '../../../agent/records/puback.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test('only what a stream says is a PubAck', () => {
  const read = (value: unknown) => readPubAck(bytes(value));
  assert.deepEqual(read({ stream: 'S', seq: 3 }), { kind: 'stored', duplicate: false });
  assert.deepEqual(read({ stream: 'S', seq: 3, duplicate: true }), { kind: 'stored', duplicate: true });
  for (const odd of [
    null,
    7,
    'x',
    [],
    {},
    { stream: '', seq: 1 },
    { stream: 'S', seq: '1' },
    { error: {} },
  ]) {
    assert.deepEqual(read(odd), { kind: 'other' }, JSON.stringify(odd));
  }
  assert.deepEqual(readPubAck(new Uint8Array([0x7b, 0xff])), { kind: 'other' });
  assert.deepEqual(read({ error: { code: 503, err_code: 10077, description: 'full' } }), {
    kind: 'refused',
    why: 'full',
    permanent: false,
  });
});

test('what an answer means depends on whether the hub was reached and the record was sent before', () => {
  const reply = (value: unknown): Answer => ({
    kind: 'reply',
    message: { subject: '_INBOX_u1.1', data: bytes(value), size: () => 0 },
  });
  const result = (answer: Answer, isFirst = true, reached = true) => resultOf(answer, isFirst, () => reached);
  const stored = { stream: 'S', seq: 3 };
  assert.deepEqual(result(reply(stored)), { kind: 'stored', duplicate: false });
  assert.deepEqual(result(reply({ ...stored, duplicate: true }), false), {
    kind: 'stored',
    duplicate: 'resent',
  });
  assert.deepEqual(result(reply({ ...stored, duplicate: true })), { kind: 'stored', duplicate: 'foreign' });
  const refusal = (err_code: number) =>
    reply({ error: { code: 503, err_code, description: 'in its words' } });
  assert.deepEqual(result(refusal(10077)), { kind: 'refused', why: 'in its words' });
  assert.deepEqual(result(refusal(10054)), { kind: 'lost', why: 'in its words' });
  assert.equal(result(reply({})).kind, 'unstored');
  assert.equal(result({ kind: 'timeout' }).kind, 'unstored');
  assert.deepEqual(result({ kind: 'timeout' }, true, false), { kind: 'unreachable' });
  assert.equal(result({ kind: 'too_large' }, true, false).kind, 'lost');
});
