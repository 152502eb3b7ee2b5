import { createConnection } from 'node:net';

/**
 * Resolves when one of the servers says its first word within `limit_ms`, else rejects. nats.js keeps the socket
 * of an attempt that timed out, so a server that accepts and stays silent is asked here before it is tried again.
 */
export async function knock(servers: readonly string[], limit_ms: number): Promise<void> {
  await Promise.any(servers.map((server) => knockAt(server, limit_ms)));
}

function knockAt(server: string, limit_ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.includes('://') ? server : `nats://${server}`);
    const socket = createConnection({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 4222) });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(why));
    };
    socket.setTimeout(limit_ms, () => fail('the server accepts connections but does not answer'));
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('closed by the server'));
    socket.once('data', () => {
      resolve();
      socket.destroy();
    });
  });
}
