import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import type { Config } from '../../config/options.ts';
import type { OptionalPart } from './startfaults.ts';

const isFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });

/** The addresses that an address stands for besides loopback, on which the leaf itself listens meanwhile. */
function addressesOf(listen: string): string[] {
  if (listen !== '0.0.0.0' && listen !== '::') return [listen];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all
    .filter(({ internal, scopeid }) => !internal && !scopeid) // those of one link are no addresses without its name
    .filter(({ family }) => listen === '::' || family === 'IPv4')
    .map(({ address }) => address);
}

/** Makes what is missing of the path, one by one: node's `recursive` never ends where the kernel says ENOENT, as in /proc. */
function canStore(dir: string): boolean {
  try {
    if (!existsSync(dir)) {
      if (!canStore(dirname(dir))) return false;
      mkdirSync(dir, 0o750);
    }
    accessSync(dir, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a part that could not start seems to be able to now. Tried by the user that runs the server, and without it. */
export async function canStart(part: OptionalPart, leaf: Config['leaf']): Promise<boolean> {
  if (part === 'jetstream') return canStore(leaf.jetstream_store_dir);
  if (part === 'websocket') return isFree(leaf.websocket_listen, leaf.websocket_port);
  for (const host of addressesOf(leaf.listen)) if (!(await isFree(host, leaf.port))) return false;
  return true;
}
