import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '../../../agent/lib/errors.ts';
import { readIfThere, readOrUndefined, writeAtomic } from '../../../agent/lib/files.ts';
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

test('an error is told by its message, of several by that of the first, and anything else as text', () => {
  assert.equal(messageOf(new AggregateError([new Error('one'), new Error('two')])), 'one');
  assert.equal(messageOf('plain'), 'plain');
  assert.equal(codeOf(Object.assign(new Error('no'), { code: 'ENOSPC' })), 'ENOSPC');
  assert.equal(codeOf(new Error('no')), undefined);
});

test('an array and null are no objects', () => {
  assert.deepEqual([{}, [], null, 'x'].map(isObject), [true, false, false, false]);
});
