// Those who ask too much: echoes, large payloads, connections, and viewers who never read.
import { connect, type Socket } from 'node:net';
import type { Action, Scene } from './action.ts';
import { unit } from './place.ts';

/** Asks `count` times, `atOnce` at a time. Who gets no answer asks the next one. */
async function ask(
  { hub }: Scene,
  count: number,
  atOnce: number,
  payload: string | Uint8Array,
): Promise<void> {
  let left = count;
  const giveUp_ms = performance.now() + 20_000;
  const asker = async (): Promise<void> => {
    while (left-- > 0 && performance.now() < giveUp_ms)
      await hub.nc.request(`ops.echo.${unit}`, payload, { timeout: 1000 }).catch(() => {});
  };
  await Promise.all(Array.from({ length: atOnce }, asker));
}

function open({ unit: { statusUrl } }: Scene, words: string, reads: boolean): Socket {
  const socket = connect(Number(new URL(statusUrl).port), '127.0.0.1');
  socket.on('error', () => {});
  if (reads) socket.resume();
  else socket.pause();
  socket.write(words);
  return socket;
}

const page = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Floods of questions and of connections. */
export const crowds: readonly Action[] = [
  {
    name: '5,000 echoes',
    things: ['flood'],
    held_s: [0, 1],
    run: (scene) => ask(scene, 5000, 200, 'x'.repeat(100)),
  },
  {
    name: '50 echoes of 1 MB',
    things: ['flood'],
    held_s: [0, 1],
    run: (scene) => ask(scene, 50, 4, new Uint8Array(1_000_000)),
  },
  {
    name: '1,000 connections to the status page',
    things: ['flood'],
    held_s: [0, 3],
    async run(scene, hold) {
      const sockets: Socket[] = [];
      for (let at = 0; at < 1000; at++) {
        sockets.push(open(scene, at % 3 === 0 ? page.slice(0, 20) : page, at % 2 === 0));
        if (at % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await hold();
      for (const socket of sockets) socket.destroy();
    },
  },
  {
    name: 'clients that never read',
    things: ['flood'],
    held_s: [2, 20],
    async run(scene, hold) {
      const sockets = Array.from({ length: 64 }, () => open(scene, page.repeat(200), false));
      await hold();
      for (const socket of sockets) socket.destroy();
    },
  },
];
