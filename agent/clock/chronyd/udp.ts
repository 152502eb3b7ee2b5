import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { reasonOf } from '../../lib/errors.ts';

/** A datagram socket that is connected: it hears its peer and no one else. */
export interface UdpLink {
  send(bytes: Uint8Array): void;
  /** Datagrams, and errors by their errno (ECONNREFUSED: nobody listens, for now). One listener. */
  listen(onData: (bytes: Uint8Array) => void, onError: (errno: string) => void): void;
  close(): void;
}

/** Opens a link to an address or name. Rejects when the name cannot be resolved or no route is there. */
export type OpenUdp = (host: string, port: number) => Promise<UdpLink>;

/** UDP over IPv4 or IPv6, as the host's address demands. It keeps no process alive. */
export const openUdp: OpenUdp = async (host, port) => {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4').unref();
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      socket.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });
  return {
    // What sending cannot do is an error of the socket too: a refusal comes with the next call.
    send: (bytes) => socket.send(bytes, (error) => error !== null && socket.emit('error', error)),
    listen(onData, onError) {
      socket.on('message', onData);
      socket.on('error', (error) => onError(reasonOf(error)));
    },
    close() {
      socket.removeAllListeners('message');
      socket.on('error', () => {}); // of what is still on its way
      socket.close();
    },
  };
};
