import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChild } from '../../../agent/lib/child.ts';
import { agentSpawn } from '../../kit/process/daemon.ts';

test('a child is run to its end with both outputs and its code', async () => {
  const done = await runChild(
    agentSpawn,
    process.execPath,
    ['-e', 'console.log(1);console.error(2);process.exit(3)'],
    10_000,
  );
  assert.deepEqual(done, { code: 3, stdout: '1\n', stderr: '2\n' });
});

test('a child that hangs is killed at its time limit', async () => {
  const done = await runChild(agentSpawn, process.execPath, ['-e', 'setInterval(()=>{},1e3)'], 100);
  assert.equal(done.failed, 'timeout');
  assert.equal(done.code, undefined);
});

test('a program that does not exist is told by its errno', async () => {
  const done = await runChild(agentSpawn, '/no/such/program', [], 1000);
  assert.equal(done.failed, 'ENOENT');
});
