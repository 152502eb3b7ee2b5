import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chronyConfOf, confFileOfChronyd } from '../../../../agent/clock/host/probe.ts';

const chronyd = (...args: readonly string[]) => ({ pid: 1, comm: 'chronyd', args: ['chronyd', ...args] });

test('the file that a chronyd was started with', () => {
  for (const [args, file] of [
    [['-n', '-f', '/etc/a.conf'], '/etc/a.conf'],
    [['-nf', '/etc/a.conf'], '/etc/a.conf'],
    [['-f/etc/a.conf'], '/etc/a.conf'],
    [['-f', 'a.conf'], undefined],
    [['-n'], undefined],
    [['-f'], undefined],
  ] as const)
    assert.equal(confFileOfChronyd(['chronyd', ...args]), file, args.join(' '));
});

test('the config that is set counts, then that of the only chronyd that runs', () => {
  const runs = chronyd('-f', '/etc/own.conf');
  assert.equal(chronyConfOf('/etc/set.conf', [runs]), '/etc/set.conf');
  assert.equal(chronyConfOf(undefined, [runs]), '/etc/own.conf');
  assert.equal(chronyConfOf(undefined, [runs, chronyd('-p', '-f', '/tmp/x')]), '/etc/own.conf');
  assert.notEqual(chronyConfOf(undefined, [runs, chronyd('-f', '/etc/b.conf')]), '/etc/own.conf');
});
