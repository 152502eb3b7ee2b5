import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { defaultsOf } from '../../../agent/config/options.ts';
import { hostKinds } from '../../../agent/device/hostkind.ts';
import { commandsOf } from '../../../agent/health/host.ts';
import { hubRemedy } from '../../../agent/health/hubremedies.ts';
import { type CauseCode, causes } from '../../../agent/leaf/causes.ts';

const hub = { ...defaultsOf('hub'), url: ['tls://hub.example.org'], user: 'u' };
const remedy = (cause: CauseCode, change: Partial<typeof hub> = {}): string =>
  hubRemedy(cause, { ...hub, ...change }, commandsOf('openwrt'));

test('a refused login is mended where the login comes from', () => {
  assert.equal(
    remedy('auth'),
    "uci set nunect.hub.password='PASSWORD'; uci commit nunect; /etc/init.d/nunect reload",
  );
  assert.match(remedy('auth', { creds_file: '/c' }), /^nsc .*to \/c$/);
  assert.match(remedy('auth', { password_file: '/p' }), /^vi \/p; /);
  const { user: _, ...nobody } = hub;
  assert.match(
    hubRemedy('auth', { ...nobody, user: undefined }, commandsOf('openwrt')),
    /hub\.user='USER'; /,
  );
});

test('a copied flash gets a key of its own where the login is of an enrolment, else the unit an id', () => {
  assert.match(remedy('duplicate', { creds_file: '/etc/nunect/enrol/unit.creds' }), /on the copy: rm -r /);
  assert.match(remedy('duplicate', { creds_file: '/etc/nunect/hub.creds' }), /^uci set nunect\.agent\.unit=/);
});

test('a hub that does not answer is pinged by its name or address', () => {
  assert.equal(remedy('timeout'), 'ping -c 3 hub.example.org');
  assert.equal(remedy('timeout', { url: ['nats://[::1]:1'] }), 'ping -c 3 ::1');
});

test('each cause has a command that a shell takes, for options that there are', () => {
  for (const cause of Object.keys(causes) as CauseCode[])
    for (const host of hostKinds.map((kind) => commandsOf(kind))) {
      const command = hubRemedy(cause, hub, host);
      execFileSync('sh', ['-n', '-c', command]);
      const [, option] = /uci set nunect\.hub\.(\w+)=/.exec(command) ?? [];
      if (option !== undefined) assert.ok(option in hub, command);
    }
});
