import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { procProcesses } from '../../../agent/device/processes.ts';
import { daemon, eventually, tempDir } from '../../kit/process/daemon.ts';

test('a process that has ended is not there, though its parent has not asked how', async (t) => {
  const program = join(tempDir(t, 'processes'), 'chronyd-or-so');
  copyFileSync('/bin/sleep', program);
  // what the shell becomes waits for none of its children
  const parent = daemon(t, 'sh', ['-c', '"$0" 1 & exec sleep 60', program]);
  const seen = () => procProcesses()((comm) => comm === 'chronyd-or-so');
  const [running] = await eventually('it runs', async () => {
    const found = await seen();
    return found.length > 0 && found;
  });
  assert.deepEqual(running?.args, [program, '1']);
  await eventually('it has ended', async () => (await seen()).length === 0);
  const all = await procProcesses()(() => true);
  assert.ok(all.some(({ pid }) => pid === parent.pid));
});
