import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerHubEcho, askHubEcho, hubEchoName } from '../../../../agent/hub/run/selfecho.ts';
import type { Incoming } from '../../../../agent/nats/incoming.ts';
import type { Link } from '../../../../agent/nats/link.ts';
import type { Answer } from '../../../../agent/nats/outgoing.ts';

const incoming = (data: Uint8Array, reply?: string): Incoming => ({
  subject: 'x',
  data,
  reply,
  size: () => data.length,
});

test('the name of a server is one word of a subject, and that of no unit by default', () => {
  assert.equal(hubEchoName('hub.example.org'), '_hub_example_org');
  assert.match(hubEchoName('x.*>'.repeat(50)), /^_[\w-]{63}$/);
});

test('the responder gives back what came, to inboxes and nowhere else', () => {
  const sent: [string, unknown][] = [];
  let handler = (_message: Incoming): unknown => undefined;
  const link = {
    subscribe(subject: string, fn: typeof handler) {
      assert.equal(subject, 'ops.echo._a_b');
      handler = fn;
      return () => {};
    },
    publish: (subject: string, data: unknown) => sent.push([subject, data]) > 0,
  };
  answerHubEcho(link as unknown as Link, 'a.b');
  handler(incoming(Buffer.from('1'), '_INBOX.1'));
  handler(incoming(Buffer.from('2')));
  for (const aim of ['ops.heartbeat.victim', '$JS.API.STREAM.DELETE.NUNECT', '_INBOX_victim.1', '_INBOX'])
    handler(incoming(Buffer.from('3'), aim));
  assert.deepEqual(sent, [['_INBOX.1', Buffer.from('1')]]);
});

test('an echo counts only where it is what was sent', async () => {
  let now_ms = 0;
  const ask = (answer: (data: Uint8Array) => Answer) =>
    askHubEcho(
      {
        request(_subject: string, data: Uint8Array) {
          now_ms += 3;
          return Promise.resolve(answer(data));
        },
      } as unknown as Link,
      'a',
      { now_ms: () => now_ms },
    );
  assert.deepEqual(await ask((data) => ({ kind: 'reply', message: incoming(data) })), { rtt_ms: 3 });
  assert.deepEqual(await ask(() => ({ kind: 'reply', message: incoming(Buffer.alloc(16)) })), {
    why: 'the echo is not what was sent',
  });
  assert.deepEqual(await ask(() => ({ kind: 'no_responders' })), { why: 'nobody answers the echo' });
});
