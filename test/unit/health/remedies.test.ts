import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { defaultsOf } from '../../../agent/config/options.ts';
import { type RemedyFacts, remedyOf } from '../../../agent/health/remedies.ts';
import { causes } from '../../../agent/leaf/causes.ts';

const hub = { ...defaultsOf('hub'), url: ['tls://hub.example.org'], user: 'u' };
const config = { hub, leaf: defaultsOf('leaf'), spool: defaultsOf('spool') };
const facts: RemedyFacts = { config, reasons: [], spool_budget_bytes: 4 * 2 ** 20 };
const remedy = (key: string, change: Partial<RemedyFacts> = {}, stage?: string): string | undefined =>
  remedyOf({ key, ...(stage === undefined ? {} : { stage }) }, { ...facts, ...change });
const inMode = (mode: 'external' | 'off') => ({ config: { ...config, leaf: { ...config.leaf, mode } } });
const withHub = (change: object) => ({ config: { ...config, hub: { ...hub, ...change } } });

test('each trouble has its command, where there is one', () => {
  assert.equal(remedy('local server'), '/etc/init.d/nunect-leaf restart');
  assert.equal(remedy('local server', inMode('external')), 'logread -e nunect');
  assert.match(
    remedy('local server', { ...inMode('external'), cause: 'auth' }) ?? '',
    /^uci set nunect\.leaf\.external_password=/,
  );
  assert.match(
    remedy('local server', { ...inMode('off'), cause: 'auth' }) ?? '',
    /^uci set nunect\.hub\.password=/,
  );
  assert.equal(remedy('hub'), 'tail -n 20 /var/run/nunect/state/leaf.log');
  assert.equal(remedy('hub', inMode('external')), 'logread -e nunect');
  assert.match(remedy('hub silent') ?? '', /at the hub$/);
  assert.equal(
    remedy('spool snapshot', {
      config: { ...config, spool: { ...config.spool, snapshot_file: '/mnt/a b/spool' } },
    }),
    "ls -ld '/mnt/a b'; df -h '/mnt/a b'",
  );
  assert.equal(remedy('leaf config'), 'nunect check');
  assert.equal(remedy('/etc/config/nunect:3: hub.url: must be'), 'nunect check');
  assert.match(remedy('no stream') ?? '', /at the hub$/);
  assert.match(remedy('records dropped') ?? '', /nunect\.spool\.memory_kb=8192;/);
  assert.match(remedy('records dropped', { spool_budget_bytes: 2 ** 30 }) ?? '', /=1048576;/);
  assert.equal(remedy('permission ops.>'), '/etc/init.d/nunect-leaf restart');
  assert.match(remedy('permission ops.>', inMode('off')) ?? '', /# at the hub/);
});

test('the way to the hub is mended by its cause', () => {
  const password = "uci set nunect.hub.password='PASSWORD'; uci commit nunect; /etc/init.d/nunect reload";
  assert.equal(remedy('hub', { cause: 'auth' }), password);
  assert.equal(remedy('hub settings', { cause: 'auth' }), password);
  assert.match(remedy('hub', { cause: 'auth', ...withHub({ creds_file: '/c' }) }) ?? '', /^nsc .*to \/c$/);
  assert.match(remedy('hub', { cause: 'auth', ...withHub({ password_file: '/p' }) }) ?? '', /^vi \/p; /);
  assert.match(remedy('hub', { cause: 'auth', ...withHub({ user: undefined }) }) ?? '', /hub\.user='USER'; /);
  assert.equal(remedy('hub', { cause: 'timeout' }), 'ping -c 3 hub.example.org');
  assert.equal(remedy('hub', { cause: 'timeout', ...withHub({ url: ['nats://[::1]:1'] }) }), 'ping -c 3 ::1');
  for (const cause of Object.keys(causes)) {
    const command = remedy('hub', { cause }) ?? '';
    execFileSync('sh', ['-n', '-c', command]);
    const [, option] = /uci set nunect\.hub\.(\w+)=/.exec(command) ?? [];
    if (option !== undefined) assert.ok(option in hub, command);
  }
  assert.match(remedy('hub', { cause: 'constructor' }) ?? '', /^tail /);
});

test('a certificate that ran out is replaced, one that is not valid yet is a matter of the clock', () => {
  assert.equal(remedy('certificate /a.pem'), 'ls -l /a.pem');
  assert.match(remedy('certificate /a.pem', {}, '7 days') ?? '', /root@UNIT:\/a\.pem # at the hub/);
  assert.match(remedy('certificate /a.pem', {}, 'early') ?? '', /^date -u/);
  assert.match(remedy('certificate /c', withHub({ creds_file: '/c' }), 'expired') ?? '', /^nsc .*at the hub/);
});

test('for the clock, the first reason that has one decides', () => {
  assert.equal(remedy('clock', { reasons: ['starting'] }), undefined);
  assert.equal(remedy('clock', { reasons: ['ptp_absent', 'ntp_no_answer'] }), '/etc/init.d/chronyd restart');
  assert.equal(remedy('clock', { reasons: ['constructor', '__proto__'] }), undefined);
});

test('a file name stays one word, whatever is in it', () => {
  for (const file of ['/etc/a.pem', '/etc/it\'s $(reboot); `x` "y".pem', '/etc/a b'])
    assert.equal(
      execFileSync('sh', [
        '-c',
        (remedy(`certificate ${file}`) ?? '').replace('ls -l', "printf '%s|'"),
      ]).toString(),
      `${file}|`,
    );
});
