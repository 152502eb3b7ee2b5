// Whether the page can listen where page.json says, and why it cannot.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { messageOf } from '../../lib/errors.ts';
import type { PageOptions } from './options.ts';

type Address = Pick<PageOptions, 'listen' | 'port'>;

const advice: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "'listen' must be an address of this machine, or 0.0.0.0 or :: for all of them",
  EADDRINUSE: "something else listens there: give another 'port'",
  EACCES: "'port' must be 1024 or more, or up has to be allowed to take a lower one",
};

/** What is said where it cannot listen: what is wrong, and what is allowed. */
export function listenWords({ listen, port }: Address, error: unknown): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  return `the page cannot listen on ${listen} port ${port}: ${advice[code] ?? messageOf(error)}`;
}

/** Tries whether something can listen there; gives why not. */
export async function listenFault(at: Address): Promise<string | undefined> {
  const server = createServer().listen(at.port, at.listen);
  try {
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return listenWords(at, error);
  } finally {
    server.close();
  }
}
