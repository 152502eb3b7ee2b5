import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { carriedSince, countingProxy } from '../../../kit/hub/countingproxy.ts';
import { eventually } from '../../../kit/process/daemon.ts';

/** A server that answers each piece of data with twice as much. */
async function doubling(t: { after(end: () => void): void }): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('data', (data) => socket.write(Buffer.concat([data, data])));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A client that counts what it gets. */
function client(port: number) {
  let got = 0;
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('data', (data) => {
    got += data.length;
  });
  socket.on('error', () => {});
  return { socket, got: () => got };
}

test('bytes are counted each way, over several connections, as both ends know them', async (t) => {
  const proxy = await countingProxy(t, await doubling(t));
  const [one, other] = [client(proxy.port), client(proxy.port)];
  one.socket.write(Buffer.alloc(1000));
  await eventually('answered', () => one.got() === 2000);
  const before = proxy.carried();
  assert.deepEqual(before, { there: 1000, back: 2000 });
  other.socket.write(Buffer.alloc(70_000));
  await eventually('answered', () => other.got() === 140_000);
  assert.deepEqual(carriedSince(before, proxy.carried()), { there: 70_000, back: 140_000 });
  assert.equal(proxy.connections(), 2);
});

test('a cut ends what is open and refuses what comes; mended, it carries again', async (t) => {
  const proxy = await countingProxy(t, await doubling(t));
  const first = client(proxy.port);
  first.socket.write('ab');
  await eventually('answered', () => first.got() === 4);
  proxy.cut();
  await eventually('ended', () => first.socket.destroyed && proxy.connections() === 0);
  const refused = client(proxy.port);
  await eventually('refused', () => refused.socket.destroyed);
  proxy.mend();
  const second = client(proxy.port);
  second.socket.write('ab');
  await eventually('answered', () => second.got() === 4);
});

test('what is swallowed is neither passed nor counted, and the connection stays open until it is mended', async (t) => {
  const proxy = await countingProxy(t, await doubling(t));
  const one = client(proxy.port);
  one.socket.write('ab');
  await eventually('answered', () => one.got() === 4);
  proxy.swallow();
  one.socket.write('cd');
  const other = client(proxy.port);
  await eventually('the other is taken', () => proxy.connections() === 2);
  assert.deepEqual([proxy.carried(), one.got(), other.got()], [{ there: 2, back: 4 }, 4, 0]);
  proxy.mend();
  await eventually('ended', () => one.socket.destroyed && other.socket.destroyed);
});
