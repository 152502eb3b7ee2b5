// What a server sends that is larger than its max_payload, in frames that are cut at every byte, between other messages,
// PINGs and INFOs: it is left out or whole, and nothing else is lost or changed.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { NatsConnectionImpl } from '@nats-io/transport-node';
import { isLeftOut } from '../../agent/nats/incoming.ts';
import { connectBounded } from '../../agent/nats/transport.ts';
import { reservePort } from '../kit/process/ports.ts';

const limit = 50;
const info = `INFO {"server_id":"x","version":"2.9.10","max_payload":${limit},"headers":true,"proto":1}\r\n`;

interface Sent {
  readonly bytes: Buffer;
  /** What arrives of it: subject, reply, and header and payload or that they are left out. */
  readonly want: string;
}

/** A message of that size in all, whose payload looks like the protocol. */
function sent(at: number, size: number, header: string, reply: string): Sent {
  const payload = 'MSG a 1 5\r\nPING\r\n+OK\r\n'.repeat(size).slice(0, size - header.length);
  const total = header.length + payload.length;
  const head = [header ? 'HMSG' : 'MSG', `a.${at}`, 1, reply, header === '' ? '' : header.length, total];
  const line = head.filter((word) => word !== '').join(' ');
  return {
    bytes: Buffer.from(`${line}\r\n${header}${payload}\r\n`),
    want: `a.${at} ${reply} ${total > limit ? 'left out' : `${header ? at : ''} ${payload}`}`,
  };
}

async function connected(t: TestContext): Promise<NatsConnectionImpl> {
  const port = await reservePort();
  const server = createServer((socket) => {
    socket.on('error', () => {}).write(info);
    socket.on('data', (data) => data.includes('PING') && socket.write('PONG\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const options = { servers: `127.0.0.1:${port}`, reconnect: false };
  const nc = (await connectBounded(options)) as NatsConnectionImpl;
  t.after(() => nc.close().then(() => server.close()));
  return nc;
}

test('a message above the limit is left out wherever its frames are cut', async (t) => {
  const nc = await connected(t);
  const { protocol } = nc;
  let got: string[] = [];
  let pings = 0;
  protocol.processPing = () => {
    pings += 1;
  };
  nc.subscribe('a.>', {
    callback(_error, message) {
      const text = `${message.headers?.get('A') ?? ''} ${message.string()}`;
      got.push(
        `${message.subject} ${message.reply ?? ''} ${isLeftOut(message as never) ? 'left out' : text}`,
      );
    },
  });

  let left = 0;
  for (const size of [0, 1, limit - 1, limit, limit + 1, limit + 2, 2 * limit, 7 * limit])
    for (const [header, reply] of [
      ['', ''],
      ['', 'r.1'],
      ['NATS/1.0\r\nA: 1\r\n\r\n', ''],
      ['NATS/1.0\r\nA: 1\r\n\r\n', 'r.1'],
    ] as const) {
      if (size < header.length) continue;
      const messages = [sent(0, 7, '', 'r.0'), sent(1, size, header, reply), sent(2, limit + 1, '', '')];
      const bytes = Buffer.concat([
        ...messages.flatMap((one) => [one.bytes, Buffer.from('PING\r\n'), Buffer.from(info)]),
        sent(3, 3, '', '').bytes,
      ]);
      const want = [...messages, sent(3, 3, '', '')].map((one) => one.want);
      const cuts = [
        [...bytes.keys()],
        ...[...bytes.keys()].flatMap((at) => [[at], [at, at + 1], [at, at + limit]]),
      ];
      for (const ends of cuts) {
        [got, pings] = [[], 0];
        for (const [at, end] of [...ends, bytes.length].entries())
          protocol.parser.parse(bytes.subarray(ends[at - 1] ?? 0, end));
        const when = `size ${size}, cut at ${ends.slice(0, 3)}`;
        const subjects = (texts: readonly string[]): string[] =>
          texts.map((text) => text.split(' ', 2).join(' '));
        assert.deepEqual(subjects(got), subjects(want), when);
        // what came in one piece is whole
        for (const [at, text] of got.entries())
          assert.ok(text === want[at] || want[at]?.endsWith(' left out'), `${when}: ${text}`);
        left += got.filter((text) => text.endsWith(' left out')).length;
        assert.equal(pings, messages.length, when);
        assert.equal(nc.isClosed(), false);
      }
    }
  assert.ok(left > 10_000, `${left} were left out`);
});

test('what is longer than it says ends the connection, also where it is left out', async (t) => {
  const nc = await connected(t);
  nc.subscribe('a.>', { callback() {} });
  const { bytes } = sent(1, 2 * limit, '', '');
  for (const frame of [bytes.subarray(0, limit), bytes.subarray(limit, -2), Buffer.from('x\r\nPING\r\n')])
    nc.protocol.parser.parse(frame);
  const ended = await Promise.race([
    nc.closed(),
    new Promise((resolve) => setTimeout(resolve, 5000, 'late')),
  ]);
  assert.match(String(ended), /does not keep to the NATS protocol/);
});
