import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askOver, askServers, parseApiReply } from '../../../../agent/hub/asks/api.ts';
import type { Link } from '../../../../agent/nats/link.ts';
import type { Answer, RequestOptions } from '../../../../agent/nats/outgoing.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const reply = (text: string): Answer => ({
  kind: 'reply',
  message: { subject: 'x', data: bytes(text), size: () => text.length },
});
const linkOf = (request: (subject: string, body: string, options: RequestOptions) => Promise<Answer>): Link =>
  ({ request }) as unknown as Link;

test('a reply is a JSON object', () => {
  assert.deepEqual(parseApiReply(bytes('{"a":1}')), { ok: true, value: { a: 1 } });
  for (const text of ['', 'null', '[]', '"x"', '{', '\0']) assert.equal(parseApiReply(bytes(text)).ok, false);
});

test('an answer is what came, what JetStream refused with its number, or why none came', async () => {
  const ask = (answer: Answer) => askOver(linkOf(() => Promise.resolve(answer)))('$JS.API.INFO');
  assert.deepEqual(await ask(reply('{"a":1}')), { ok: true, value: { a: 1 } });
  assert.deepEqual(
    await ask(reply('{"error":{"code":404,"err_code":10059,"description":"stream not found"}}')),
    { ok: false, why: 'stream not found', code: 10059 },
  );
  assert.deepEqual(await ask(reply('{"error":{"code":500}}')), {
    ok: false,
    why: 'refused without a reason',
    code: 500,
  });
  for (const kind of ['no_responders', 'timeout', 'denied', 'too_large', 'closed'] as const) {
    const answer = await ask({ kind });
    assert.equal('code' in answer, false, 'one that may come later has no number');
    assert.equal(answer.ok, false);
  }
});

test('what is asked is JSON, or nothing', async () => {
  const asked: string[] = [];
  const ask = askOver(
    linkOf((_subject, body) => {
      asked.push(body);
      return Promise.resolve(reply('{}'));
    }),
  );
  await ask('a');
  await ask('a', { name: 'x' });
  assert.deepEqual(asked, ['', '{"name":"x"}']);
});

test('servers are gathered until all have answered', async () => {
  const link = linkOf((subject, _body, { accept }) => {
    assert.equal(subject, '$SYS.REQ.SERVER.PING.VARZ');
    const taken = ['{"a":1}', 'garbled', '{"error":{"code":500}}', '{"a":2}', '{"a":3}'].map((text) =>
      accept?.(bytes(text)),
    );
    assert.deepEqual(taken, [false, false, false, true, true]);
    return Promise.resolve({ kind: 'timeout' });
  });
  assert.deepEqual((await askServers(link, 'VARZ', 2, 100)).slice(0, 2), [{ a: 1 }, { a: 2 }]);
});
