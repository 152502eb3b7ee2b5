import assert from 'node:assert/strict';
import fs, {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '../../../agent/lib/errors.ts';
import {
  overwrite,
  readForeign,
  readIfThere,
  readOrUndefined,
  writeAtomic,
} from '../../../agent/lib/files.ts';
import { isObject } from '../../../agent/lib/parse.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'nunect-files-'));

test('a missing file reads as undefined, one that cannot be read throws unless any failure will do', () => {
  const dir = folder();
  assert.equal(readIfThere(join(dir, 'none')), undefined);
  assert.throws(() => readIfThere(dir), { code: 'EISDIR' });
  assert.equal(readOrUndefined(dir), undefined);
});

test('a file is replaced whole, with the rights asked for, also where a draft of a broken run lies', () => {
  const dir = folder();
  const path = join(dir, 'state');
  writeFileSync(`${path}.new`, 'half', { mode: 0o666 });
  for (const [text, options, mode] of [
    ['first', {}, 0o600],
    ['second', { mode: 0o640, durable: true }, 0o640],
  ] as const) {
    writeAtomic(path, text, options);
    assert.equal(readFileSync(path, 'utf8'), text);
    assert.equal(statSync(path).mode & 0o777, mode);
    assert.deepEqual(readdirSync(dir), ['state']);
  }
});

test('what cannot be replaced stays as it was, and no draft is left', () => {
  const dir = folder();
  const path = join(dir, 'taken');
  mkdirSync(path);
  writeFileSync(join(path, 'inside'), '');
  assert.throws(() => writeAtomic(path, 'text'), { code: /EISDIR|ENOTEMPTY|EEXIST/ });
  assert.deepEqual(readdirSync(dir), ['taken']);
  assert.throws(() => writeAtomic(join(dir, 'nowhere', 'file'), 'text'), { code: 'ENOENT' });
});

test('what is to survive a power cut is synced before it takes its place, and its folder after, also a new one', (t) => {
  const dir = folder();
  const path = join(dir, 'new/deep/state');
  const opened = new Map<number, string>();
  const done: string[] = [];
  const note = (what: string, file: string): void => void done.push(`${what} ${file.slice(dir.length)}`);
  const real = { open: fs.openSync, write: fs.writeFileSync, sync: fs.fsyncSync, rename: fs.renameSync };
  t.mock.method(fs, 'openSync', (file: string, flags: string, mode?: number) => {
    const handle = real.open(file, flags, mode);
    opened.set(handle, file);
    return handle;
  });
  t.mock.method(fs, 'writeFileSync', (file: number, text: string) => {
    note('write', opened.get(file) ?? '');
    real.write(file, text);
  });
  t.mock.method(fs, 'fsyncSync', (file: number) => {
    note('sync', opened.get(file) ?? '');
    real.sync(file);
  });
  t.mock.method(fs, 'renameSync', (from: string, to: string) => {
    note('rename', to);
    real.rename(from, to);
  });
  writeAtomic(path, 'text', { durable: true });
  const folders = ['sync /new', 'sync '];
  const file = [
    'write /new/deep/state.new',
    'sync /new/deep/state.new',
    'rename /new/deep/state',
    'sync /new/deep',
  ];
  assert.deepEqual(done, [...folders, ...file]);
  done.length = 0;
  writeAtomic(path, 'other', { durable: true });
  assert.deepEqual(done, file, 'the folder is there');
});

test('a file is written over in place, and no link is followed', () => {
  const dir = folder();
  const path = join(dir, 'joined');
  assert.throws(() => overwrite(path, 'none'), { code: 'ENOENT' });
  writeFileSync(path, 'a longer text of before');
  const { ino } = statSync(path);
  overwrite(path, 'text\n');
  assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).ino], ['text\n', ino]);
  symlinkSync(path, join(dir, 'link'));
  assert.throws(() => overwrite(join(dir, 'link'), 'x'), { code: 'ELOOP' });
});

test('an error is told by its message, of several by that of the first, and anything else as text', () => {
  assert.equal(messageOf(new AggregateError([new Error('one'), new Error('two')])), 'one');
  assert.equal(messageOf('plain'), 'plain');
  assert.equal(codeOf(Object.assign(new Error('no'), { code: 'ENOSPC' })), 'ENOSPC');
  assert.equal(codeOf(new Error('no')), undefined);
});

test('an array and null are no objects', () => {
  assert.deepEqual([{}, [], null, 'x'].map(isObject), [true, false, false, false]);
});

test('a file whose size the kernel does not tell is read all the same, and no more than asked for', () => {
  assert.match(readForeign('/proc/self/status')?.toString() ?? '', /^Name:/);
  assert.equal(readForeign('/proc/self/status', undefined, 5)?.toString(), 'Name:');
});
