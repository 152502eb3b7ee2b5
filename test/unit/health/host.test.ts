import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandsOf } from '../../../agent/health/host.ts';

test('a config that is not where nunect looks for it is named in the command that checks it', () => {
  assert.equal(commandsOf('openwrt').check, 'nunect check');
  assert.equal(commandsOf('systemd').check, 'nunect check --config /etc/nunect/nunect.ini');
  assert.equal(commandsOf('bare', '/srv/a b.ini').check, "nunect check --config '/srv/a b.ini'");
});
