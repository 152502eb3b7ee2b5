import assert from 'node:assert/strict';
import fs, { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hubKeysIn, keyOfSeed, publicKeysOf, readKey, seedText } from '../../../../agent/hub/kit/keys.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

test('keys are made once, for nobody else to read, each of its kind', (t) => {
  const dir = join(tempDir(t, 'keys'), 'k');
  const made = hubKeysIn(dir, undefined);
  const known = publicKeysOf(made);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.deepEqual(publicKeysOf(hubKeysIn(dir, known)), known);
  assert.deepEqual(publicKeysOf(hubKeysIn(dir, undefined)), known);
  for (const [name, key] of Object.entries(known)) {
    assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600);
    assert.equal(key[0], name.startsWith('operator') ? 'O' : 'A', name);
    assert.equal(readKey(join(dir, name)).getPublicKey(), key);
    assert.equal(readFileSync(join(dir, name), 'utf8'), `${seedText(readKey(join(dir, name)))}\n`);
  }
  assert.equal(new Set(Object.values(known)).size, 10);
});

test('what is no key is said, with its file', (t) => {
  const dir = tempDir(t, 'keys');
  assert.throws(() => readKey(join(dir, 'none')), /none is missing$/);
  fs.writeFileSync(join(dir, 'bad'), 'SAAX\n');
  assert.throws(() => readKey(join(dir, 'bad')), /bad has no seed of an nkey$/);
  assert.equal(keyOfSeed(''), undefined);
});

test('a disk that cannot keep files from others is not for keys', (t) => {
  const dir = tempDir(t, 'keys');
  // as FAT does, whose files have no rights of their own
  t.mock.method(fs, 'fchmodSync', () => {
    throw Object.assign(new Error('EPERM: operation not permitted, fchmod'), { code: 'EPERM' });
  });
  assert.throws(
    () => hubKeysIn(dir, undefined),
    /operator: its file system cannot keep it from others, as FAT/,
  );
  assert.ok(!existsSync(join(dir, 'operator')));
});
