// Certificates of ours, as openssl and node read them: neither has written them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificatePem } from '../../../../agent/config/formats/pem.ts';
import { certificateDer } from '../../../../agent/hub/kit/x509.ts';
import { tempDir } from '../../../kit/process/daemon.ts';
import { lacking, need } from '../../../kit/process/tools.ts';

const key = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [ca, server, stranger] = [key(), key(), key()];
const spki = ({ publicKey }: ReturnType<typeof key>): Buffer =>
  publicKey.export({ format: 'der', type: 'spki' });
const by =
  ({ privateKey }: ReturnType<typeof key>) =>
  (data: Uint8Array): Buffer =>
    sign('sha256', data, privateKey);

const until_ms = Date.UTC(2036, 10, 29, 12, 30, 15);
const authority = { issuer: 'nunect hub CA', issuerKey: spki(ca), serial: randomBytes(16), until_ms };
const caPem = certificatePem(
  certificateDer({ ...authority, subject: authority.issuer, subjectKey: spki(ca) }, by(ca)),
);
const hosts = ['hub.example.org', '10.1.2.3', '2001:db8::7', '::1'];
const serverPem = (more = {}, signer = ca): string =>
  certificatePem(
    certificateDer(
      { ...authority, subject: 'hub.example.org', subjectKey: spki(server), hosts, ...more },
      by(signer),
    ),
  );

test('node reads what was said', () => {
  const [authorityRead, read] = [new X509Certificate(caPem), new X509Certificate(serverPem())];
  assert.equal(authorityRead.ca, true);
  assert.equal(read.ca, false);
  assert.equal(read.subject, 'CN=hub.example.org');
  assert.equal(read.issuer, 'CN=nunect hub CA');
  assert.equal(Date.parse(read.validTo), until_ms);
  assert.equal(Date.parse(read.validFrom), 0);
  assert.ok(read.checkIssued(authorityRead));
  assert.ok(read.verify(ca.publicKey));
  assert.ok(!new X509Certificate(serverPem({}, stranger)).verify(ca.publicKey));
  assert.ok(read.checkPrivateKey(server.privateKey));
  for (const name of ['hub.example.org']) assert.equal(read.checkHost(name), name);
  assert.equal(read.checkHost('other.example.org'), undefined);
  for (const address of ['10.1.2.3', '2001:db8::7', '::1']) assert.equal(read.checkIP(address), address);
  assert.equal(read.checkIP('2001:db8::8'), undefined);
});

test('an end from 2050 on is written in the long form', () => {
  const late_ms = Date.UTC(2050, 0, 1);
  assert.equal(Date.parse(new X509Certificate(serverPem({ until_ms: late_ms })).validTo), late_ms);
  assert.equal(
    Date.parse(new X509Certificate(serverPem({ until_ms: late_ms - 1000 })).validTo),
    late_ms - 1000,
  );
});

test('a serial number is positive, whatever the random bytes', () => {
  for (const first of [0, 0x7f, 0x80, 0xff]) {
    const serial = Buffer.alloc(16, first);
    const { serialNumber } = new X509Certificate(serverPem({ serial }));
    assert.equal(serialNumber.length, 32);
    assert.match(serialNumber, /^[4-7]/);
  }
});

test('a certificate of many hosts is longer than 255 bytes and still right', () => {
  const many = Array.from({ length: 200 }, (_, at) => `server-${at}.hub.example.org`);
  const read = new X509Certificate(serverPem({ hosts: many }));
  assert.equal(read.checkHost('server-199.hub.example.org'), 'server-199.hub.example.org');
});

test('openssl verifies the chain strictly, also by a clock in 1970, but not after its end or for a stranger', {
  skip: lacking('openssl'),
}, (t) => {
  const dir = tempDir(t, 'x509');
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const trusted = file('ca.pem', caPem);
  const verify = (pem: string, ...more: readonly string[]): boolean => {
    try {
      const args = ['verify', '-x509_strict', '-CAfile', trusted, '-purpose', 'sslserver', ...more];
      execFileSync(need('openssl'), [...args, file('one.pem', pem)], { stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  };
  assert.ok(verify(serverPem(), '-verify_hostname', 'hub.example.org'));
  assert.ok(verify(serverPem(), '-verify_ip', '2001:db8::7'));
  assert.ok(!verify(serverPem(), '-verify_hostname', 'other.example.org'));
  assert.ok(verify(serverPem(), '-attime', '60'));
  assert.ok(!verify(serverPem(), '-attime', String(until_ms / 1000 + 1)));
  assert.ok(!verify(serverPem({}, stranger)));
});
