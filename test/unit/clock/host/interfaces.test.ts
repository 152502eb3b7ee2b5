import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { netInterfaces } from '../../../../agent/clock/host/interfaces.ts';
import { hostFiles } from '../../../../agent/device/hostfiles.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

test('the interfaces of a router with a switch, as its /sys shows them', (t) => {
  const root = tempDir(t, 'sysfs');
  const file = (path: string, text = ''): void => {
    const at = join(root, 'sys/class/net', path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text);
  };
  const one = (name: string, type: string, ...entries: readonly string[]): void => {
    file(`${name}/uevent`, `${type === '' ? '' : `DEVTYPE=${type}\n`}INTERFACE=${name}\nIFINDEX=3\n`);
    file(`${name}/type`, name === 'tun0' ? '65534\n' : '1\n');
    for (const entry of entries) file(`${name}/${entry}`);
  };
  file('bonding_masters', 'bond0\n');
  one('lo', '');
  one('eth0', '', 'device/ptp/ptp12/dev', 'device/ptp/ptp2/dev', 'device/driver');
  one('lan1', 'dsa', 'device/uevent', 'lower_eth0', 'brport/state');
  one('br-lan', 'bridge', 'bridge/stp_state', 'brif/lan1', 'lower_lan1');
  one('br-lan.5', 'vlan', 'lower_br-lan');
  one('mac0', '', 'lower_eth0');
  one('bond0', 'bond', 'bonding/mode', 'lower_eth1', 'lower_eth2');
  one('wlan0', 'wlan', 'device/uevent');
  one('tun0', '');
  one('veth0', '');
  assert.deepEqual(netInterfaces(hostFiles(root)), [
    { name: 'bond0', kind: 'bond', lower: ['eth1', 'eth2'] },
    { name: 'br-lan', kind: 'bridge', lower: ['lan1'] },
    { name: 'br-lan.5', kind: 'vlan', lower: ['br-lan'] },
    { name: 'eth0', kind: 'port', lower: [], phc: 2 },
    { name: 'lan1', kind: 'port', lower: ['eth0'], bridge: 'br-lan' },
    { name: 'mac0', kind: 'stacked', lower: ['eth0'] },
    { name: 'tun0', kind: 'other', lower: [] },
    { name: 'veth0', kind: 'port', lower: [] },
    { name: 'wlan0', kind: 'other', lower: [] },
  ]);
  assert.deepEqual(netInterfaces(hostFiles('/nonexistent')), []);
});
