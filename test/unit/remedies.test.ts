import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { type RemedyFacts, remedyOf } from '../../agent/unit/remedies.ts';

const facts: RemedyFacts = { leafMode: 'managed', reasons: [], spool_budget_bytes: 4 * 2 ** 20 };
const remedy = (key: string, change: Partial<RemedyFacts> = {}): string | undefined =>
  remedyOf({ key }, { ...facts, ...change });

test('each trouble has its command, where there is one', () => {
  assert.equal(remedy('local server'), '/etc/init.d/nunect-leaf restart');
  assert.equal(remedy('local server', { leafMode: 'external' }), 'logread -e nunect');
  assert.equal(remedy('hub'), 'logread -e nats-server');
  assert.equal(remedy('leaf config'), 'nunect check');
  assert.equal(remedy('/etc/config/nunect:3: hub.url: must be'), 'nunect check');
  assert.match(remedy('no stream') ?? '', /at the hub$/);
  assert.match(remedy('records dropped') ?? '', /nunect\.spool\.memory_kb=8192;/);
  assert.match(remedy('records dropped', { spool_budget_bytes: 2 ** 30 }) ?? '', /=1048576;/);
  assert.equal(remedy('permission ops.>'), undefined);
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
