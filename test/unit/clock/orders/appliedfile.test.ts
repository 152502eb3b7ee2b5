import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTimeSetup, watchTimeSetup } from '../../../../agent/clock/orders/appliedfile.ts';
import { appliedTime } from '../../../kit/clock/timescript.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

test('what nunect-time has set up is read, and another set-up is noticed', async (t) => {
  const runDir = tempDir(t, 'applied');
  const path = join(runDir, 'time/applied.json');
  const ticker = fakeTicker();
  let changes = 0;
  const end = watchTimeSetup(runDir, ticker, () => {
    changes += 1;
  });
  assert.equal(readTimeSetup(runDir), undefined);
  await ticker.pass(10_000);
  assert.equal(changes, 0);

  mkdirSync(join(runDir, 'time'));
  writeFileSync(path, JSON.stringify(appliedTime()));
  assert.deepEqual(readTimeSetup(runDir), { runDir, applied: appliedTime() });
  await ticker.pass(2000);
  assert.equal(changes, 1);
  await ticker.pass(10_000);
  assert.equal(changes, 1, 'the same file');

  writeFileSync(`${path}.new`, JSON.stringify(appliedTime({ domain: 3 })));
  utimesSync(`${path}.new`, 1, 1);
  renameSync(`${path}.new`, path);
  await ticker.pass(2000);
  assert.equal(changes, 2);
  rmSync(path);
  await ticker.pass(2000);
  assert.equal(changes, 3);
  end();
  writeFileSync(path, 'no JSON');
  assert.equal(readTimeSetup(runDir), undefined);
  await ticker.pass(10_000);
  assert.equal(changes, 3);
});
