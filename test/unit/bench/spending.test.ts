import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spendingOf } from '../../bench/spending.ts';
import { childrenOf } from '../../kit/process/cost.ts';
import { daemon, eventually } from '../../kit/process/daemon.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a child that ends while it is watched does not count, and is no failure', async (t) => {
  const parent = daemon(t, process.execPath, [
    '-e',
    `require('node:child_process').spawn('/bin/sleep', ['0.3']); setInterval(() => {}, 10)`,
  ]);
  await eventually('a child', () => childrenOf(parent.pid).length === 1);
  const spent = await spendingOf(parent.pid, () => pause(600), { withChildren: true });
  assert.ok(spent.wakeUpsPerSecond > 20, 'the parent itself does');
  assert.equal(spent.children, 0, 'it was there before');
});

test('a process that ends while it is watched is told, and nothing is left that looks at it', async (t) => {
  const short = daemon(t, process.execPath, ['-e', 'setTimeout(() => {}, 200)']);
  await assert.rejects(
    spendingOf(short.pid, async () => {
      await short.exited;
      await pause(100);
    }),
    new RegExp(`process ${short.pid} has ended while it was measured`),
  );
  await pause(100);
});
