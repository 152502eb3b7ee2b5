import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type CauseCode, causeIn, noOutage, withSign } from '../../../../agent/leaf/causes.ts';
import { parseLeafLine } from '../../../../agent/leaf/watch/logline.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

const folder = join(projectRoot, 'test/fixtures/leaflog');

/** What is told of each staged trouble. Both versions must agree, but for what one of them does not say. */
const expected: Readonly<Record<string, CauseCode | readonly [CauseCode, CauseCode]>> = {
  'cert-expired': 'cert_expired',
  'cert-not-yet-valid': 'cert_not_yet',
  'client-cert-demanded': 'dropped',
  'client-cert-expired': 'dropped',
  'client-cert-refused': 'dropped',
  'creds-broken': 'creds_file',
  'creds-missing': 'creds_file',
  dns: 'dns',
  duplicate: ['dropped', 'duplicate'],
  'hub-demands-tls': 'ca',
  'hub-ends': 'dropped',
  'hub-speaks-no-tls': ['tls_missing', 'tls'],
  'jwt-expired': 'auth',
  'jwt-expires-while-joined': 'auth_expired',
  'jwt-revoked': 'auth',
  loop: 'loop',
  'min-version': 'version',
  'name-mismatch': 'cert_name',
  'name-mismatch-ip': 'cert_name',
  'other-protocol': 'protocol',
  permission: 'permission',
  refused: 'refused',
  'same-cluster': 'same_cluster',
  silent: 'dropped',
  stale: 'stale',
  unreachable: 'unreachable',
  'websocket-no': 'protocol',
  'wrong-ca': 'ca',
  'wrong-password': 'auth',
  'wrong-port': 'wrong_port',
};

describe('the log of a leaf names why the hub is not joined', () => {
  const files = readdirSync(folder);
  assert.ok(files.length >= 50);
  for (const file of files) {
    test(file, () => {
      const [, name = '', version = ''] = /^(.*?)\.(2\.\d+\.\d+)\.log$/.exec(file) ?? [];
      const [first = '', ...lines] = readFileSync(join(folder, file), 'utf8').trim().split('\n');
      assert.match(first, new RegExp(`^# nats-server -c leaf.conf; leaf ${version}`));
      let outage = noOutage;
      for (const [at, line] of lines.entries()) {
        const sign = parseLeafLine(line)?.sign;
        if (sign !== undefined) outage = withSign(outage, sign, at);
      }
      const wanted = expected[name];
      const [old, now] = typeof wanted === 'object' ? wanted : [wanted, wanted];
      assert.equal(causeIn(outage)?.code, version === '2.9.10' ? old : now);
    });
  }
});

test('repetitions have one key, logins are masked, and noise is nothing', () => {
  const line = (n: number) =>
    `[18773] 2026/11/21 11:30:2${n}.897241 [ERR] 127.0.0.1:43973 - lid:${n} - Leafnode Error 'Authorization Violation'`;
  assert.equal(parseLeafLine(line(5))?.key, parseLeafLine(line(6))?.key);
  const odd = parseLeafLine("[7] [ERR] 127.0.0.1:7422 - lid:5 - Leafnode Error 'no\u2028\r more'");
  assert.deepEqual(
    [odd?.hub, odd?.text.endsWith("'no\u2028\r more'")],
    [true, true],
    'no line is lost by what is in it',
  );
  const login = parseLeafLine('[7] [ERR] Error trying nats-leaf://unit:s3cret@hub:7422 as leafnode');
  assert.equal(login?.text, 'Error trying nats-leaf://***@hub:7422 as leafnode');
  assert.equal(parseLeafLine('[7] [WRN] Plaintext passwords detected, use nkeys or bcrypt'), undefined);
  assert.equal(parseLeafLine('half a line'), undefined);
  const client = parseLeafLine('[7] [ERR] 127.0.0.1:5 - cid:9 - authentication error - User "x"');
  assert.equal(client?.hub, false);
  assert.equal(client?.sign, undefined, 'a local client is not the hub');
});
