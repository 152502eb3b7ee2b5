import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerCommands } from '../../../agent/answers/command.ts';
import { answerEcho } from '../../../agent/answers/echo.ts';
import type { Incoming } from '../../../agent/nats/incoming.ts';
import type { PublishOptions } from '../../../agent/nats/outgoing.ts';

/** A link of ten lines: what is published can be looked at, what comes in can be put in. */
function fakeLink(max_payload = 1_000_000) {
  const published: { subject: string; payload: Uint8Array | string; options: PublishOptions }[] = [];
  let deliver = (_message: Incoming): void | Promise<void> => {};
  let accepts = true;
  return {
    published,
    refuse: () => {
      accepts = false;
    },
    receive: (message: Partial<Incoming>) =>
      deliver({ subject: 'ops.echo.u1', data: new Uint8Array(0), size: () => 0, ...message }),
    link: {
      state: () => ({ connected: true, since_ms: 0, server: { name: 's', version: '2', max_payload } }),
      publish(subject: string, payload: Uint8Array | string, options: PublishOptions = {}) {
        published.push({ subject, payload, options });
        return accepts;
      },
      subscribe(_subject: string, callback: typeof deliver) {
        deliver = callback;
        return () => {};
      },
    },
  };
}

const opts = { subject: 'ops.echo.u1', unit: 'u1', replySubjects: ['_INBOX.>'] };
const clock = () => ({ source: 'unsynced', quality: 'freerun' }) as const;

function echoOn(fake: ReturnType<typeof fakeLink>) {
  let now_us = 1000.4;
  return answerEcho({ link: fake.link, clock, now_us: () => now_us++ }, opts);
}

/** A message whose headers take `bytes` on the wire. */
const withHeaders = (headers: Iterable<[string, string[]]>, bytes: number, data = new Uint8Array(0)) => ({
  data,
  reply: '_INBOX.a',
  headers,
  size: () => 'ops.echo.u1'.length + '_INBOX.a'.length + data.length + bytes,
});

test('the payload goes back untouched, with the clock and without an unknown bound', () => {
  const fake = fakeLink();
  const echo = echoOn(fake);
  const data = new Uint8Array([0, 255, 13, 10]);
  fake.receive(withHeaders([['X-Mine', ['1', '2']]], 20, data));
  const [sent] = fake.published;
  assert.equal(sent?.payload, data);
  assert.equal(sent?.subject, '_INBOX.a');
  assert.deepEqual(
    { ...sent?.options.headers },
    {
      'X-Mine': ['1', '2'],
      'X-Unit-ID': ['u1'],
      'X-Server-Received-At': ['1000'],
      'X-Server-Sent-At': ['1001'],
      'X-Clock-Source': ['unsynced'],
      'X-Clock-Quality': ['freerun'],
    },
  );
  assert.equal(echo.counters().requests, 1);
  assert.ok(echo.counters().processing_ns > 0);
});

test('headers of the request give way to the payload when there is no room for both', () => {
  const fake = fakeLink(12_000);
  const echo = echoOn(fake);
  const headers: [string, string[]][] = [['X-Long', ['x'.repeat(3000)]]];
  fake.receive(withHeaders(headers, 3020, new Uint8Array(10_000)));
  const [sent] = fake.published;
  assert.equal(sent?.payload.length, 10_000);
  assert.equal(sent?.options.headers?.['X-Long'], undefined);
  assert.match(sent?.options.headers?.['X-Echo-Note']?.[0] ?? '', /no room/);
  assert.deepEqual(sent?.options.headers?.['X-Server-Sent-At'], ['1001']);
  fake.receive(withHeaders([], 0, new Uint8Array(11_990)));
  assert.deepEqual(fake.published[1]?.options.headers?.['Nats-Service-Error-Code'], ['413']);
  assert.equal(echo.counters().errors, 1);
  assert.equal(echo.counters().last_error, 'payload too large');
});

test('malformed headers do not keep the echo from answering', () => {
  const fake = fakeLink();
  echoOn(fake);
  const headers = {
    [Symbol.iterator](): Iterator<[string, string[]]> {
      throw new Error('bad header');
    },
  };
  fake.receive(withHeaders(headers, 20));
  assert.match(fake.published[0]?.options.headers?.['X-Echo-Note']?.[0] ?? '', /malformed/);
});

test('a reply that could not be sent is an error, requests without a good reply subject are ignored', () => {
  const fake = fakeLink();
  const echo = echoOn(fake);
  for (const reply of ['', 'ops.echo.u1', 'ops.heartbeat.u1', '_INBOX', undefined]) {
    fake.receive({ ...(reply === undefined ? {} : { reply }) });
  }
  assert.equal(fake.published.length, 0);
  assert.equal(echo.counters().ignored, 5);
  fake.refuse();
  fake.receive(withHeaders([], 0));
  assert.equal(echo.counters().errors, 1);
  echo.stop();
});

test('a command runs without a reply too, and one that fails says so to both sides', async () => {
  const fake = fakeLink();
  let probes = 0;
  const commands = {
    HEALTH_PROBE: async () => {
      probes += 1;
      return { event: 'health' };
    },
    BROKEN: () => {
      throw new Error('inside');
    },
  };
  answerCommands({ link: fake.link, commands }, { subject: 'c', replySubjects: ['_INBOX.>'] });
  const data = new TextEncoder().encode('HEALTH_PROBE');
  await fake.receive({ data });
  await fake.receive({ data, reply: 'ops.cmd.leaf.u1' });
  assert.equal(probes, 2);
  assert.equal(fake.published.length, 0);
  await fake.receive({ data, reply: '_INBOX.a' });
  assert.equal(fake.published[0]?.payload, '{"event":"health"}');
  await assert.rejects(
    async () => fake.receive({ data: new TextEncoder().encode('broken'), reply: '_INBOX.a' }),
    /inside/,
  );
  assert.deepEqual(fake.published[1]?.options.headers?.['Nats-Service-Error-Code'], ['500']);
});
