// Where the operator's commands connect to, and with which login.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cannotConnect, linkOptions } from '../../../../agent/cli/connect/connect.ts';
import { UsageError } from '../../../../agent/cli/io.ts';
import { connectionOptions } from '../../../../agent/nats/session.ts';

const own = { name: 'test', inboxPrefix: '_INBOX' };
const read = (values: Parameters<typeof linkOptions>[0], env = {}) => linkOptions(values, env, own);

test('a scheme that demands TLS demands it of nats.js, wherever it stands; another does not', () => {
  for (const url of ['tls://h:1', 'TLS://h:1', 'nats://a,tls://b'])
    for (const options of [read({ server: [url] }), read({}, { NATS_URL: url })])
      assert.deepEqual(connectionOptions(options).tls, {}, url);
  assert.deepEqual(connectionOptions({ ...own, servers: ['wss://h'] }).tls, {});
  assert.deepEqual(connectionOptions(read({ server: ['tls://h'], 'tls-ca': '/ca' })).tls, { caFile: '/ca' });
  assert.equal('tls' in connectionOptions(read({ server: ['nats://h:1', 'h:2'] })), false);
});

test('a server without TLS is refused in words', () => {
  const why = "server does not support 'tls'";
  assert.match(
    cannotConnect(read({ server: ['tls://h'] }), why),
    /tls:\/\/h: TLS is demanded, but the server/,
  );
});

test('user, password and token of a URL are used, and are not in the address', () => {
  for (const [url, expected] of [
    ['nats://op:p%40ss:w@h:4', { servers: ['nats://h:4'], user: 'op', password: 'p@ss:w' }],
    ['nats://op:a@b/c@[::1]:4/', { servers: ['nats://[::1]:4'], user: 'op', password: 'a@b/c' }],
    ['s3cret@h', { servers: ['nats://h'], token: 's3cret' }],
    ['tls://u:p@a, tls://u:p@b:5', { servers: ['tls://a', 'tls://b:5'], user: 'u', password: 'p' }],
  ] as const) {
    const env = { NATS_USER: 'other', NATS_PASSWORD: 'other' };
    assert.deepEqual(read({ server: [url] }, env), { ...own, ...expected });
    assert.deepEqual(read({}, { ...env, NATS_URL: url }), { ...own, ...expected });
  }
  const { user, pass, token } = connectionOptions(read({ server: ['t@h'] }));
  assert.deepEqual({ user, pass, token }, { user: undefined, pass: undefined, token: 't' });
});

test('a flag goes before the URL, and without either the environment is used', () => {
  const env = { NATS_USER: 'env', NATS_PASSWORD: 'secret' };
  assert.deepEqual(read({ server: ['h'] }, env), {
    ...own,
    servers: ['nats://h'],
    user: 'env',
    password: 'secret',
  });
  assert.equal(read({ server: ['nats://u:p@h'], user: 'flag' }, env).user, 'flag');
});

test('an address that cannot be used is wrong usage, and no part of it is printed', () => {
  for (const url of [
    'nats://op:s3cret', // no host: what looks like a port is none
    'nats://op:s3cret@h:99999',
    'wss://op:s3cret@h',
    'nats://op:s3cr%et@h',
    'nats://op:s3cret@a,nats://b',
    'nats://op:s3cret,x@h',
    '',
  ])
    for (const values of [{ server: [url] }, {}])
      assert.throws(
        () => read(values, { NATS_URL: url }),
        (error: unknown) => error instanceof UsageError && !/s3cr/.test(error.message),
        url,
      );
});
