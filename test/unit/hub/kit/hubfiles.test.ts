import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { hubAccounts } from '../../../../agent/hub/kit/accounts.ts';
import { hubPaths, issuerKeys } from '../../../../agent/hub/kit/hubdir.ts';
import { makeHub, readHub, settleAccountJwt } from '../../../../agent/hub/kit/hubfiles.ts';
import { madeAt_s, revocationsIn } from '../../../../agent/hub/kit/jwt.ts';
import { hubKeysIn } from '../../../../agent/hub/kit/keys.ts';
import { hubPlan, type PlanGiven } from '../../../../agent/hub/kit/plan.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const now_ms = Date.UTC(2026, 10, 29);

function place(t: TestContext) {
  const dir = join(tempDir(t, 'hubfiles'), 'hub');
  const make = (given: PlanGiven = { host: 'hub.example.org' }, at_ms = now_ms) =>
    makeHub(dir, hubPlan(given, readHub(dir)), at_ms);
  /** Each file with its text. */
  const files = (): Map<string, string> =>
    new Map(
      readdirSync(dir, { recursive: true, encoding: 'utf8' })
        .filter((name) => statSync(join(dir, name)).isFile())
        .map((name) => [name, readFileSync(join(dir, name), 'utf8')]),
    );
  return { dir, paths: hubPaths(dir), keysDir: join(dir, 'keys'), make, files };
}

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly nats: {
    readonly type: string;
    readonly issuer_account?: string;
    readonly signing_keys?: readonly (string | { readonly key: string })[];
    readonly system_account?: string;
  };
}

/** The claims of a JWT whose signature nkeys itself has found right. */
function checked(jwt: string): Claims {
  const [head = '', body = '', signature = ''] = jwt.trim().split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
  assert.ok(
    nkeys.fromPublic(claims.iss).verify(Buffer.from(`${head}.${body}`), Buffer.from(signature, 'base64url')),
  );
  return claims;
}

test('operator, accounts, users and seeds belong together', (t) => {
  const { make, paths } = place(t);
  const { hub, changed } = make();
  assert.equal(changed.length, 7);
  const read = (path: string): string => readFileSync(path, 'utf8');
  const operator = checked(read(paths.operatorJwt));
  assert.equal(operator.nats.system_account, hub.publicKeys.sys);
  for (const account of hubAccounts) {
    const claims = checked(read(paths.accountJwt(hub.publicKeys[account])));
    assert.equal(claims.sub, hub.publicKeys[account]);
    assert.ok(operator.nats.signing_keys?.includes(claims.iss));
  }
  for (const key of issuerKeys)
    assert.equal(
      nkeys.fromSeed(new TextEncoder().encode(read(paths.issuerSeed(key)).trim())).getPublicKey(),
      hub.publicKeys[key],
    );
  for (const [user, account] of [
    ['hub-sys', 'sys'],
    ['hub-fleet', 'fleet'],
    ['hub-enrol', 'enrol'],
    ['hub-book', 'book'],
  ] as const) {
    const text = read(paths.issuerCreds(user));
    const [, jwt = ''] = /JWT-+\n(\S+)\n/.exec(text) ?? [];
    const [, seed = ''] = /SEED-+\n(\S+)\n/.exec(text) ?? [];
    const claims = checked(jwt);
    assert.equal(claims.iss, hub.publicKeys.users);
    assert.equal(claims.nats.issuer_account, hub.publicKeys[account]);
    assert.equal(nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey(), claims.sub);
  }
  assert.ok(read(paths.conf).includes(read(paths.operatorJwt)));
});

test('made again, even a year later, nothing changes; no secret is readable by others', (t) => {
  const { dir, make, files } = place(t);
  make();
  const before = files();
  assert.deepEqual(make({}, now_ms + 365 * 86_400_000).changed, []);
  assert.deepEqual(files(), before);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  for (const [name, text] of before)
    if (/\bS[AOU][A-Z2-7]{56}\b|PRIVATE KEY/.test(text))
      assert.equal(statSync(join(dir, name)).mode & 0o077, 0, name);
});

test('where everybody may write whatever a process makes, nobody may write in the folder of a hub', (t) => {
  const { dir, make } = place(t);
  const mask = process.umask(0);
  t.after(() => process.umask(mask));
  make();
  for (const name of readdirSync(dir, { recursive: true }).map(String))
    assert.equal(statSync(join(dir, name)).mode & 0o022, 0, name);
});

test('whichever file is missing or damaged, all is right again, with the same keys', (t) => {
  const { dir, make, files, paths } = place(t);
  const { hub } = make();
  const whole = files();
  const mended = [...whole.keys()].filter((name) => !name.startsWith('keys/'));
  assert.ok(mended.length > 12, mended.join());
  for (const [at, name] of mended.entries()) {
    if (at % 2 === 0 || name === 'hub.json') rmSync(join(dir, name));
    else writeFileSync(join(dir, name), 'x');
    assert.ok(make().changed.length > 0, name);
    assert.deepEqual([...files().keys()].sort(), [...whole.keys()].sort(), name);
    assert.ok(files().get(name) !== 'x', name);
  }
  assert.deepEqual(make().changed, []);
  assert.deepEqual(readHub(dir)?.publicKeys, hub.publicKeys);
  writeFileSync(paths.hub, '{');
  assert.throws(() => make(), /hub\.json: it is no JSON/);
});

