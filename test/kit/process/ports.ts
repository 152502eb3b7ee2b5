import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below those that the kernel gives to outgoing connections, one of which could take a port before its server does. */
const [firstPort, endPort] = [12_000, 32_000];
const blockSize = 100;

/** Nobody outside is to reach what only holds a port. A listener on all addresses is met here too. */
const host = '127.0.0.1';

/** Whether nobody has the port; when nobody does, `hold` keeps it until this process ends. */
function tcpFree(port: number, hold = false): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().unref();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => {
      if (hold) resolve(true);
      else server.close(() => resolve(true));
    });
  });
}

function udpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

/** The next port of this process's block, and how many of the block are left. */
let next = 0;
let left = 0;

/** Takes a block of ports for this process alone: it holds the first of them, the rest are given out. */
async function takeBlock(): Promise<void> {
  const blocks = (endPort - firstPort) / blockSize;
  for (let tried = 0; tried < blocks; tried++) {
    const first = firstPort + ((process.pid + tried) % blocks) * blockSize;
    if (!(await tcpFree(first, true))) continue;
    [next, left] = [first + 1, blockSize - 1];
    return;
  }
  throw new Error(`no block of ports is free between ${firstPort} and ${endPort}`);
}

async function reserve(): Promise<number> {
  for (;;) {
    if (left === 0) await takeBlock();
    const port = next;
    next += 1;
    left -= 1;
    if ((await tcpFree(port)) && (await udpFree(port))) return port;
  }
}

let queue: Promise<unknown> = Promise.resolve();

/**
 * A port that nobody listens on, TCP or UDP, and which no test of this machine is given again as long as this
 * process runs, nor in this process ever.
 */
export function reservePort(): Promise<number> {
  const port = queue.then(reserve);
  queue = port.catch(() => {});
  return port;
}
