import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HubFile } from '../../../../agent/hub/kit/hubdir.ts';
import { natsConf } from '../../../../agent/hub/kit/natsconf.ts';
import { hubFile } from '../../../kit/hub/hubfile.ts';

const textOf = (more: Partial<HubFile>): string => natsConf({ ...hubFile, ...more }, '/hub', 'a.b.c');
const count = (text: string, wanted: string): number => text.split(wanted).length - 1;

test('clients, leafs and websockets have TLS with the certificate of our own CA', () => {
  const text = textOf({});
  assert.equal(count(text, 'cert_file: "/hub/tls/server.pem"'), 3);
  assert.match(text, /^listen: "0\.0\.0\.0:4222"$/m);
  assert.match(text, /advertise: "hub\.example\.org:7422"/);
  assert.match(text, /^http: "127\.0\.0\.1:8222"$/m);
  assert.match(text, /^operator: "a\.b\.c"$/m);
  assert.match(text, /^system_account: "Asys"$/m);
  assert.doesNotMatch(text, /cluster|no_tls|resolver_preload|no_auth_user/);
});

test('a given certificate is that of all who come from outside', () => {
  const text = textOf({ tls: { by: 'given', cert: '/etc/c.pem', key: '/etc/k.pem' } });
  assert.equal(count(text, 'cert_file: "/etc/c.pem"'), 3);
  assert.equal(count(text, '/hub/tls/'), 0);
});

test('behind a proxy nothing but this machine is listened to, and no TLS is spoken', () => {
  const text = textOf({ tls: { by: 'proxy' } });
  assert.equal(count(text, '"127.0.0.1:'), 4);
  assert.equal(count(text, '0.0.0.0'), 0);
  assert.equal(count(text, 'cert_file'), 0);
  assert.match(text, /no_tls: true/);
  assert.match(text, /advertise: "hub\.example\.org:443"/);
});

test('a hub of this machine only listens there only', () => {
  const text = textOf({ servers: ['127.0.0.1'], server: '127.0.0.1' });
  assert.equal(count(text, '0.0.0.0'), 0);
});

test('a server of a cluster has routes to the others, with TLS of our own CA both ways', () => {
  const text = textOf({
    servers: ['a', 'b', 'c'],
    server: 'b',
    tls: { by: 'given', cert: '/c', key: '/k' },
  });
  assert.match(text, /^server_name: "b"$/m);
  assert.match(text, /"nats-route:\/\/a:6222"\s+"nats-route:\/\/c:6222"/);
  assert.doesNotMatch(text, /nats-route:\/\/b/);
  assert.match(text, /ca_file: "\/hub\/tls\/ca\.pem"/);
  assert.match(text, /verify: true/);
});

test('the store has room for all streams', () => {
  assert.match(textOf({}), /strict: true\n/);
  assert.match(textOf({}), /max_file_store: 1879048192\n/); // 1 GiB of records and 768 MiB of the others
});

test('who has a slow link has time to log in, with TLS and without', () => {
  for (const tls of [{ by: 'own' }, { by: 'proxy' }] as const) {
    const text = textOf({ tls });
    assert.equal(text.match(/authorization: \{\s+timeout: 11\s/g)?.length, 2);
    assert.match(text, /handshake_timeout: "10s"/);
    assert.equal(text.match(/^ +timeout: 10$/gm)?.length ?? 0, tls.by === 'own' ? 3 : 0);
  }
});

test('only an isolated hub has what servers below 2.12 do not know', () => {
  assert.match(
    textOf({ isolated: true }),
    /^leafnodes: \{\n(?: .*\n)* {2}isolate_leafnode_interest: true\n/m,
  );
  assert.doesNotMatch(textOf({}), /isolate/);
});
