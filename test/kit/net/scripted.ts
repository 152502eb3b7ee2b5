import { createServer, type Socket } from 'node:net';
import type { Cleanup } from '../process/cleanup.ts';

/** What a client has sent: a line, and what came with it if it was a message. */
export interface Said {
  readonly line: string;
  readonly body: Buffer;
}

/** One connection to a scripted server. */
export interface ScriptedPeer {
  /** What the client has said since the last time. */
  said(): Said[];
  /** Sends the pieces one after another, each in a turn of its own. */
  tell(pieces: readonly Uint8Array[]): Promise<void>;
}

/** Splits off what is complete. */
function split(bytes: Buffer): { said: Said[]; rest: Buffer } {
  const said: Said[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) break;
    const line = bytes.toString('latin1', at, end);
    const size = /^H?PUB /.test(line) ? Number(line.split(' ').at(-1)) : undefined;
    const next = end + 2 + (size === undefined ? 0 : size + 2);
    if (next > bytes.length) break;
    said.push({ line, body: Buffer.from(bytes.subarray(end + 2, size === undefined ? end + 2 : next - 2)) });
    at = next;
  }
  return { said, rest: bytes.subarray(at) };
}

/** A NATS server that says what a test wants, byte by byte, and answers PINGs. */
export async function scriptedServer(
  owner: Cleanup,
  max_payload: number,
): Promise<{ readonly port: number; readonly peers: ScriptedPeer[] }> {
  const peers: ScriptedPeer[] = [];
  const sockets: Socket[] = [];
  const greeting = { server_id: 'x', version: '2.10.0', proto: 1, headers: true, max_payload };
  const server = createServer({ noDelay: true }, (socket) => {
    const all: Said[] = [];
    let unread = Buffer.alloc(0);
    sockets.push(socket.on('error', () => {}));
    socket.write(`INFO ${JSON.stringify(greeting)}\r\n`);
    socket.on('data', (data) => {
      const { said, rest } = split(Buffer.concat([unread, data]));
      unread = Buffer.from(rest);
      all.push(...said);
      for (const { line } of said) if (line === 'PING') socket.write('PONG\r\n');
    });
    peers.push({
      said: () => all.splice(0),
      async tell(pieces) {
        for (const piece of pieces) {
          socket.write(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owner.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, peers };
}
