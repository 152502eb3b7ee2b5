// `nunect-hub init` as it is shipped: killed at each step and run again, several at once, and what is in its folder.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nkeys } from '@nats-io/transport-node';
import { hubKeys, hubPaths, hubUsers, issuerKeys, parseHubFile } from '../../agent/hub/kit/hubdir.ts';
import { refusal } from '../kit/leaf/leafdaemon.ts';
import { runToEnd, tempDir } from '../kit/process/daemon.ts';
import { natsServers, runtime, withoutNewest } from '../kit/process/tools.ts';
import { hubBundle } from '../kit/unit/site.ts';

/** Ends the process at its n-th change of a folder, before that is made. */
const killer = `const fs = require('node:fs');
let left = Number(process.env.KILL_AT);
for (const name of ['mkdirSync', 'writeFileSync', 'renameSync']) {
  const real = fs[name];
  fs[name] = (...args) => {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
    return real(...args);
  };
}
const rmSync = fs.rmSync;
fs.rmSync = (path, ...more) => {
  if (path.endsWith('next.json')) {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  }
  return rmSync(path, ...more);
};
`;

const filesIn = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, encoding: 'utf8', withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    : [];

/** Each key in a folder, as text. */
const seedsIn = (dir: string): Map<string, string> =>
  new Map(
    filesIn(dir)
      .filter((path) => !path.endsWith('.new') && !path.endsWith('ca.pem'))
      .map((path) => [path, readFileSync(path, 'utf8')]),
  );

function place(t: TestContext) {
  const home = tempDir(t, 'hubinit');
  const [dir, keys, preload] = [join(home, 'hub'), join(home, 'keys'), join(home, 'killer.cjs')];
  writeFileSync(preload, killer);
  const words = [hubBundle, 'init', '--dir', dir, '--keys', keys, '--cluster', 'a,b,c'];
  return {
    ...{ home, dir, keys },
    async run(...more: readonly string[]): Promise<string> {
      const { code, stdout, stderr } = await runToEnd(runtime(), [...words, ...more]);
      assert.equal(code, 0, stderr);
      return stdout;
    },
    /** Whether it was killed. */
    async killedAt(change: number, ...more: readonly string[]): Promise<boolean> {
      const args = ['-u', 'NODE_V8_COVERAGE', `KILL_AT=${change}`, runtime(), '--require', preload, ...words];
      const { code, stderr } = await runToEnd('env', [...args, ...more]);
      if (code !== null) assert.equal(code, 0, stderr);
      return code === null;
    },
  };
}

/** All that belongs together does, and nothing is left over. `server`: nats-server is to say so, too. */
function assertWhole(dir: string, keysDir: string, server = natsServers().newest): void {
  const paths = hubPaths(dir);
  const read = parseHubFile(readFileSync(paths.hub, 'utf8'));
  assert.ok(read.ok);
  const { publicKeys } = read.value;
  const keyIn = (path: string): string =>
    nkeys.fromSeed(new TextEncoder().encode(readFileSync(path, 'utf8').trim())).getPublicKey();
  for (const key of Object.keys(hubKeys) as (keyof typeof hubKeys)[])
    assert.equal(keyIn(join(keysDir, key)), publicKeys[key], key);
  for (const key of issuerKeys) assert.equal(keyIn(paths.issuerSeed(key)), publicKeys[key], key);
  assert.deepEqual(
    readdirSync(paths.jwt).sort(),
    [publicKeys.sys, publicKeys.fleet, publicKeys.enrol, publicKeys.book].map((key) => `${key}.jwt`).sort(),
  );
  assert.ok(readFileSync(paths.cert, 'utf8').endsWith(readFileSync(join(keysDir, 'ca.pem'), 'utf8')));
  assert.deepEqual(
    [...filesIn(dir), ...filesIn(keysDir)].filter((path) => /\.new$|next\.json/.test(path)),
    [],
  );
  if (server !== undefined) assert.equal(refusal(server, paths.conf), undefined);
}

/** Has `heals` try one change after the other, four at a time, until it says that there are no more; gives how many. */
async function atEachChange(heals: (change: number) => Promise<boolean>): Promise<number> {
  let killed = 0;
  for (let first = 1, more = true; more; first += 4) {
    const healed = await Promise.all([0, 1, 2, 3].map((at) => heals(first + at)));
    killed += healed.filter(Boolean).length;
    more = !healed.includes(false);
  }
  return killed;
}

