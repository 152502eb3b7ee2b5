import { connect, createServer, type Socket } from 'node:net';
import type { Cleanup } from '../process/cleanup.ts';

/**
 * What a path does: `pass` on; `swallow` all that is sent, on connections that stand and on new ones, without
 * closing any; `deaf`: what the hub says arrives, what it is told does not.
 */
export type HoleMode = 'pass' | 'swallow' | 'deaf';

/** A TCP path to a port of loopback that can become a black hole. */
export interface HolePath {
  readonly port: number;
  set(mode: HoleMode): void;
  /** Cuts the connections that stand. */
  cut(): void;
}

export async function holePath(owner: Cleanup, to: number): Promise<HolePath> {
  const open = new Set<Socket>();
  let mode: HoleMode = 'pass';
  const server = createServer((near) => {
    const far = connect({ port: to, host: '127.0.0.1' });
    const pair = [near, far] as const;
    near.on('data', (data) => mode === 'pass' && far.write(data));
    far.on('data', (data) => mode !== 'swallow' && near.write(data));
    for (const [at, one] of pair.entries()) {
      open.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        if (mode !== 'swallow') pair[1 - at]?.end();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  owner.after(() => {
    server.close();
    cut();
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    set(next) {
      mode = next;
    },
    cut,
  };
}
