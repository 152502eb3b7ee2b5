import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChronyConf } from '../../../../agent/clock/setup/chronyconf.ts';
import { freeSegment } from '../../../../agent/clock/setup/dropin.ts';
import { type HostChanges, planOf } from '../../../kit/clock/timehost.ts';

const dropInOf = (lines: readonly string[], changes: HostChanges = {}): readonly string[] =>
  (planOf(['list interface wan', ...lines], changes).files?.dropIn ?? '').trimEnd().split('\n').slice(1);
const server = 'list ntp_server 192.0.2.1';

test('each version gets the words that it knows', () => {
  const refclock = 'refclock SHM 8 refid PTP0 poll 2 precision 1e-6 delay 1e-4 prefer';
  const polled = 'server 192.0.2.1 iburst minpoll 4 maxpoll 6 maxsamples 6';
  for (const [chronyd, ...wanted] of [
    [[4, 3], polled, refclock],
    [[4, 6], polled, `${refclock} noselect`],
    [[4, 8], polled, `${refclock} maxunreach 8 noselect`],
  ] as const)
    assert.deepEqual(dropInOf([server], { chronyd }), wanted);
});

test('PTP is never trusted', () => {
  for (const role of ['client', 'auto'])
    assert.doesNotMatch(dropInOf([`option role ${role}`]).join(), /trust|require/);
});

test('the delay is twice the bound of the asymmetry: its own, else that of the section time', () => {
  const delay = (lines: readonly string[]): string | undefined =>
    / delay (\S+) /.exec(dropInOf(lines).join())?.[1];
  assert.equal(delay([]), '1e-4');
  assert.equal(delay(['option asymmetry_ns 500']), '1e-6');
  assert.equal(delay(['option asymmetry_ns 0']), '2e-9');
  assert.equal(delay(['option asymmetry_ns -1\nconfig time\n option asymmetry_ns 250000']), '5e-4');
});

test('the first free segment that is none of gpsd, and none that another user has made', () => {
  const conf = (...segments: readonly number[]) =>
    parseChronyConf(segments.map((one) => `refclock SHM ${one}:perm=0644 refid X\n`).join(''), []);
  const free = (...segments: readonly number[]): number => freeSegment(conf(...segments), []);
  assert.equal(freeSegment(conf(9), [8, 10]), 11);
  const lines = dropInOf(['list ntp_server a.example'], { foreignSegments: [8] });
  assert.match(lines.join('\n'), /^refclock SHM 9 refid PTP0 /m);
  assert.deepEqual([free(), free(0, 1, 2), free(8), free(9, 8), free(9)], [8, 8, 9, 10, 8]);
});

test('a server is named once, and not where chronyd has it', () => {
  const twice = ['list ntp_server a.example', 'list ntp_server b.example', 'list ntp_server a.example'];
  const named = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => /^server (\S+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(named(dropInOf(twice)), ['a.example', 'b.example']);
  const printed = 'pool A.example iburst\npeer b.example\n';
  assert.deepEqual(named(dropInOf(twice, { printed })), []);
  assert.deepEqual(
    planOf(['list interface wan', ...twice], { printed }).notes.map(({ code, text }) => [
      code,
      text.slice(0, 24),
    ]),
    [
      ['ntp_server_known', 'ptp.ntp_server a.example'],
      ['ntp_server_known', 'ptp.ntp_server b.example'],
    ],
  );
});
