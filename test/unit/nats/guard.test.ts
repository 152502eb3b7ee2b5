import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '../../../agent/lib/log.ts';
import { Replies } from '../../../agent/nats/frames/replies.ts';
import { noMessage } from '../../../agent/nats/frames/scan.ts';
import { guardHandlers } from '../../../agent/nats/guard.ts';

test('a reply that is sent where its request lies ends the refusal of its subject, and one that fails is left to others', () => {
  const bytes = Buffer.from('_INBOX.a');
  const message = { ...noMessage(), bytes, reply: 0, replyEnd: bytes.length };
  const used: string[] = [];
  const state = { isAny: false, sent: 5 as number | undefined };
  const denials = {
    isAny: () => state.isAny,
    used: (subject: string) => void used.push(subject),
    refused() {},
    connected() {},
    list: () => [],
  };
  const handler = {
    answer() {
      if (state.sent === 0) throw new Error('broken');
      return state.sent;
    },
    seal() {},
  };
  const { answer } = guardHandlers({ error() {} } as unknown as Log).guardedFramed(
    'ops.echo.u1',
    handler,
    denials,
  );
  const replies = new Replies(() => true);
  assert.equal(answer(message, replies), 5);
  assert.deepEqual(used, [], 'nothing was refused');
  state.isAny = true;
  assert.equal(answer(message, replies), 5);
  assert.deepEqual(used, ['_INBOX.a']);
  state.sent = undefined;
  answer(message, replies);
  assert.deepEqual(used, ['_INBOX.a'], 'nothing was sent');
  state.sent = 0;
  assert.equal(answer(message, replies), undefined);
});
