import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../agent/nats/outgoing.ts';
import { isOfHub, readPubAck, resultOf, unstoredWhy } from '../../../agent/records/puback.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test('only what a stream says is a PubAck', () => {
  const read = (value: unknown) => readPubAck(bytes(value));
  const stored = { kind: 'stored', duplicate: false, stream: 'S', domain: undefined };
  assert.deepEqual(read({ stream: 'S', seq: 3 }), stored);
  assert.deepEqual(read({ stream: 'S', seq: 3, duplicate: true }), { ...stored, duplicate: true });
  assert.deepEqual(read({ stream: 'S', seq: 3, domain: 'hub' }), { ...stored, domain: 'hub' });
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
    isTooLarge: false,
    stream: undefined,
  });
});

test('a stream of the local server proves nothing of the hub', () => {
  const ack = (domain: string | undefined) =>
    readPubAck(bytes({ stream: 'S', seq: 1, ...(domain === undefined ? {} : { domain }) }));
  const known = { hub: new Set<string>(), local: new Set<string>() };
  const is = (one: ReturnType<typeof readPubAck>, domain: string | undefined) =>
    isOfHub(one, { domain }, known);
  assert.equal(is(ack('hub'), 'u1'), true);
  assert.equal(is(ack(undefined), 'u1'), true, 'the hub has no domain');
  assert.equal(is(ack('hub'), undefined), true);
  assert.equal(is({ kind: 'other' }, 'u1'), false);
  const refusal = readPubAck(bytes({ error: { description: 'full' }, stream: 'S', seq: 0 }));
  assert.equal(is(refusal, 'u1'), true, 'S is known as one of the hub');
  assert.equal(is(ack('u1'), 'u1'), false);
  assert.equal(is(refusal, 'u1'), false, 'S is the name of a local one, too');
  const other = readPubAck(bytes({ error: { description: 'full' }, stream: 'LOCAL', seq: 0 }));
  assert.equal(is(other, 'u1'), false, 'LOCAL has acknowledged nothing yet: it may be either');
  assert.equal(is(ack(undefined), undefined), false, 'it may be either');
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
  assert.deepEqual(result(refusal(10054)), { kind: 'lost', why: 'max_msg_size' });
  assert.equal(result(reply({})).kind, 'unstored');
  assert.deepEqual(result({ kind: 'timeout' }), { kind: 'unstored', why: unstoredWhy.no_ack });
  const silent = (value: unknown): Answer => {
    const answer = reply(value);
    return answer.kind === 'reply' ? { kind: 'timeout', unaccepted: answer.message } : answer;
  };
  assert.deepEqual(result(silent(stored)), { kind: 'unstored', why: unstoredWhy.local('S', undefined) });
  assert.deepEqual(result(silent(stored), true, false), { kind: 'unreachable' });
  for (const err_code of [10077, 10054])
    assert.deepEqual(
      result(silent({ error: { code: 503, err_code, description: 'full' }, stream: 'S', seq: 0 })),
      { kind: 'refused', why: 'full (stream S)' },
      'it may be the limit of a local stream: nothing is given up for it',
    );
  assert.deepEqual(result(silent({})), { kind: 'unstored', why: unstoredWhy.no_puback });
  assert.deepEqual(result({ kind: 'timeout' }, true, false), { kind: 'unreachable' });
  assert.equal(result({ kind: 'too_large' }, true, false).kind, 'lost');
});
