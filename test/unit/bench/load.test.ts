import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { loadClient } from '../../bench/load.ts';
import { eventually } from '../../kit/process/daemon.ts';

/** Writes bytes in pieces, each on its own: what is written at once is read at once. */
async function tell(socket: Socket, bytes: Buffer, piece: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) {
    socket.write(bytes.subarray(at, at + piece));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A server that answers each request by what `reply` makes of it, cut into pieces of `piece` bytes. */
async function server(t: TestContext, reply: (payload: number) => string, piece: number) {
  const heard: string[] = [];
  const serve = (socket: Socket): void => {
    socket.setNoDelay(true);
    socket.write('INFO {"server_id":"x"}\r\n');
    let text = '';
    let told: Promise<void> = Promise.resolve();
    socket.on('error', () => {});
    socket.on('data', (data) => {
      text += data.toString('latin1');
      for (;;) {
        const [line, , size = ''] = /^(PUB \S+ \S+ (\d+)|CONNECT .*|SUB .*|PONG)\r\n/.exec(text) ?? [];
        if (line === undefined) return;
        const whole = line.length + (size === '' ? 0 : Number(size) + 2);
        if (text.length < whole) return;
        heard.push(line.trim());
        text = text.slice(whole);
        if (size === '') continue;
        told = told.then(() => tell(socket, Buffer.from(reply(Number(size))), piece));
      }
    });
  };
  const listening = createServer(serve);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  t.after(() => listening.close());
  const address = listening.address();
  const client = await loadClient(typeof address === 'object' ? (address?.port ?? 0) : 0, 'u', 'p');
  t.after(() => client.close());
  return { client, heard };
}

const headers = `NATS/1.0\r\nX-Server-Received-At: 1764400000000000\r\n\r\n`;
/** What looks like messages, and is none. */
const lookalike = (size: number): string =>
  '\r\nMSG _INBOX.load 1 90\r\n'.repeat(size / 20 + 1).slice(0, size);
const answer = (payload: number): string =>
  `HMSG _INBOX.load 1 ${headers.length} ${headers.length + payload}\r\n${headers}${lookalike(payload)}\r\n`;

for (const piece of [7, 150, 100_000]) {
  test(`every echo is counted once, read in pieces of ${piece} bytes`, async (t) => {
    const { client, heard } = await server(t, answer, piece);
    for (const [count, inFlight, payload] of [
      [50, 1, 0],
      [200, 64, 64],
      [3, 16, 3000],
    ] as const) {
      const before = heard.length;
      const { perSecond, rtts } = await client.ask({ subject: 'ops.echo.x', count, inFlight, payload });
      assert.equal(rtts.length, count);
      assert.ok(rtts.every((rtt) => rtt > 0) && perSecond > 0);
      assert.equal(heard.slice(before).filter((line) => line.startsWith('PUB ops.echo.x')).length, count);
    }
  });
}

test('a PING among the answers is answered, and no answer is one', async (t) => {
  const { client, heard } = await server(t, (payload) => `PING\r\n${answer(payload)}`, 5);
  await client.ask({ subject: 'ops.echo.x', count: 20, inFlight: 4, payload: 10 });
  await eventually('all are answered', () => heard.filter((line) => line === 'PONG').length === 20);
});

test('a server that ends the connection is an error, not an echo', async (t) => {
  const { client } = await server(t, () => "-ERR 'Authorization Violation'\r\n", 100);
  await assert.rejects(
    client.ask({ subject: 'ops.echo.x', count: 1, inFlight: 1, payload: 1 }),
    /Authorization/,
  );
});
