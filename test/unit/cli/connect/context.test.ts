import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { linkOptions } from '../../../../agent/cli/connect/connect.ts';
import { readContext } from '../../../../agent/cli/connect/context.ts';
import { UsageError } from '../../../../agent/cli/io.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const own = { name: 'test', inboxPrefix: '_INBOX' };

/** A home with contexts as `nats context add` writes them. */
function home(t: TestContext, contexts: Record<string, object | string>, selected?: string) {
  const dir = tempDir(t, 'home');
  const folder = join(dir, '.config/nats/context');
  mkdirSync(folder, { recursive: true });
  for (const [name, context] of Object.entries(contexts))
    writeFileSync(
      join(folder, `${name}.json`),
      typeof context === 'string' ? context : JSON.stringify(context),
    );
  if (selected !== undefined) writeFileSync(join(folder, '../context.txt'), `${selected}\n`);
  return { HOME: dir };
}
const hub = {
  description: '',
  url: 'tls://hub:4222,tls://hub2:4222',
  token: '',
  user: 'op',
  password: 's3cret',
  creds: '',
  ca: '~/ca.pem',
  inbox_prefix: '_INBOX_op',
};

test('a context gives servers, login, TLS and inboxes; empty fields are none', (t) => {
  const env = { ...home(t, { hub }), NATS_URL: 'nats://env' };
  assert.deepEqual(linkOptions({ context: 'hub' }, env, own), {
    name: 'test',
    inboxPrefix: '_INBOX_op',
    servers: ['tls://hub:4222', 'tls://hub2:4222'],
    user: 'op',
    password: 's3cret',
    tls: { caFile: `${env.HOME}/ca.pem` },
  });
  assert.equal(linkOptions({}, { ...env, NATS_CONTEXT: 'hub' }, own).user, 'op');
  const empty = linkOptions({}, { ...env, NATS_CONTEXT: '' }, own);
  assert.deepEqual(empty, linkOptions({}, env, own), 'empty is not set');
  const found = linkOptions({ context: 'hub' }, { ...env, NATS_TOKEN: 'mine' }, own);
  assert.deepEqual(
    [found.token, found.user, found.password],
    ['mine', undefined, undefined],
    'as the nats CLI',
  );
  assert.equal(found.servers?.[0], 'tls://hub:4222');
  const odd = home(t, { 'ops @ship 7': hub }); // a name as the nats CLI takes it
  assert.equal(linkOptions({ context: 'ops @ship 7' }, odd, own).user, 'op');
  assert.deepEqual(linkOptions({ context: 'hub', server: ['h'], user: 'flag' }, env, own).servers, [
    'nats://h',
  ]);
  assert.equal(linkOptions({ context: 'hub', user: 'flag' }, env, own).user, 'flag');
});

test('the selected context is used where nothing else says where to go', (t) => {
  const env = home(t, { hub, other: { url: 'nats://other', token: 'tok' } }, 'other');
  const found = linkOptions({}, env, own);
  assert.deepEqual([found.servers, found.token], [['nats://other'], 'tok']);
  assert.deepEqual(linkOptions({ server: ['h'] }, env, own).servers, ['nats://h']);
  assert.deepEqual(linkOptions({}, { ...env, NATS_URL: 'nats://env' }, own).servers, ['nats://env']);
  assert.deepEqual(linkOptions({}, home(t, { hub }), own).servers, ['nats://127.0.0.1:4222']);
});

test('a context that is not there is told with those that are, and no secret is', (t) => {
  const env = home(t, { hub, broken: '{"password": "s3cret"' });
  const fails = (name: string, wanted: RegExp): void =>
    assert.throws(
      () => readContext(name, env),
      (error: Error) =>
        error instanceof UsageError && wanted.test(error.message) && !/s3cret/.test(error.message),
    );
  fails('hup', /^there is no context 'hup'; there are broken, hub$/);
  for (const name of ['../../x', '..', '', 'a/b']) fails(name, /^there is no context/);
  fails('broken', /broken\.json: is no JSON object$/);
  assert.throws(
    () => readContext('a', { HOME: '/none' }),
    /there are none in \/none\/\.config\/nats\/context/,
  );
});

test('every name that the nats CLI takes is taken, and a bad URL is that of the context', (t) => {
  const env = home(t, { 'my hub': hub, 'a@b': hub, ümlaut: hub, bad: { url: 'wss://hub' } });
  for (const context of ['my hub', 'a@b', 'ümlaut'])
    assert.equal(linkOptions({ context }, env, own).user, 'op', context);
  assert.throws(() => linkOptions({ context: 'bad' }, env, own), /the URL of context 'bad' must be such as/);
});
