import assert from 'node:assert/strict';
import fs, { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renewedKeys } from '../../../../agent/hub/kit/hubdir.ts';
import {
  endNewKeys,
  hubKeysIn,
  keyOfSeed,
  orderNewKeys,
  publicKeysOf,
  readKey,
  seedText,
} from '../../../../agent/hub/kit/keys.ts';
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
  assert.equal(new Set(Object.values(known)).size, 11);
});

test('new ones take the places of those that the running hub has, at once or not at all, and once for an order', (t) => {
  const dir = tempDir(t, 'keys');
  const known = publicKeysOf(hubKeysIn(dir, undefined));
  orderNewKeys(dir);
  const next = readFileSync(join(dir, 'next.json'), 'utf8');
  assert.equal(statSync(join(dir, 'next.json')).mode & 0o777, 0o600);
  orderNewKeys(dir);
  assert.equal(readFileSync(join(dir, 'next.json'), 'utf8'), next);
  const taken = publicKeysOf(hubKeysIn(dir, known));
  const others = Object.keys(known).filter((name) => taken[name as 'unit'] !== known[name as 'unit']);
  assert.deepEqual(others.sort(), [...renewedKeys].sort());
  assert.deepEqual(publicKeysOf(hubKeysIn(dir, known)), taken, 'hub.json does not name them yet');
  endNewKeys(dir);
  endNewKeys(dir);
  assert.deepEqual(publicKeysOf(hubKeysIn(dir, taken)), taken);
  assert.throws(() => hubKeysIn(dir, known), /users is of another hub, or older than its new keys: /);
  fs.writeFileSync(join(dir, 'next.json'), '{"unit":"SA"}');
  assert.throws(() => orderNewKeys(dir), /next\.json has no seeds: remove it/);
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
