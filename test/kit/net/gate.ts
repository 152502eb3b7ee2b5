import { connect, createServer, type Socket } from 'node:net';
import type { Cleanup } from '../process/cleanup.ts';

/** A TCP path on loopback that can be made worse. */
export interface Gate {
  readonly port: number;
  /** Open: all passes. Deaf: what comes back is lost. Shut: open connections end, new ones are refused. */
  set(state: 'open' | 'deaf' | 'shut'): void;
  /** Ends each open connection by that chance, and from now on each new one. */
  unreliable(chance: number): void;
  /** Connections that it has ended or refused. */
  ended(): number;
}

/** A path to a port of loopback; `random` gives [0, 1). */
export async function gateTo(owner: Cleanup, port: number, random: () => number): Promise<Gate> {
  const open = new Set<Socket>();
  let state: Parameters<Gate['set']>[0] = 'open';
  let chance = 0;
  let ended = 0;
  const end = (socket: Socket): void => {
    ended += 1;
    socket.destroy();
  };
  const server = createServer((near) => {
    if (state === 'shut' || random() < chance) return end(near);
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    open.add(near);
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => void (state === 'deaf' || near.write(data)));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owner.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    set(next) {
      state = next;
      if (state === 'shut') for (const socket of open) end(socket);
    },
    unreliable(next) {
      chance = next;
      for (const socket of open) if (random() < chance) end(socket);
    },
    ended: () => ended,
  };
}
