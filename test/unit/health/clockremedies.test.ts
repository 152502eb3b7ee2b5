import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockRemedy } from '../../../agent/health/clockremedies.ts';
import { commandsOf } from '../../../agent/health/host.ts';

test('the first reason that has a command decides', () => {
  const [openwrt, systemd] = [commandsOf('openwrt'), commandsOf('systemd')];
  assert.equal(clockRemedy(['starting'], openwrt), undefined);
  assert.equal(clockRemedy(['ptp_absent', 'ntp_no_answer'], openwrt), '/etc/init.d/chronyd restart');
  assert.equal(clockRemedy(['ptp_absent', 'ntp_no_answer'], systemd), 'systemctl restart chrony');
  assert.equal(clockRemedy(['constructor', '__proto__'], openwrt), undefined);
});