test('keys that are gone are not made anew, those of another hub are not taken, and they may move', (t) => {
  const { make, keysDir, dir } = place(t);
  const { hub } = make();
  const away = `${dir}-keys`;
  t.after(() => rmSync(away, { recursive: true, force: true }));
  renameSync(keysDir, away);
  assert.throws(() => make({}), /the keys of this hub are not in .*keys: attach the disk/);
  assert.equal(existsSync(keysDir), false, 'nothing that would look like them is left there');
  const moved = make({ keys: away });
  assert.deepEqual(moved.hub.publicKeys, hub.publicKeys);
  assert.deepEqual(moved.changed, ['what it is to be']);
  const strangers = `${dir}-strangers`;
  t.after(() => rmSync(strangers, { recursive: true, force: true }));
  hubKeysIn(strangers, undefined);
  assert.throws(() => make({ keys: strangers }), /is of another hub: it is O\w+, and that of this hub O\w+/);
});

test('from the keys alone the same hub is made again', (t) => {
  const { make, dir, paths } = place(t);
  const away = `${dir}-keys`;
  t.after(() => rmSync(away, { recursive: true, force: true }));
  const { hub, changed } = make({ host: 'hub.example.org', keys: away });
  assert.ok(changed.includes('keys'));
  const ca = readFileSync(paths.ca, 'utf8');
  rmSync(dir, { recursive: true });
  const again = make({ host: 'hub.example.org', keys: away });
  assert.deepEqual(again.hub, hub);
  assert.ok(!again.changed.includes('keys'), 'that they were found is told from that they were made');
  assert.equal(readFileSync(paths.ca, 'utf8'), ca);
});

test('with a new issuer nothing of the old one is in the folder, and its accounts name no old key', (t) => {
  const { make, dir, files, paths, keysDir } = place(t);
  const { hub } = make();
  const before = files();
  const jwtOf = (account: 'fleet' | 'enrol' | 'sys'): string =>
    readFileSync(paths.accountJwt(hub.publicKeys[account]), 'utf8');
  settleAccountJwt(dir, 'fleet', hub, hubKeysIn(keysDir, hub.publicKeys), now_ms / 1000 + 900, { UA: 5 });
  const renewed = makeHub(dir, hubPlan({}, readHub(dir)), now_ms, true);
  assert.deepEqual(renewed.changed, [
    'what it is to be',
    'accounts',
    'keys of the running hub',
    'creds of the operator',
  ]);
  const after = files();
  assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
  for (const [name, text] of before)
    if (/^issuer\/|^keys\/(unit|token|renew|answers|users)$|^operator\.creds/.test(name))
      for (const [, seed = ''] of text.matchAll(/\b(S[AU][A-Z2-7]{56})\b/g))
        for (const [other, now] of after) assert.ok(!now.includes(seed), `${name} is still in ${other}`);
  for (const key of [...issuerKeys, 'users'] as const)
    assert.notEqual(renewed.hub.publicKeys[key], hub.publicKeys[key]);
  for (const key of ['operator', 'operator-signing', 'sys', 'fleet', 'enrol'] as const)
    assert.equal(renewed.hub.publicKeys[key], hub.publicKeys[key]);
  for (const account of ['sys', 'fleet', 'enrol'] as const)
    for (const key of [...issuerKeys, 'users'] as const)
      assert.ok(!JSON.stringify(checked(jwtOf(account))).includes(hub.publicKeys[key]));
  assert.deepEqual(revocationsIn(jwtOf('fleet')), { UA: 5 }, 'who was revoked stays so');
  assert.equal(
    madeAt_s(jwtOf('fleet')),
    now_ms / 1000 + 901,
    'younger than the last one, whatever the clock says',
  );
  assert.deepEqual(make({}).changed, []);
});

test('who was revoked stays so', (t) => {
  const { make, dir, keysDir, paths } = place(t);
  const { hub } = make();
  const keys = hubKeysIn(keysDir, hub.publicKeys);
  const path = paths.accountJwt(hub.publicKeys.fleet);
  const revoked = () => revocationsIn(readFileSync(path, 'utf8'));
  assert.ok(settleAccountJwt(dir, 'fleet', hub, keys, 1, { UA: 5 }));
  assert.ok(settleAccountJwt(dir, 'fleet', hub, keys, 2, { UB: 6 }));
  assert.ok(!settleAccountJwt(dir, 'fleet', hub, keys, 3, { UB: 6 }));
  assert.deepEqual(revoked(), { UA: 5, UB: 6 });
  assert.deepEqual(make({ store: '1' }).changed, ['what it is to be', 'config of nats-server']);
  assert.deepEqual(revoked(), { UA: 5, UB: 6 });
});
