import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fifoWriter } from '../../../../agent/clock/orders/fifo.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

function fifoIn(t: TestContext): string {
  const path = join(tempDir(t, 'fifo'), 'orders');
  execFileSync('mkfifo', [path]);
  return path;
}
const reader = (path: string): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
const readAll = (fd: number): string => {
  const buffer = Buffer.alloc(65_536);
  return buffer.toString('utf8', 0, readSync(fd, buffer));
};

test('lines reach a reader that comes, goes and comes again; without one they are refused at once', (t) => {
  const path = fifoIn(t);
  const fifo = fifoWriter(path);
  assert.equal(fifo.write('a'), 'ENXIO');
  let fd = reader(path);
  assert.equal(fifo.write('b'), undefined);
  assert.equal(readAll(fd), 'b\n');
  closeSync(fd);
  assert.equal(fifo.write('c'), 'EPIPE');
  assert.equal(fifo.write('d'), 'ENXIO');
  fd = reader(path);
  assert.equal(fifo.write('e'), undefined);
  assert.equal(readAll(fd), 'e\n');
  fifo.close();
  assert.equal(readAll(fd), '', 'the reader sees the end');
  closeSync(fd);
});

test('a reader that does not read fills the FIFO, and nobody waits', (t) => {
  const path = fifoIn(t);
  const fifo = fifoWriter(path);
  const fd = reader(path);
  const line = 'x'.repeat(99);
  let count = 0;
  while (fifo.write(line) === undefined) count += 1;
  assert.equal(fifo.write(line), 'EAGAIN');
  assert.ok(count > 100, `${count} lines`);
  assert.equal(readAll(fd).length, count * 100, 'whole lines');
  assert.throws(() => readAll(fd), /EAGAIN/, 'the reader does not take it for the end of the agent');
  assert.equal(fifo.write(line), undefined);
  closeSync(fd);
  fifo.close();
});

test('what is no FIFO is not written to', (t) => {
  const dir = tempDir(t, 'nofifo');
  const path = join(dir, 'orders');
  assert.equal(fifoWriter(path).write('a'), 'ENOENT');
  writeFileSync(path, '');
  assert.equal(fifoWriter(path).write('a'), 'ENOTFIFO');
  rmSync(path);
  symlinkSync('/dev/null', path);
  assert.equal(fifoWriter(path).write('a'), 'ELOOP');
});