test('killed before any of its changes, run again it is right, and a key that was made stays', {
  skip: withoutNewest(),
}, async (t) => {
  const heals = async (change: number): Promise<boolean> => {
    const { dir, keys, run, killedAt } = place(t);
    if (!(await killedAt(change))) return false;
    const before = seedsIn(keys);
    await run();
    for (const [path, text] of before) assert.equal(readFileSync(path, 'utf8'), text, path);
    assertWhole(dir, keys);
    if (change % 4 === 0) assert.match(await run(), /nothing to do/, `killed at change ${change}`);
    return true;
  };
  const killed = await atEachChange(heals);
  t.diagnostic(`killed ${killed} times`);
  assert.ok(killed > 50, `${killed}`);
});

test('killed while it makes a new issuer, run again it has all of the old one or nothing of it', async (t) => {
  const made = place(t);
  await made.run();
  const old = seedsIn(made.keys);
  const renewed = [...issuerKeys, 'users'];
  const seedOf = (keys: string, key: string): string => readFileSync(join(keys, key), 'utf8').trim();
  const outcomes = { old: 0, new: 0 };
  /** Each until all new keys are in their places; then every third, which is a draft as often as a file. */
  const changeOf = (turn: number): number => (turn <= 16 ? turn : 3 * turn - 32);
  const heals = async (turn: number): Promise<boolean> => {
    const change = changeOf(turn);
    const { home, dir, keys, run, killedAt } = place(t);
    cpSync(made.home, home, { recursive: true });
    const wasKilled = await killedAt(change, '--new-issuer');
    if (!wasKilled) return false;
    await run(...(turn % 4 === 0 ? ['--new-issuer'] : []));
    assertWhole(dir, keys, turn % 8 === 0 ? natsServers().newest : undefined);
    for (const key of ['operator', 'operator-signing', 'sys', 'fleet', 'enrol', 'ca-key.pem'])
      assert.equal(readFileSync(join(keys, key), 'utf8'), old.get(join(made.keys, key)), key);
    const others = renewed.filter((key) => seedOf(keys, key) !== seedOf(made.keys, key));
    assert.ok(others.length === 0 || others.length === renewed.length, `${change}: ${others}`);
    outcomes[others.length === 0 ? 'old' : 'new'] += 1;
    if (others.length === 0) return true;
    const texts = [...filesIn(dir), ...filesIn(keys)].map((path) => readFileSync(path, 'utf8'));
    const credsOf = (user: string): string => readFileSync(join(made.dir, 'issuer', `${user}.creds`), 'utf8');
    const gone = [
      ...renewed.map((key) => seedOf(made.keys, key)),
      ...Object.keys(hubUsers).map((user) => /\bSU\w{56}\b/.exec(credsOf(user))?.[0] ?? 'no seed'),
    ];
    for (const seed of gone) {
      assert.match(seed, /^S[AU]\w{56}$/);
      assert.ok(!texts.some((text) => text.includes(seed)), `killed at change ${change}`);
    }
    return true;
  };
  const killed = await atEachChange(heals);
  t.diagnostic(`killed ${killed} times: ${JSON.stringify(outcomes)}`);
  assert.ok(killed > 24 && outcomes.old > 0 && outcomes.new > 16, JSON.stringify(outcomes));
});

test('several at once make one hub', async (t) => {
  const { dir, keys, run } = place(t);
  const said = await Promise.all([run(), run(), run(), run()]);
  assertWhole(dir, keys);
  assert.equal(said.filter((text) => text.includes('nothing to do')).length, 3);
});

test('a key that signs is in no file but its own, nor in what is said', async (t) => {
  const { dir, keys, run } = place(t);
  const said = await run();
  const copies = issuerKeys.map((key) => hubPaths(dir).issuerSeed(key));
  const secrets = [...seedsIn(keys)].map(
    ([path, text]) => [path, text.trim().split('\n')[1] ?? text.trim()] as const,
  );
  assert.equal(secrets.length, Object.keys(hubKeys).length + 1);
  for (const [path, secret] of secrets) {
    assert.ok(secret.length > 50, path);
    assert.ok(!said.includes(secret));
    const holders = [...filesIn(dir), ...filesIn(keys)].filter((file) =>
      readFileSync(file, 'utf8').includes(secret),
    );
    assert.deepEqual(
      holders.filter((file) => file !== path && !copies.includes(file)),
      [],
    );
  }
});
