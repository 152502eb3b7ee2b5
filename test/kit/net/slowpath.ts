import { connect, createServer, type Socket } from 'node:net';
import type { Cleanup } from '../process/cleanup.ts';

/** How long each piece of data takes, in ms; asked anew for each piece. */
export interface PathDelays {
  there(): number;
  back(): number;
}

/** Passes data on in order, each piece not before its delay has passed: a timer may fire a millisecond early. */
function carry(from: Socket, to: Socket, delay_ms: () => number): void {
  const pieces: { readonly data: Buffer; readonly due_ms: number }[] = [];
  function pump(): void {
    for (let next = pieces[0]; next !== undefined; next = pieces[0]) {
      const wait_ms = next.due_ms - performance.now();
      if (wait_ms > 0) return void setTimeout(pump, wait_ms);
      to.write(next.data);
      pieces.shift();
    }
  }
  from.on('data', (data) => {
    const isIdle = pieces.length === 0;
    pieces.push({ data, due_ms: performance.now() + delay_ms() });
    if (isIdle) pump();
  });
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}

/**
 * A TCP path to a port of loopback, slower in one direction than in the other. It listens on a free port of loopback,
 * which it gives, or on the socket file `file`, which other network namespaces reach too.
 */
export async function slowPath(
  owner: Cleanup,
  port: number,
  delays: PathDelays,
  file?: string,
): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    carry(near, far, delays.there);
    carry(far, near, delays.back);
    open.add(near).add(far);
  });
  await new Promise<void>((resolve) =>
    file === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(file, resolve),
  );
  owner.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
