import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { certProbe, noExpiry, parseFirstExpiry } from '../../../agent/device/certs.ts';
import { projectRoot } from '../../kit/process/tools.ts';

const chainFile = join(projectRoot, 'test/fixtures/certs/chain.pem');
const chain = readFileSync(chainFile, 'utf8');
/** By `openssl x509 -enddate` of the second certificate. */
const endOfUnit = Date.parse('Feb 19 06:31:14 2027 GMT');
const dayMs = 86_400_000;

test('of several certificates in a file the one that runs out first counts', async () => {
  const probe = certProbe({ wall_ms: () => endOfUnit - 10 * dayMs });
  assert.deepEqual(await probe.read([chainFile]), [
    {
      file: chainFile,
      subject: 'O=nunect, CN=demo-01',
      not_before_ms: endOfUnit - 90 * dayMs,
      not_after_ms: endOfUnit,
      days_left: 10,
    },
  ]);
});

test('days left are rounded down and go below zero', async () => {
  const daysLeft = async (wall_ms: number) => {
    const [facts] = await certProbe({ wall_ms: () => wall_ms }).read([chainFile]);
    return facts && 'days_left' in facts ? facts.days_left : undefined;
  };
  assert.equal(await daysLeft(endOfUnit - 0.99 * dayMs), 0.9);
  assert.equal(await daysLeft(endOfUnit + dayMs), -1);
});

test('a file that is no certificate says why', async () => {
  const probe = certProbe({ wall_ms: () => 0 });
  assert.deepEqual(await probe.read(['/nowhere/x.pem', '/']), [
    { file: '/nowhere/x.pem', error: 'ENOENT' },
    { file: '/', error: 'is not a file' },
  ]);
  assert.equal(parseFirstExpiry(''), 'no certificate in PEM form');
  const damaged = chain.replace(/MII\w{20}/, 'AAAA');
  assert.match(String(parseFirstExpiry(damaged)), /^not a certificate: /);
});

test('a file is parsed again only when it changed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nunect-certs-'));
  try {
    const file = join(dir, 'unit.pem');
    const at = new Date(1_700_000_000_000);
    const put = (text: string, when: Date): void => {
      writeFileSync(file, text);
      utimesSync(file, when, when);
    };
    const probe = certProbe({ wall_ms: () => endOfUnit });
    put(chain, at);
    const before = await probe.read([file]);
    put(chain.replaceAll('C', 'D'), at);
    assert.deepEqual(await probe.read([file]), before, 'same size and time: not read');
    put('renewed', new Date(1_700_000_001_000));
    assert.deepEqual(await probe.read([file]), [{ file, error: 'no certificate in PEM form' }]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

const creds = (claims: object): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}.signature`;
  return `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\nSU\n`;
};

test('the user JWT of a credentials file has days left as a certificate has', async () => {
  const text = creds({ name: 'ship-7', exp: endOfUnit / 1000, nbf: 1000, sub: 'U' });
  const probe = certProbe({ wall_ms: () => endOfUnit - 2.05 * dayMs });
  assert.deepEqual(await probe.read([{ file: '/u.creds', text }]), [
    {
      file: '/u.creds',
      kind: 'user JWT',
      subject: 'ship-7',
      not_before_ms: 1_000_000,
      not_after_ms: endOfUnit,
      days_left: 2,
    },
  ]);
});

test('a user JWT without an end is not among what runs out, and a damaged one says so', async () => {
  const probe = certProbe({ wall_ms: () => 0 });
  assert.equal(parseFirstExpiry(creds({ name: 'u' })), noExpiry);
  assert.equal(parseFirstExpiry(creds({ name: 'u', exp: 0 })), noExpiry, 'as nsc writes "never"');
  assert.deepEqual(await probe.read([{ file: '/u', text: creds({ name: 'u' }) }]), []);
  assert.equal(parseFirstExpiry(creds({}).replace('.', '.AAAA')), 'not a user JWT');
  assert.equal(
    parseFirstExpiry('-----BEGIN NATS USER JWT-----\nnull\n---END NATS USER JWT'),
    'not a user JWT',
  );
});
