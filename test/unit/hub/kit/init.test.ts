import assert from 'node:assert/strict';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { UsageError } from '../../../../agent/cli/io.ts';
import { readHub } from '../../../../agent/hub/kit/hubfiles.ts';
import { init } from '../../../../agent/hub/kit/init.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

function place(t: TestContext) {
  const dir = join(tempDir(t, 'init'), 'hub');
  let out = '';
  const write = (text: string): void => {
    out += text;
  };
  const io = { stdout: write, stderr: write };
  return {
    dir,
    async run(...args: readonly string[]): Promise<string> {
      out = '';
      assert.equal(await init(['--dir', dir, ...args], io), 0);
      return out;
    },
  };
}

test('it says what it made, how units join, whose the hub is and what it will keep', async (t) => {
  const { dir, run } = place(t);
  const first = await run('--host', 'hub.example.org', '--units', '1000', '--traffic', 'lan');
  assert.match(first, /^hub hub\.example\.org in .*: made: keys, what it is to be, accounts, /);
  assert.match(first, /^units join tls:\/\/hub\.example\.org:7422$/m);
  assert.match(first, /keys in .*: who has them owns the hub/);
  assert.match(first, /note: the keys lie on the same disk/);
  const [, context = ''] = /: (nats context save .*)$/m.exec(first) ?? [];
  assert.equal(
    context,
    `nats context save hub.example.org --select --server tls://hub.example.org:4222 --tlsca ${dir}/tls/ca.pem --creds ${dir}/operator.creds`,
  );
  assert.ok(existsSync(join(dir, 'tls/ca.pem')) && existsSync(join(dir, 'operator.creds')));
  const behind = await place(t).run('--host', 'hub.example.org', '--behind-proxy');
  assert.match(behind, /--select --server nats:\/\/127\.0\.0\.1:4222 --creds /, 'top speaks no websockets');
  assert.match(
    first,
    /^keeps the records of 1000 units at lan for 8[4-8]m: 4 GiB hold no more\. For 30 days: /m,
  );
  const [, gib = ''] = /--store (\d+)$/m.exec(first) ?? [];
  const more = await run('--store', gib, '--units', '1000', '--traffic', 'lan');
  assert.match(more, /: made: what it is to be, config of nats-server\n/);
  assert.match(more, /keeps the records of 1000 units at lan for 30d\n/);
  assert.match(await run(), /: nothing to do, all is as asked\n/);
  assert.match(more, /^note: as it is, nats-server tells each of 1000 units .* --isolate yes$/m);
  const isolated = await run('--isolate', 'yes', '--units', '1000', '--traffic', 'lan');
  assert.match(isolated, /: made: what it is to be, accounts, config of nats-server\n/);
  assert.doesNotMatch(isolated + (await run()), /isolate/);
  assert.doesNotMatch(await run('--keys', join(dir, '../keys')).catch(String), /note/);
});

test('what is wrong is said before anything is made', async (t) => {
  const { dir, run } = place(t);
  await assert.rejects(
    run(),
    (error: Error) => error instanceof UsageError && /--host is missing/.test(error.message),
  );
  await assert.rejects(run('--host', 'h', '--traffic', 'x'), /--traffic 'x' must be one of lan, standard/);
  await assert.rejects(run('--host', 'h', '--units', '0'), /--units '0' must be/);
  await assert.rejects(run('--host', 'h', '--tls-cert', '/none/c', '--tls-key', '/none/k'), /ENOENT/);
  const early = init(['--dir', dir, '--host', 'h'], { stdout() {}, stderr() {} }, 60_000);
  await assert.rejects(early, /the clock of this machine shows 1970-01-01 00:01:00 UTC: set it first/);
  assert.equal(existsSync(dir), false);
});

test('nobody makes files in the folder of another user', {
  skip: process.getuid?.() !== 0 && 'not root',
}, async (t) => {
  const { dir, run } = place(t);
  await run('--host', 'h');
  const before = readdirSync(dir);
  chownSync(dir, 65_534, 65_534);
  await assert.rejects(
    run('--keep', '7'),
    /belongs to the user with uid 65534, and this is uid 0: run it as/,
  );
  assert.deepEqual(readdirSync(dir), before);
  assert.equal(readHub(dir)?.kept.days, 30);
});
