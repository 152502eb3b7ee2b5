import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../../../agent/config/options.ts';
import { type LookAt, leafProblems } from '../../../../agent/leaf/conf/checks.ts';
import { userSection, withOptions } from '../../../kit/leaf/leafconfig.ts';

const newest = [2, 15, 2] as const;
const nothingThere: LookAt = (path) => (path === '/' ? 'directory' : 'absent');
const said = (
  config: Config,
  version: Parameters<typeof leafProblems>[1] = newest,
  look = nothingThere,
): string[] =>
  leafProblems(config, version, look).map(
    ({ severity, option, message }) => `${severity} ${option}: ${message}`,
  );

test('the defaults are fine', () => {
  assert.deepEqual(said(withOptions({})), []);
});

test('an unencrypted websocket cannot stand beside anything that wants TLS', () => {
  const message =
    'error hub.url: ws:// is not encrypted, but another address or a tls option wants TLS: use wss:// only';
  assert.deepEqual(said(withOptions({ hub: { url: ['ws://a', 'wss://b'] } })), [message]);
  assert.deepEqual(said(withOptions({ hub: { url: ['ws://a'], tls_insecure: true } })), [message]);
  assert.deepEqual(said(withOptions({ hub: { url: ['wss://a', 'wss://b'] } })), []);
});

test('TLS for one address is TLS for all, and an address twice is one', () => {
  const config = withOptions({ hub: { url: ['tls://a', 'nats://b', 'nats://b'] } });
  assert.deepEqual(said(config), [
    'warning hub.url: TLS is used for every address, also for one that does not say so',
    'warning hub.url: duplicate address',
  ]);
});

test('what the server is too old for is an error with the version it takes', () => {
  const config = withOptions({ hub: { url: ['tls://a'], nkey_file: '/seed', handshake_first: true } });
  assert.deepEqual(said(config, [2, 9, 10]), [
    'error hub.nkey_file: is not possible: nats-server 2.9.10 cannot do it; it needs 2.10.8 or newer',
    'error hub.handshake_first: is not possible: nats-server 2.9.10 cannot do it; it needs 2.10.0 or newer',
  ]);
  assert.deepEqual(said(config, [2, 10, 8]), []);
  assert.deepEqual(said(withOptions({}), [2, 8, 4]), [
    'error leaf.server: must be nats-server 2.9.0 or newer',
  ]);
  assert.match(
    leafProblems(config, undefined, nothingThere)[0]?.message ?? '',
    /the version of nats-server is not known; it needs 2\.10\.8/,
  );
});

test('a listen address that only looks like one is named', () => {
  assert.deepEqual(said(withOptions({ leaf: { listen: '::::1', websocket_listen: '1::2::3' } })), [
    'error leaf.listen: must be an IPv4 or IPv6 address',
    'error leaf.websocket_listen: must be an IPv4 or IPv6 address',
  ]);
});

test('the names of the agent and the monitor are not for others', () => {
  const config = withOptions({}, { user: [userSection('a', { name: 'nunect-agent', password: 'x' })] });
  assert.deepEqual(said(config), ["error leaf: user name 'nunect-agent' is taken by the unit itself"]);
});

test('anonymous clients cannot stand for an nkey user', () => {
  const config = withOptions(
    { leaf: { anonymous: 'a' } },
    { user: [userSection('a', { nkey: `U${'A'.repeat(55)}` })] },
  );
  assert.deepEqual(said(config), ['error leaf.anonymous: must be a user without an nkey']);
});

test('a store below something that is no directory is named, one that can be made is fine', () => {
  const config = withOptions({ leaf: { jetstream: true, jetstream_store_dir: '/mnt/disk/js' } });
  const look: LookAt = (path) => (path === '/mnt/disk' ? 'other' : nothingThere(path));
  assert.deepEqual(said(config, newest, look), [
    'error leaf.jetstream_store_dir: /mnt/disk is not a directory',
  ]);
  assert.deepEqual(said(config), []);
});

test('certificates for everybody mean one for the agent, and that is said', () => {
  assert.match(said(withOptions({ leaf: { tls_verify: true } }))[0] ?? '', /^warning leaf\.tls_verify/);
  assert.match(
    said(withOptions({ hub: { url: ['wss://a'], handshake_first: true } }))[0] ?? '',
    /^warning hub\.handshake_first: means nothing/,
  );
});
