import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hubPaths } from '../../../../agent/hub/kit/hubdir.ts';
import {
  ensureServerCertificate,
  hubAuthority,
  serverCertificateEnd,
} from '../../../../agent/hub/kit/tlsfiles.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const day_ms = 86_400_000;
const now_ms = Date.UTC(2026, 10, 29);
const servers = ['hub.example.org', '10.0.0.7'];

function place(t: TestContext) {
  const dir = tempDir(t, 'tls');
  const keysDir = join(dir, 'keys');
  const paths = hubPaths(dir);
  return {
    ...{ dir, keysDir, paths },
    ca: (at_ms = now_ms, isNew = true) => hubAuthority(keysDir, isNew, at_ms),
    read: (path: string): string => readFileSync(path, 'utf8'),
  };
}

test('the server has a certificate of the CA, with that of the CA behind it, made once', (t) => {
  const { dir, ca, paths, read } = place(t);
  const authority = ca();
  assert.equal(ensureServerCertificate(dir, authority, servers, now_ms), true);
  const chain = read(paths.cert);
  assert.ok(chain.endsWith(read(paths.ca)));
  assert.equal(read(paths.ca), authority.pem);
  const own = new X509Certificate(chain);
  assert.ok(own.checkIssued(new X509Certificate(authority.pem)));
  for (const host of ['hub.example.org', 'localhost']) assert.ok(own.checkHost(host), host);
  for (const address of ['10.0.0.7', '127.0.0.1', '::1']) assert.ok(own.checkIP(address), address);
  assert.equal(serverCertificateEnd(dir), now_ms + 1095 * day_ms);
  assert.equal(ensureServerCertificate(dir, ca(now_ms, false), servers, now_ms), false);
  assert.equal(read(paths.cert), chain);
});

test('it is made anew where it is for other hosts, long before its end, damaged or gone', (t) => {
  const { dir, ca, paths, read } = place(t);
  ensureServerCertificate(dir, ca(), servers, now_ms);
  const isMade = (hosts = servers, at_ms = now_ms): boolean =>
    ensureServerCertificate(dir, ca(at_ms, false), hosts, at_ms);
  assert.ok(isMade([...servers, 'b.example.org']));
  assert.ok(isMade());
  assert.ok(!isMade(servers, now_ms + 700 * day_ms));
  assert.ok(isMade(servers, now_ms + 731 * day_ms));
  assert.ok(isMade(servers) === false, 'one that ends later is right too');
  for (const path of [paths.cert, paths.certKey]) {
    writeFileSync(path, 'x');
    assert.ok(isMade(), path);
    rmSync(path);
    assert.ok(isMade(), path);
  }
  const other = read(paths.certKey);
  assert.ok(isMade(['b']));
  writeFileSync(paths.certKey, other);
  assert.ok(isMade(['b']), 'a key of another certificate');
});

test('ten years: before its end the CA has a new certificate, by which the old server certificate is right, and the other way', (t) => {
  const { dir, ca, paths, read } = place(t);
  const old = ca();
  ensureServerCertificate(dir, old, servers, now_ms);
  const server = new X509Certificate(read(paths.cert));
  assert.equal(ca(now_ms + 8 * 365 * day_ms, false).pem, old.pem);
  const later_ms = now_ms + 8.5 * 365 * day_ms;
  const renewed = ca(later_ms, false);
  assert.notEqual(renewed.pem, old.pem);
  assert.ok(server.checkIssued(new X509Certificate(renewed.pem)));
  assert.ok(ensureServerCertificate(dir, renewed, servers, later_ms));
  assert.ok(new X509Certificate(read(paths.cert)).checkIssued(new X509Certificate(old.pem)));
});

test('a CA key that is lost or damaged is not made anew: units would not know the hub any more', (t) => {
  const { ca, keysDir } = place(t);
  const old = ca();
  rmSync(join(keysDir, 'ca.pem'));
  assert.notEqual(ca(now_ms, false).pem, old.pem);
  writeFileSync(join(keysDir, 'ca-key.pem'), 'x');
  assert.throws(() => ca(now_ms, true), /ca-key\.pem has no private key: units know the hub by it/);
  rmSync(join(keysDir, 'ca-key.pem'));
  assert.throws(() => ca(now_ms, false), /ca-key\.pem is missing/);
});
