import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { UsageError } from '../../../../agent/cli/io.ts';
import { exportHub } from '../../../../agent/hub/kit/export.ts';
import { hubPaths } from '../../../../agent/hub/kit/hubdir.ts';
import { makeHub, readHub } from '../../../../agent/hub/kit/hubfiles.ts';
import { hubPlan } from '../../../../agent/hub/kit/plan.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const io = { stdout: () => undefined, stderr: () => undefined };

function place(t: TestContext) {
  const [dir, out] = [join(tempDir(t, 'export'), 'hub'), join(tempDir(t, 'export'), 'out')];
  const { hub } = makeHub(dir, hubPlan({ cluster: 'a,b,c' }, undefined), Date.now());
  const text = (...path: readonly string[]): string => readFileSync(join(out, ...path), 'utf8');
  return {
    dir,
    out,
    hub,
    text,
    run: (...args: readonly string[]) => exportHub(['--dir', dir, '--out', out, ...args], io),
  };
}

test('each server has a folder that is a hub of its own, without a key that signs', (t) => {
  const { dir, out, hub, text, run } = place(t);
  assert.equal(run('--at', '/srv/hub'), 0);
  assert.deepEqual(readdirSync(out), ['a', 'b', 'c']);
  for (const server of ['a', 'b', 'c']) {
    assert.deepEqual(readHub(join(out, server)), { ...hub, server });
    assert.match(text(server, 'nats.conf'), new RegExp(`^server_name: "${server}"$`, 'm'));
    assert.match(text(server, 'nats.conf'), /store_dir: "\/srv\/hub\/jetstream"/);
    assert.equal(readdirSync(join(out, server, 'jwt')).length, 4);
    assert.equal(text(server, 'tls/server.pem'), readFileSync(hubPaths(dir).cert, 'utf8'));
    assert.ok(!existsSync(join(out, server, 'issuer')));
    assert.ok(!existsSync(join(out, server, 'keys')));
    const replicas = readdirSync(join(out, server, 'streams')).map(
      (name) => JSON.parse(text(server, 'streams', name)).num_replicas,
    );
    assert.deepEqual(replicas, [3, 3, 3, 3, 3]);
  }
  for (const file of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
    const stats = statSync(join(out, file));
    if (!stats.isFile() || !/\bS[AOU][A-Z2-7]{56}\b|PRIVATE KEY/.test(text(file))) continue;
    assert.match(file, /server-key\.pem$/);
    assert.equal(stats.mode & 0o077, 0);
  }
});

test('--issuer adds what issues, and an export follows what has changed since', (t) => {
  const { dir, out, text, run } = place(t);
  run('--issuer');
  assert.deepEqual(readdirSync(join(out, 'b/issuer')).sort(), readdirSync(hubPaths(dir).issuer).sort());
  assert.equal(statSync(join(out, 'b/issuer/unit')).mode & 0o777, 0o600);
  makeHub(dir, hubPlan({ store: '9' }, readHub(dir)), Date.now());
  run();
  assert.deepEqual(
    [existsSync(join(out, 'b/issuer')), existsSync(join(out, 'b/operator.creds'))],
    [false, false],
  );
  assert.equal(readHub(join(out, 'b'))?.kept.bytes, 9 * 1024 ** 3);
  assert.match(text('b', 'nats.conf'), new RegExp(`store_dir: "${dir}/jetstream"`));
});

test('without a hub, or a part of it, it says so', (t) => {
  const { dir, run } = place(t);
  assert.throws(() => exportHub(['--dir', dir], io), UsageError);
  const beside = dirname(dir);
  renameSync(dir, join(beside, 'b'));
  const itself = (): number => exportHub(['--dir', join(beside, 'b'), '--out', beside], io);
  assert.throws(itself, (error) => error instanceof UsageError && /is the hub itself/.test(error.message));
  assert.ok(existsSync(join(beside, 'b/issuer')));
  renameSync(join(beside, 'b'), dir);
  assert.throws(() => exportHub(['--dir', '/none', '--out', '/none'], io), /there is no hub in \/none/);
  rmSync(hubPaths(dir).certKey);
  assert.throws(() => run(), /server-key\.pem is missing: 'nunect-hub init' makes it/);
});
