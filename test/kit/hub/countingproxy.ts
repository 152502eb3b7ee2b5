import { connect, createServer, type Socket } from 'node:net';
import type { Cleanup } from '../process/cleanup.ts';

/** Bytes of payload: what TCP and IP add is not in it. */
export interface Carried {
  /** From whoever connected, such as a leaf, to the port behind the proxy, such as its hub. */
  readonly there: number;
  readonly back: number;
}

/** A TCP path to a port of loopback that counts what it carries. */
export interface CountingProxy {
  readonly port: number;
  /** All that was carried since the start, over all connections. */
  carried(): Carried;
  /** Connections that are open now. */
  connections(): number;
  /** Ends all connections, and refuses new ones until `mend`. */
  cut(): void;
  /** Connections stay open and nothing passes, nor is it counted: what a link without reception looks like; until `mend`. */
  swallow(): void;
  mend(): void;
}

/** What went each way between two readings. */
export const carriedSince = (before: Carried, now: Carried): Carried => ({
  there: now.there - before.there,
  back: now.back - before.back,
});

/** Listens on a free port of loopback; a piece of data is passed on and counted as it comes. */
export async function countingProxy(owner: Cleanup, port: number): Promise<CountingProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const carried = { there: 0, back: 0 };
  let state: 'open' | 'cut' | 'swallowing' = 'open';
  const carry = (from: Socket, to: Socket, way: keyof Carried): void => {
    from.setNoDelay(true);
    from.on('data', (data) => {
      if (state !== 'open') return;
      carried[way] += data.length;
      to.write(data);
    });
    from.on('error', () => {});
    from.on('close', () => to.destroy());
  };
  const server = createServer((near) => {
    if (state === 'cut') return void near.destroy();
    const far = connect({ port, host: '127.0.0.1' });
    const pair = [near, far] as const;
    pairs.add(pair);
    near.on('close', () => pairs.delete(pair));
    carry(near, far, 'there');
    carry(far, near, 'back');
  });
  const endAll = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owner.after(() => {
    server.close();
    endAll();
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    carried: () => ({ ...carried }),
    connections: () => pairs.size,
    cut() {
      state = 'cut';
      endAll();
    },
    swallow() {
      state = 'swallowing';
    },
    mend() {
      if (state === 'swallowing') endAll(); // what was swallowed is gone: a stream with a hole in it is no stream
      state = 'open';
    },
  };
}
