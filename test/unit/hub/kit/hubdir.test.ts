import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  clientUrls,
  defaultHubPorts,
  type HubFile,
  hubFileText,
  hubPaths,
  isLoopback,
  leafUrls,
  parseHubFile,
  trustedCa,
} from '../../../../agent/hub/kit/hubdir.ts';
import { hubFile } from '../../../kit/hub/hubfile.ts';

const hub: HubFile = { ...hubFile, kept: { days: 30, bytes: 4e9 } };

test('hub.json is read as it was written', () => {
  assert.deepEqual(parseHubFile(hubFileText(hub)), { ok: true, value: hub });
  const given = { ...hub, tls: { by: 'given', cert: '/c', key: '/k' } } as const;
  assert.deepEqual(parseHubFile(hubFileText(given)), { ok: true, value: given });
  const isolated = { ...hub, isolated: true } as const;
  assert.deepEqual(parseHubFile(hubFileText(isolated)), { ok: true, value: isolated });
});

test('the field that is not as it must be is named', () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['servers', []],
    ['servers', ['a', 'b']],
    ['server', ''],
    ['tls', { by: 'given', cert: '/c' }],
    ['tls', { by: 'nobody' }],
    ['ports', { ...defaultHubPorts, leaf: 'x' }],
    ['keysDir', undefined],
    ['days', 1.5],
    ['kept', { days: 30 }],
    ['isolated', 'yes'],
    ['publicKeys', { ...hub.publicKeys, answers: undefined }],
  ];
  for (const [name, value] of wrong)
    assert.deepEqual(parseHubFile(JSON.stringify({ ...hub, [name]: value })), {
      ok: false,
      why: `it has no valid ${name}`,
    });
  for (const text of ['', '[]', '{}', '{"v":2}']) assert.equal(parseHubFile(text).ok, false);
});

test('units and clients are told addresses of each server, behind a proxy those of the proxy', () => {
  const cluster: HubFile = { ...hub, servers: ['a', 'b', 'c'], server: 'b' };
  assert.deepEqual(clientUrls(hub), ['tls://hub.example.org:4222']);
  assert.deepEqual(leafUrls(cluster), ['tls://a:7422', 'tls://b:7422', 'tls://c:7422']);
  const proxied: HubFile = { ...hub, tls: { by: 'proxy' } };
  assert.deepEqual(clientUrls(proxied), ['wss://hub.example.org:443']);
  assert.deepEqual(leafUrls(proxied), ['wss://hub.example.org:443']);
  assert.deepEqual(leafUrls({ ...hub, servers: ['2001:db8::7'] }), ['tls://[2001:db8::7]:7422']);
});

test('units are to trust our own CA, or a given one, else that of their system', () => {
  assert.equal(trustedCa(hub, '/hub'), '/hub/tls/ca.pem');
  assert.equal(trustedCa({ ...hub, tls: { by: 'given', cert: '/c', key: '/k', ca: '/ca' } }, '/hub'), '/ca');
  assert.equal(trustedCa({ ...hub, tls: { by: 'given', cert: '/c', key: '/k' } }, '/hub'), undefined);
  assert.equal(trustedCa({ ...hub, tls: { by: 'proxy' } }, '/hub'), undefined);
});

test('all files of a hub lie in its folder', () => {
  const paths = hubPaths('/var/lib/hub');
  assert.equal(paths.accountJwt('AX'), '/var/lib/hub/jwt/AX.jwt');
  assert.equal(paths.issuerSeed('unit'), '/var/lib/hub/issuer/unit');
  assert.equal(paths.issuerCreds('hub-sys'), '/var/lib/hub/issuer/hub-sys.creds');
  for (const path of Object.values(paths))
    if (typeof path === 'string') assert.match(path, /^\/var\/lib\/hub\//);
});

test('names of this machine only', () => {
  for (const host of ['localhost', '127.0.0.1', '127.0.0.3', '::1']) assert.ok(isLoopback(host), host);
  for (const host of ['127.example.org', 'hub', '10.0.0.1', '1127.0.0.1']) assert.ok(!isLoopback(host), host);
});
