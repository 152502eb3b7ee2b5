import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { runToEnd } from '../../../kit/process/daemon.ts';
import { reservePort } from '../../../kit/process/ports.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

const draw = (count: number): Promise<number[]> => Promise.all(Array.from({ length: count }, reservePort));

test('no port is given out twice, in turn or at once, and none that is taken', async () => {
  const ports = await draw(150);
  const taken = createServer().listen((ports.at(-1) ?? 0) + 1, '127.0.0.1');
  await once(taken, 'listening');
  for (let i = 0; i < 150; i++) ports.push(await reservePort());
  taken.close();
  assert.equal(new Set(ports).size, 300);
  assert.ok(!ports.includes((ports[149] ?? 0) + 1));
});

test('a port that somebody has on all addresses is not given out, and none is held outside of loopback', async () => {
  const [first = 0] = await draw(1);
  const taken = createServer().listen(first + 1, '0.0.0.0');
  await once(taken, 'listening');
  assert.notEqual(await reservePort(), first + 1);
  taken.close();
  const held = first - (first % 100);
  const other = createServer().listen(held, '127.0.0.2');
  await once(other, 'listening');
  other.close();
  const same = createServer().listen(held, '127.0.0.1');
  await assert.rejects(once(same, 'listening'), { code: 'EADDRINUSE' });
});

test('test files that run side by side are given none of each other', async () => {
  const script = `require('./test/kit/process/ports.ts').reservePort().then((port) => { console.log(port); setTimeout(() => {}, 1000); });`;
  const words = ['--require', join(projectRoot, 'build/register.cjs'), '-e', script];
  const others = await Promise.all(
    [1, 2, 3].map(async () => Number((await runToEnd(process.execPath, words, { cwd: projectRoot })).stdout)),
  );
  const all = [...others, ...(await draw(100))];
  assert.ok(others.every((port) => port > 1024));
  assert.equal(new Set(all).size, 103);
});
