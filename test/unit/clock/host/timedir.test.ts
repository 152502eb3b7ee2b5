import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDropInRecord, timeDir } from '../../../../agent/clock/host/timedir.ts';
import { spawnSafely } from '../../../../agent/lib/child.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const programs = spawnSafely((command, args) => spawn(command, [...args]));

test('a file that is as it should be is not touched, and one with other rights gets its own', (t) => {
  const time = timeDir(join(tempDir(t, 'time'), 'run'));
  time.make();
  time.put('applied', 'a');
  const path = join(time.dir, 'time/applied.json');
  const { ino } = statSync(path);
  time.put('applied', 'a');
  assert.equal(statSync(path).ino, ino);
  time.put('applied', 'b');
  assert.notEqual(statSync(path).ino, ino);
  assert.equal(time.read('applied'), 'b');
  assert.equal(statSync(path).mode & 0o7777, 0o640);
});

test('what a killed run has left is removed with the file', (t) => {
  const time = timeDir(tempDir(t, 'time'));
  time.make();
  for (const name of ['applied.json', 'applied.json.new', 'orders.new'])
    writeFileSync(join(time.dir, 'time', name), '');
  time.remove('applied', 'orders');
  assert.deepEqual(readdirSync(join(time.dir, 'time')), []);
});

test('a folder is cleared of what anybody has put there', (t) => {
  const time = timeDir(tempDir(t, 'time'));
  time.clear('applied'); // there is none yet
  time.make();
  mkdirSync(join(time.dir, 'time/chrony.d/x'), { recursive: true });
  for (const name of ['applied.json', 'ptp4l', 'of-a-helper'])
    writeFileSync(join(time.dir, 'time', name), '');
  time.clear('applied', 'dropInRecord');
  assert.deepEqual(readdirSync(join(time.dir, 'time')), ['applied.json']);
  time.put('applied', undefined);
  assert.deepEqual(readdirSync(join(time.dir, 'time')), []);
});

test('the FIFO is made once, in place of whatever is there', async (t) => {
  const time = timeDir(tempDir(t, 'time'));
  time.make();
  const path = join(time.dir, 'time/orders');
  mkdirSync(path);
  writeFileSync(`${path}.new`, 'of a killed run');
  await time.makeOrders(programs);
  const { ino, mode } = statSync(path);
  assert.equal(mode & 0o7777, 0o620);
  assert.ok(statSync(path).isFIFO());
  const reader = openSync(path, 'r+'); // as the helper of root has it open
  assert.ok(reader > 0);
  await time.makeOrders(programs);
  assert.equal(statSync(path).ino, ino);
  const none = spawnSafely(() => spawn('/nonexistent/mkfifo'));
  time.remove('orders');
  await assert.rejects(time.makeOrders(none), /mkfifo .*: ENOENT/);
  assert.equal(existsSync(path), false);
});

test('a folder that is a link or a file is refused', (t) => {
  const dir = tempDir(t, 'time');
  symlinkSync('/tmp', join(dir, 'time'));
  assert.throws(() => timeDir(dir).make(), /time is no directory: remove it/);
});

test('what is remembered of the drop-in', (t) => {
  const time = timeDir(tempDir(t, 'time'));
  assert.equal(time.record(), undefined);
  time.make();
  time.keep({ path: '/x', due: true, madeDir: '/' });
  assert.deepEqual(time.record(), { path: '/x', due: true, madeDir: '/' });
  time.keep(undefined);
  assert.equal(time.record(), undefined);
  for (const text of ['', 'null', '[]', '{"path":1,"due":true}', '{"path":"/x"}'])
    assert.equal(parseDropInRecord(text), undefined);
});
