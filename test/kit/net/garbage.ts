import { createServer, type Socket } from 'node:net';
import type { Cleanup } from '../process/cleanup.ts';

/** What a server that is none says to whoever connects. Each speaks as fast as it is read. */
export type Speech = (socket: Socket) => void;

const info = (more: object = {}): string =>
  `INFO ${JSON.stringify({ server_id: 'X', server_name: 'x', version: '2.9.10', proto: 1, headers: true, max_payload: 1048576, ...more })}\r\n`;

/** Writes the same piece again and again, as long as it is taken. */
export function forEver(socket: Socket, piece: Buffer): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(piece)) {}
  };
  socket.on('drain', write);
  write();
}

const noise = (size: number, seed: number): Buffer => {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
};

const endless = Buffer.alloc(65_536, 'a');

/** Greets as a server does, answers the first PING, and then goes on with `next`. */
export const greeted =
  (next: Speech): Speech =>
  (socket) => {
    socket.write(info());
    socket.on('data', (data) => {
      if (!data.includes('PING')) return;
      socket.removeAllListeners('data').resume();
      socket.write('PONG\r\n');
      next(socket);
    });
  };

/** Rubbish by name. */
export const speeches: Readonly<Record<string, Speech>> = {
  'random bytes': (socket) => forEver(socket, noise(65_536, 7)),
  'half an INFO': (socket) => void socket.write('INFO {"server_id":"X","ver'),
  'an endless line': (socket) => forEver(socket, endless),
  'an endless INFO': (socket) => {
    socket.write('INFO {"x":"');
    forEver(socket, endless);
  },
  'an INFO that is no JSON': (socket) => void socket.write('INFO {nonsense}\r\n'),
  'a huge INFO': (socket) => void socket.write(info({ connect_urls: ['x'.repeat(8_000_000)] })),
  'a greeting, then random bytes': greeted((socket) => forEver(socket, noise(65_536, 11))),
  'a greeting, then an endless MSG line': greeted((socket) => {
    socket.write('MSG ');
    forEver(socket, endless);
  }),
  'a greeting, then an endless error': greeted((socket) => {
    socket.write("-ERR '");
    forEver(socket, endless);
  }),
  'a greeting, then a message of 2^50 bytes': greeted((socket) => {
    socket.write('MSG ops.echo.demo-01 1 1125899906842624\r\n');
    forEver(socket, endless);
  }),
  'a greeting, then a message above its own limit': greeted((socket) => {
    socket.write('MSG ops.echo.demo-01 1 60000000\r\n');
    forEver(socket, endless);
  }),
  'a greeting, then PINGs and no reading': (socket) => {
    socket.write(info());
    socket.once('data', () => {
      socket.write('PONG\r\n');
      socket.pause();
      forEver(socket, Buffer.from('PING\r\n'.repeat(10_000)));
    });
  },
  'a greeting, then an INFO that is none': greeted((socket) => {
    socket.write('INFO {nonsense}\r\n');
    forEver(socket, Buffer.from('PING\r\n'.repeat(10_000)));
  }),
};

/** Speaks rubbish on a free port of loopback. */
export async function garbageServer(
  owner: Cleanup,
  speech: Speech,
): Promise<{ port: number; connections(): number; open(): number }> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    speech(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owner.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, connections: () => connections, open: () => open.size };
}
