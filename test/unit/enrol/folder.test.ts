import assert from 'node:assert/strict';
import fs, { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import type { EnrolledHub } from '../../../agent/config/enrolled.ts';
import { EnrolFolderError, enrolFolder } from '../../../agent/enrol/folder.ts';
import { readIfThere } from '../../../agent/lib/files.ts';
import { hubAnswer } from '../../kit/hub/enrolled.ts';
import { tempDir } from '../../kit/process/daemon.ts';
import { killedAt } from '../../kit/process/killed.ts';

const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('the key is made once; folder and files are for their owner alone, whatever the umask', (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const dir = join(tempDir(t, 'enrol'), 'etc', 'enrol');
  const folder = enrolFolder(dir);
  assert.equal(folder.hub(), undefined);
  const { publicKey } = folder.key();
  assert.equal(enrolFolder(dir).key().publicKey, publicKey);
  folder.keep(hubAnswer(publicKey, { ca }));
  assert.deepEqual(readdirSync(dir).sort(), ['ca.pem', 'hub.json', 'seed', 'unit.creds']);
  assert.equal(modeOf(dir), 0o700);
  for (const name of readdirSync(dir)) assert.equal(modeOf(join(dir, name)), 0o600, name);
});

test('the creds log in with the key of the device and the JWT of the hub', (t) => {
  const folder = enrolFolder(tempDir(t, 'enrol'));
  const { publicKey } = folder.key();
  const answer = hubAnswer(publicKey);
  folder.keep(answer);
  const creds = readFileSync(join(folder.dir, 'unit.creds'), 'utf8');
  assert.ok(creds.includes(`\n${answer.jwt}\n`));
  const seed = /^SU\w+$/m.exec(creds)?.[0] ?? '';
  assert.equal(nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey(), publicKey);
});

test('the seed is in no file but seed and unit.creds', (t) => {
  const folder = enrolFolder(tempDir(t, 'enrol'));
  folder.keep(hubAnswer(folder.key().publicKey, { ca }));
  const seed = readFileSync(join(folder.dir, 'seed'), 'utf8').trim();
  const holding = readdirSync(folder.dir).filter((name) =>
    readFileSync(join(folder.dir, name), 'utf8').includes(seed),
  );
  assert.deepEqual(holding.sort(), ['seed', 'unit.creds']);
});

test('a damaged seed is no reason to make another: that would be another device', (t) => {
  const folder = enrolFolder(tempDir(t, 'enrol'));
  folder.key();
  const path = join(folder.dir, 'seed');
  for (const text of ['', 'SUAB\n', readFileSync(path, 'utf8').replace(/.{4}\n$/, 'AAAA\n')]) {
    chmodSync(path, 0o600);
    writeFileSync(path, text);
    assert.throws(() => folder.key(), EnrolFolderError, text);
    assert.equal(readFileSync(path, 'utf8'), text);
  }
});

test('only what nats-server is configured by asks for another config', (t) => {
  const folder = enrolFolder(tempDir(t, 'enrol'));
  const first = hubAnswer(folder.key().publicKey, { ca });
  assert.equal(folder.keep(first), true);
  assert.equal(folder.keep(first), false);
  assert.equal(folder.keep({ ...first, jwt: hubAnswer(first.key).jwt, until_s: first.until_s + 9 }), false);
  assert.equal(folder.keep({ ...first, leaf_urls: ['tls://other.example:7422'] }), true);
  assert.equal(folder.keep({ ...hubAnswer(first.key), unit: 'demo-02' }), true);
  assert.equal(readIfThere(join(folder.dir, 'ca.pem')), undefined, 'a hub without a CA of its own');
});

/** What an enrolment does from the first file on, as often as it is begun. */
function enrolAgain(dir: string, answerOf: (key: string) => EnrolledHub): void {
  const folder = enrolFolder(dir);
  folder.settle();
  folder.keep(answerOf(folder.key().publicKey));
}

for (const half of [false, true])
  test(`killed ${half ? 'in half a write' : 'before any change of a file'} and begun again, it is right`, async (t) => {
    let steps = 0;
    for (let n = 1; ; n++) {
      const dir = join(tempDir(t, `killed-${n}`), 'enrol');
      const answers = new Map<string, EnrolledHub>();
      const answerOf = (key: string): EnrolledHub => {
        const answer = answers.get(key) ?? hubAnswer(key, { ca });
        answers.set(key, answer);
        return answer;
      };
      const wasKilled = await killedAt(t, n, half, () => enrolAgain(dir, answerOf));
      const asked = [...answers.keys()]; // keys that a hub has heard of
      if (half === false && n % 2 === 0) await killedAt(t, 3, false, () => enrolAgain(dir, answerOf));
      enrolAgain(dir, answerOf);
      const folder = enrolFolder(dir);
      const { publicKey } = folder.key();
      for (const key of asked) assert.equal(publicKey, key, `${n}: the hub knows one key`);
      assert.deepEqual(folder.hub(), answers.get(publicKey), `${n}`);
      assert.equal(
        readFileSync(join(dir, 'unit.creds'), 'utf8'),
        folder.key().creds(answers.get(publicKey)?.jwt ?? ''),
      );
      assert.equal(readFileSync(join(dir, 'ca.pem'), 'utf8'), ca);
      const left = readdirSync(dir).filter(
        (name) => !/^(ca\.pem|hub\.json|seed|unit\.creds)(\.new)?$/.test(name),
      );
      assert.deepEqual(left, [], `${n}`);
      if (!wasKilled) break;
      steps = n;
    }
    assert.ok(steps >= (half ? 4 : 20), `${steps} steps`);
  });

test('killed between the answer and what is made of it: the next start makes it, and the old answer never comes back', async (t) => {
  for (let n = 1; ; n++) {
    const dir = tempDir(t, `again-${n}`);
    const folder = enrolFolder(dir);
    const { publicKey } = folder.key();
    const [old, next] = [hubAnswer(publicKey, { ca }), hubAnswer(publicKey, { token: 't2' })];
    folder.keep(old);
    const wasKilled = await killedAt(t, n, false, () => folder.keep(next));
    enrolFolder(dir).settle();
    const now = folder.hub();
    assert.ok(now?.token === 't1' || now?.token === 't2');
    assert.equal(readFileSync(join(dir, 'unit.creds'), 'utf8'), folder.key().creds(now.jwt), `${n}`);
    assert.equal(readIfThere(join(dir, 'ca.pem')) !== undefined, now.ca !== undefined, `${n}`);
    if (!wasKilled) break;
  }
});

test('of two processes that make the key at once one wins, and both use its key', (t) => {
  const dir = tempDir(t, 'race');
  const real = fs.linkSync;
  const others: string[] = [];
  t.mock.method(fs, 'linkSync', (from: string, to: string) => {
    if (others.length === 0) {
      others.push('');
      others[0] = enrolFolder(dir).key().publicKey; // after this one has looked, before its key is in place
    }
    real(from, to);
  });
  assert.equal(enrolFolder(dir).key().publicKey, others[0]);
  assert.deepEqual(readdirSync(dir), ['seed']);
});
