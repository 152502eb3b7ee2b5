import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { hostKind } from '../../../agent/device/hostkind.ts';
import { commandsOf } from '../../../agent/health/host.ts';
import { tempDir } from '../../kit/process/daemon.ts';

test('a host is known by what starts its services, unless it is told', (t) => {
  const root = (...paths: string[]): string => {
    const dir = tempDir(t, 'host');
    for (const path of paths) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), '');
    }
    return dir;
  };
  assert.equal(hostKind('auto', root('sbin/procd')), 'openwrt');
  assert.equal(hostKind('auto', root('etc/openwrt_release', 'run/systemd/system/x')), 'openwrt');
  assert.equal(hostKind('auto', root('run/systemd/system/x')), 'systemd');
  assert.equal(hostKind('auto', root('usr/bin/systemctl')), 'bare', 'installed, but nothing runs it');
  assert.equal(hostKind('bare', root('sbin/procd')), 'bare');
});

test('options are set where they are: by uci, or in the file that is in use', () => {
  const set = (...of: Parameters<typeof commandsOf>): string => commandsOf(...of).set({ 'hub.user': 'u' });
  assert.equal(set('openwrt'), "uci set nunect.hub.user='u'; uci commit nunect; /etc/init.d/nunect reload");
  assert.equal(set('openwrt', '/x.ini'), 'vi /x.ini; /etc/init.d/nunect reload # hub.user = u');
  assert.equal(set('systemd'), 'vi /etc/nunect/nunect.ini; systemctl reload nunect # hub.user = u');
  assert.equal(
    set('systemd', '/srv/my unit.ini'),
    "vi '/srv/my unit.ini'; systemctl reload nunect # hub.user = u",
  );
  assert.equal(set('bare'), "vi /etc/nunect/nunect.ini; pkill -HUP -f '[n]unect.* run' # hub.user = u");
});
