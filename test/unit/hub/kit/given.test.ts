import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { givenTlsFault } from '../../../../agent/hub/kit/given.ts';
import { authority } from '../../../kit/leaf/leafdaemon.ts';
import { tempDir } from '../../../kit/process/daemon.ts';
import { lacking } from '../../../kit/process/tools.ts';

test('files of the operator are looked at before they are used', { skip: lacking('openssl') }, (t) => {
  const dir = tempDir(t, 'given');
  const { ca, issue } = authority(dir);
  const [one, other] = [issue('one', '/CN=hub.example.org'), issue('other', '/CN=other.example.org')];
  const fault = (
    more: { cert?: string; key?: string; ca?: string },
    hosts = ['localhost'],
    at_ms = Date.now(),
  ) => givenTlsFault({ by: 'given', ...one, ...more }, hosts, at_ms);
  assert.equal(fault({}), undefined);
  assert.equal(fault({}, ['localhost', 'c.example.org'])?.includes('is not for c.example.org'), true);
  assert.match(fault({ key: other.key }) ?? '', /other.* is not the key of .*one/);
  assert.match(fault({}, ['127.0.0.1'], Date.UTC(2200, 0, 1)) ?? '', /ran out on /);
  assert.match(fault({ cert: one.key }) ?? '', /has no certificate$/);
  assert.match(fault({ cert: join(dir, 'none') }) ?? '', /ENOENT.*none/);
  assert.match(fault({ ca }) ?? '', /must have the certificate of .* too, at its end/);
  const chain = join(dir, 'chain.pem');
  writeFileSync(chain, readFileSync(one.cert, 'utf8') + readFileSync(ca, 'utf8'));
  assert.equal(fault({ cert: chain, ca }), undefined);
  assert.equal(givenTlsFault({ by: 'own' }, [], 0), undefined);
  assert.equal(givenTlsFault({ by: 'proxy', ca }, [], 0), undefined);
  assert.match(givenTlsFault({ by: 'proxy', ca: one.key }, [], 0) ?? '', /has no certificate$/);
});
