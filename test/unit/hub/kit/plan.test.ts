import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../../agent/cli/io.ts';
import { type HubPlan, hubPlan, type PlanGiven } from '../../../../agent/hub/kit/plan.ts';

const first = hubPlan({ host: 'hub.example.org' }, undefined);
const refusal = (given: PlanGiven, before?: HubPlan): string => {
  try {
    hubPlan(given, before);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  return 'taken';
};

test('a host is enough', () => {
  assert.deepEqual(first, {
    v: 1,
    servers: ['hub.example.org'],
    server: 'hub.example.org',
    tls: { by: 'own' },
    ports: { client: 4222, leaf: 7422, websocket: 8443, cluster: 6222, monitor: 8222, proxy: 443 },
    keysDir: 'keys',
    days: 90,
    kept: { days: 30, bytes: 4 * 1024 ** 3 },
  });
});

test('what is not given stays as it was, what is given changes', () => {
  const given: PlanGiven = {
    host: 'hub.example.org',
    keys: '/mnt/keys',
    days: '30',
    keep: '7',
    store: '0.5',
    port: ['leaf=17422', 'proxy=8443'],
    'tls-cert': '/c.pem',
    'tls-key': '/k.pem',
  };
  const plan = hubPlan(given, undefined);
  assert.deepEqual(hubPlan({}, plan), plan);
  assert.equal(plan.keysDir, '/mnt/keys');
  assert.deepEqual(plan.tls, { by: 'given', cert: '/c.pem', key: '/k.pem' });
  assert.deepEqual(plan.kept, { days: 7, bytes: 512 * 1024 ** 2 });
  assert.deepEqual(plan.ports, { ...first.ports, leaf: 17422, proxy: 8443 });
  const changed = hubPlan({ host: 'other.example.org', 'own-ca': true }, plan);
  assert.deepEqual(changed, {
    ...plan,
    servers: ['other.example.org'],
    server: 'other.example.org',
    tls: { by: 'own' },
  });
  assert.deepEqual(hubPlan({ 'behind-proxy': true, 'tls-ca': '/ca' }, plan).tls, { by: 'proxy', ca: '/ca' });
});

test('a hub is isolated until it is not', () => {
  const isolated = hubPlan({ isolate: 'yes' }, first);
  assert.deepEqual(isolated, { ...first, isolated: true });
  assert.deepEqual(hubPlan({}, isolated), isolated);
  assert.deepEqual(hubPlan({ isolate: 'no' }, isolated), first);
});

test('a cluster has three servers, of which one is here', () => {
  const cluster = hubPlan({ cluster: 'a, b,c' }, undefined);
  assert.deepEqual([cluster.servers, cluster.server], [['a', 'b', 'c'], 'a']);
  assert.equal(hubPlan({ cluster: 'a,b,c', host: 'c' }, undefined).server, 'c');
  assert.deepEqual(hubPlan({ host: 'b' }, cluster), { ...cluster, server: 'b' });
  assert.equal(hubPlan({ cluster: 'c,b,a' }, cluster).server, 'a');
  assert.match(refusal({ cluster: 'a,b' }), /^--cluster 'a,b' must be three different hosts/);
  assert.match(refusal({ cluster: 'a,b,a' }), /must be three different hosts/);
  assert.match(refusal({ cluster: 'a,b,c', host: 'd' }), /^--host 'd' must be one of --cluster: a, b, c$/);
});

test('a hub of one server does not become a cluster, nor a cluster another one: streams would be left behind', () => {
  assert.match(
    refusal({ cluster: 'hub.example.org,b,c' }, first),
    /this hub is hub\.example\.org, and its streams/,
  );
  const cluster = hubPlan({ cluster: 'a,b,c' }, undefined);
  assert.match(refusal({ cluster: 'a,b,d' }, cluster), /this hub is a, b, c/);
});

test('what cannot be is said, with what is allowed', () => {
  const wrong: readonly (readonly [PlanGiven, RegExp])[] = [
    [{}, /^--host is missing/],
    [{ host: 'a b' }, /^--host 'a b' must be a host name or IP address$/],
    [{ host: 'tls://h' }, /must be a host name/],
    [{ host: '0.0.0.0' }, /^--host '0\.0\.0\.0' must be a name or an address by which units reach it$/],
    [{ host: '127.1' }, /must be a name or an address/],
    [{ host: '::' }, /must be a name or an address/],
    [{ host: 'h', days: '0' }, /^--days '0' must be a number from 1 to 3650$/],
    [{ host: 'h', days: '1.5' }, /^--days '1\.5' must be a whole number$/],
    [{ host: 'h', keep: 'x' }, /^--keep 'x' must be/],
    [{ host: 'h', store: '0' }, /^--store '0' must be/],
    [{ host: 'h', isolate: 'true' }, /^--isolate 'true' must be yes or no$/],
    [{ host: 'h', port: ['leaf'] }, /^--port 'leaf' must be NAME=NUMBER; the names are client, leaf/],
    [{ host: 'h', port: ['toString=1'] }, /must be NAME=NUMBER/],
    [{ host: 'h', port: ['leaf=70000'] }, /must be a number from 1 to 65535/],
    [{ host: 'h', port: ['leaf=4222'] }, /^--port: 4222 is given twice$/],
    [{ host: 'h', 'tls-cert': '/c' }, /^--tls-cert and --tls-key belong together$/],
    [{ host: 'h', 'tls-ca': '/c' }, /^--tls-ca needs/],
    [{ host: 'h', 'own-ca': true, 'behind-proxy': true }, /^only one of/],
    [{ host: 'h', 'behind-proxy': true, 'tls-cert': '/c', 'tls-key': '/k' }, /^only one of/],
  ];
  for (const [given, why] of wrong) assert.match(refusal(given), why);
});
