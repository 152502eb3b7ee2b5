import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SetupCode } from '../../../agent/clock/setup/note.ts';
import { commandsOf } from '../../../agent/health/host.ts';
import { setupRemedy } from '../../../agent/health/setupremedies.ts';
import { loadUci } from '../../kit/unit/config.ts';

const remedyOf = (code: SetupCode, kind: 'openwrt' | 'systemd' = 'openwrt', lines = ''): string =>
  setupRemedy(code, { host: commandsOf(kind), config: loadUci(`config ptp ptp\n${lines}`).config });

test('what is changed in section ptp is taken over by its own service, which the agent does not reload', () => {
  for (const code of ['interface_bridge', 'bridged_udp', 'no_hardware', 'unicast_family'] as const) {
    assert.match(
      remedyOf(code),
      /; uci commit nunect; \/etc\/init\.d\/nunect reload; \/etc\/init\.d\/nunect-time reload$/,
    );
    assert.match(
      remedyOf(code, 'systemd'),
      /; systemctl reload nunect; systemctl restart nunect-time # ptp\./,
    );
  }
  assert.doesNotMatch(commandsOf('openwrt').set({ 'hub.user': 'x' }), /nunect-time/);
});

test('a program that is installed is used at once', () => {
  assert.equal(
    remedyOf('no_ptp4l'),
    'opkg update; opkg install linuxptp; /etc/init.d/nunect-time reload # or: apk add linuxptp',
  );
  assert.equal(remedyOf('no_fallback', 'systemd'), 'apt-get install chrony; systemctl restart nunect-time');
});

test('the config of chronyd is the one that is used', () => {
  const own = " option chrony_conf '/srv/a b/chrony.conf'\n";
  assert.equal(
    remedyOf('chrony_confdir', 'openwrt', own),
    "echo 'confdir /var/run/nunect/time/chrony.d' >>'/srv/a b/chrony.conf'; /etc/init.d/nunect-time reload",
  );
  assert.match(remedyOf('chrony_refuses'), /^chronyd -p -f \/etc\/chrony\/chrony\.conf >\/dev\/null && /);
});

test('sysntpd is not stopped for a ptp4l or phc2sys that somebody else has started', () => {
  assert.equal(remedyOf('ptp4l_runs'), "ps w | grep -E '[p]tp4l|[p]hc2sys'");
  assert.match(remedyOf('steerer'), /sysntpd/);
});

test('a code of a newer nunect-time is looked up in its log', () => {
  assert.equal(remedyOf('toString' as SetupCode), 'logread -e nunect-time');
});
