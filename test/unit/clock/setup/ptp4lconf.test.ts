import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trialConf } from '../../../../agent/clock/setup/ptp4lconf.ts';
import { confOf, planOf } from '../../../kit/clock/timehost.ts';

const wan = 'list interface wan';

test('each version gets the words that it knows', () => {
  const old = confOf([wan]);
  assert.ok(old.includes('slaveOnly 1'));
  assert.ok(!old.some((line) => line.startsWith('uds_ro_address')));
  const now = confOf([wan], { ptp4l: [4, 4] });
  assert.ok(now.includes('clientOnly 1') && now.includes('uds_ro_address /run/time/ptp4lro'));
  const server = (version: readonly [number, number]): readonly string[] =>
    confOf([wan, 'option role server'], { ptp4l: version });
  assert.ok(server([3, 1]).includes('masterOnly 1') && server([4, 0]).includes('serverOnly 1'));
  assert.ok(!confOf([wan, 'option role auto']).some((line) => /Only/.test(line)));
});

test('nobody is told that this clock is good before it is known to be', () => {
  for (const role of ['server', 'auto']) {
    const conf = confOf([wan, `option role ${role}`]);
    for (const line of ['clockClass 248', 'clockAccuracy 0xFE', 'offsetScaledLogVariance 0xFFFF'])
      assert.ok(conf.includes(line), `${role}: ${line}`);
  }
  assert.ok(!confOf([wan]).some((line) => line.startsWith('clockClass')));
});

test('a server moves no clock, but where its hardware is set by phc2sys', () => {
  assert.ok(confOf([wan, 'option role server']).includes('free_running 1'));
  assert.ok(!confOf(['list interface eth8', 'option role server']).includes('free_running 1'));
});

test('options of the operator stand last in [global], where they count', () => {
  const conf = confOf([wan, "list global_opts 'priority1 120'", "list global_opts 'summary_interval 0'"]);
  const at = conf.indexOf('priority1 120');
  assert.deepEqual(conf.slice(at, at + 3), ['priority1 120', 'summary_interval 0', '[wan]']);
});

test('unicast: a table for each port, and leases that a restart of the server outlives', () => {
  const servers = ['list unicast_server 192.0.2.1', 'list unicast_server 192.0.2.2'];
  const conf = confOf([wan, 'list interface lan2', ...servers]);
  assert.deepEqual(conf.slice(conf.indexOf('[unicast_master_table]')), [
    ...['[unicast_master_table]', 'table_id 1', 'logQueryInterval 1', 'UDPv4 192.0.2.1', 'UDPv4 192.0.2.2'],
    ...['[unicast_master_table]', 'table_id 2', 'logQueryInterval 1', 'UDPv4 192.0.2.1', 'UDPv4 192.0.2.2'],
    ...['[wan]', 'network_transport UDPv4', 'unicast_master_table 1'],
    ...['[lan2]', 'network_transport UDPv4', 'unicast_master_table 2'],
  ]);
  assert.ok(conf.includes('unicast_req_duration 30'));
  assert.ok(confOf([wan, 'list unicast_server 2001:db8::1']).includes('UDPv6 2001:db8::1'));
});

test('unicast is refused where it cannot work', () => {
  const code = (...lines: string[]): string | undefined => planOf(lines).fault?.code;
  const server = 'list unicast_server 192.0.2.1';
  assert.equal(code(wan, server, 'list unicast_server 2001:db8::1'), 'unicast_family');
  assert.equal(code(wan, server, 'option transport UDPv6'), 'unicast_family');
  assert.equal(code(wan, server, 'option transport L2'), 'unicast_family');
  assert.equal(code('list interface lan1', server), 'bridged_udp');
  assert.equal(code(wan, server, 'option transport UDPv4'), undefined);
});

test('a server of the unicast profile listens for who asks', () => {
  const profile = 'option profile G.8275.2';
  assert.ok(confOf([wan, profile, 'option role server']).includes('unicast_listen 1'));
  assert.ok(!confOf([wan, profile]).includes('unicast_listen 1'));
});

test('on trial it moves no clock and has sockets of its own, whatever its options say', () => {
  const conf = confOf([wan, 'list unicast_server 192.0.2.1', "list global_opts 'logging_level 3'"]);
  const lines = trialConf(conf.join('\n'), '/tmp/t', [3, 1]).split('\n');
  const table = lines.indexOf('[unicast_master_table]');
  assert.deepEqual(lines.slice(table - 5, table), [
    ...['free_running 1', 'uds_address /tmp/t/ptp4l', 'use_syslog 0', 'verbose 1', 'logging_level 6'],
  ]);
  assert.deepEqual(lines.slice(0, table - 5), conf.slice(0, table - 5));
  assert.deepEqual(lines.slice(table), conf.slice(table - 5));
  const plain = trialConf(confOf([wan]).join('\n'), '/tmp/t', [3, 1]).split('\n');
  assert.equal(plain.indexOf('[wan]'), plain.indexOf('logging_level 6') + 1, 'in [global]');
  assert.ok(trialConf(conf.join('\n'), '/tmp/t', [4, 0]).includes('\nuds_ro_address /tmp/t/ptp4lro\n'));
});

test('an option of ptp4l, which is root, names no file: it would be read, or removed for a socket', () => {
  const files = ['leapfile /etc/x', 'sa_file x', 'cmlds.client_address x', 'some_new_option ../x'];
  for (const line of files)
    assert.throws(() => confOf([wan, `list global_opts '${line}'`]), /may not name a file/, line);
  const longest = `userDescription ${'x'.repeat(128)}`;
  assert.ok(confOf([wan, `list global_opts '${longest}'`]).includes(longest));
  for (const line of ['priority1 1\n[lan1]', 'priority1 [lan1]', '-f x', 'uds_address x', `${longest}x`])
    assert.throws(() => confOf([wan, `list global_opts '${line}'`]), line);
});
