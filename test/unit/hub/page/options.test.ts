import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePageOptions } from '../../../../agent/hub/page/options.ts';

const read = (options: unknown) => parsePageOptions(JSON.stringify(options), () => 'secret');

test('without a word all is as by default: this machine alone, and alerts are told', () => {
  const found = read({});
  assert.ok(found.ok);
  const { listen, port, hosts, limits, alerts } = found.value;
  assert.deepEqual([listen, port, hosts, limits], ['127.0.0.1', 8480, [], { by_role: {}, by_tenant: {} }]);
  assert.equal(alerts?.heartbeat_s, 60);
});

test('what stands there is taken', () => {
  const found = read({
    listen: '::1',
    port: 0,
    hosts: ['hub.example.org'],
    clock_limits: { by_role: { mast: 1000 } },
    alerts: false,
  });
  assert.deepEqual(found, {
    ok: true,
    value: {
      listen: '::1',
      port: 0,
      hosts: ['hub.example.org'],
      limits: { by_role: { mast: 1000 }, by_tenant: {} },
      alerts: undefined,
    },
  });
});

test('what is wrong is told: where, what, and what is allowed', () => {
  for (const [options, why] of [
    [{ prt: 1 }, /^prt is not known: listen, port, hosts, clock_limits, alerts are$/],
    [{ listen: 'eth0' }, /^listen must be an IP address/],
    [{ port: 70_000 }, /^port must be a number from 0 to 65535/],
    [{ port: '80' }, /^port must be/],
    [{ hosts: 'hub' }, /^hosts must be a list of names/],
    [{ hosts: ['hub', 'https://hub'] }, /^hosts: "https:\/\/hub" must be a name alone, .*without a port$/],
    [{ hosts: ['hub:8480'] }, /^hosts: "hub:8480" must be a name alone/],
    [{ hosts: [null] }, /^hosts: null must be a name alone/],
    [{ clock_limits: { by_role: { mast: -1 } } }, /^clock_limits\.by_role\.mast must be/],
    [{ alerts: { off: ['x'] } }, /alerts\.off/],
    [{ alerts: true }, /alerts/],
  ] as const) {
    const found = read(options);
    assert.ok(!found.ok, JSON.stringify(options));
    assert.match(found.why, why);
  }
  assert.ok(!parsePageOptions('{', () => '').ok);
  const lacking = parsePageOptions('{"alerts":{"webhook":{"url_file":"/etc/x"}}}', () => {
    throw new Error('ENOENT: no such file');
  });
  assert.equal(
    !lacking.ok && lacking.why,
    'alerts.webhook.url_file: "/etc/x" must be a file that has the URL, and it cannot be read: ENOENT: no such file',
  );
});
