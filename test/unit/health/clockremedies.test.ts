import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockRemedy } from '../../../agent/health/clockremedies.ts';
import { commandsOf } from '../../../agent/health/host.ts';

test('the first reason that has a command decides', () => {
  const [openwrt, systemd] = [{ host: commandsOf('openwrt') }, { host: commandsOf('systemd') }];
  assert.equal(clockRemedy(['starting'], openwrt), undefined);
  assert.equal(clockRemedy(['ptp_absent', 'ntp_no_answer'], openwrt), '/etc/init.d/chronyd restart');
  assert.equal(clockRemedy(['ptp_absent', 'ntp_no_answer'], systemd), 'systemctl restart chrony');
  assert.equal(clockRemedy(['constructor', '__proto__'], openwrt), undefined);
});

test('the ptp4l that nunect-time runs is asked by its own config', () => {
  const host = commandsOf('openwrt');
  assert.equal(clockRemedy(['ptp_listening'], { host }), "pmc -u -b 0 'GET PORT_DATA_SET'");
  assert.equal(
    clockRemedy(['ptp_listening'], { host, ptp4lConf: '/var/run/nunect/time/ptp4l.conf' }),
    "pmc -u -b 0 -f /var/run/nunect/time/ptp4l.conf 'GET PORT_DATA_SET'",
  );
});
