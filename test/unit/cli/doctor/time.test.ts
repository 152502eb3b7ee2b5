import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CheckResult, exitCode } from '../../../../agent/cli/doctor/checkresult.ts';
import { judgeTime, type TimeSeen } from '../../../../agent/cli/doctor/time.ts';
import type { Config } from '../../../../agent/config/options.ts';
import { commandsOf } from '../../../../agent/health/host.ts';
import { withOptions } from '../../../kit/leaf/leafconfig.ts';
import { resultOf } from '../../../kit/unit/checkresults.ts';

const base = withOptions({});
const configOf = (changes: Partial<Config['time']>): Config => ({
  ...base,
  time: { ...base.time, ...changes },
});
const seen: TimeSeen = {
  host: commandsOf('openwrt'),
  config: base,
  clock: { source: 'ntp', quality: 'locked', evidence: 'e', reasons: ['ntp_locked'] },
  ptp: { seen: 'absent', why: 'no socket', absent_reason: 'no_socket', ports: [] },
  ntp: { seen: 'fresh', sources: [], selected: '10.0.0.1', stratum: 2 },
  sockets: [{ path: '/var/run/ptp4l', state: 'missing' }],
  phcs: [],
  stamping: [],
};
const inMode = (mode: 'ptp' | 'chrony', more: Partial<TimeSeen> = {}): CheckResult[] =>
  judgeTime({ ...seen, ...more, config: configOf({ mode }) });

test('a ptp4l that is not asked for may be missing; one that is there must answer', () => {
  assert.equal(exitCode(judgeTime(seen)), 0);
  assert.equal(resultOf(inMode('ptp'), 'ptp4l').level, 'FAIL');
  const there = [{ path: '/var/run/ptp4l', state: 'usable' }] as const;
  const domain = resultOf(judgeTime({ ...seen, sockets: there, otherDomain: 5 }), 'ptp4l');
  assert.equal(domain.level, 'WARN');
  assert.match(domain.mend ?? '', /^uci set nunect\.time\.ptp_domain='5'; /);
  const ptp = { ...seen.ptp, why: 'no permission: EACCES', absent_reason: 'no_permission' } as const;
  const rights = resultOf(inMode('ptp', { sockets: there, ptp }), 'ptp4l');
  assert.equal(rights.level, 'FAIL', 'root may use it, the agent may not');
  assert.match(rights.mend ?? '', /^chgrp nunect \/var\/run\/ptp4l; chmod g\+rw/);
});

test('chronyd is missed only where it is demanded, or where nothing holds the clock', () => {
  const ntp = { seen: 'absent', why: 'refused', sources: [] } as const;
  assert.equal(resultOf(judgeTime({ ...seen, ntp }), 'chronyd').level, 'skip');
  assert.equal(resultOf(inMode('chrony', { ntp }), 'chronyd').mend, '/etc/init.d/chronyd restart');
  const clock = { source: 'unsynced', quality: 'freerun', evidence: 'none', reasons: ['no_daemon'] } as const;
  assert.equal(resultOf(judgeTime({ ...seen, ntp, clock }), 'clock').level, 'WARN');
  assert.equal(resultOf(inMode('chrony', { ntp, clock }), 'clock').level, 'FAIL');
});

test('a daemon that is missing fails nothing where time.required makes a note of it', () => {
  const ntp = { seen: 'absent', why: 'refused', sources: [] } as const;
  const clock = { source: 'unsynced', quality: 'freerun', evidence: 'none', reasons: ['no_daemon'] } as const;
  for (const mode of ['chrony', 'ptp'] as const)
    assert.equal(
      exitCode(judgeTime({ ...seen, ntp, clock, config: configOf({ mode, required: 'no' }) })),
      1,
      mode,
    );
});

test('two daemons that steer one clock are reported, with how one of them is stopped', () => {
  const clock = {
    ...seen.clock,
    evidence: 'chronyd and ntpd steer the same clock',
    reasons: ['ntp_tracking', 'conflict'],
  };
  const found = resultOf(judgeTime({ ...seen, clock }), 'clock conflict');
  assert.deepEqual([found.level, found.detail], ['WARN', clock.evidence]);
  assert.match(found.mend ?? '', /sysntpd stop/);
});

test('hardware timestamps are missed only where they are demanded', () => {
  const config = configOf({ timestamping: 'hardware' });
  assert.equal(resultOf(judgeTime({ ...seen, config }), 'timestamping').level, 'WARN');
  const phcs = ['ptp0 (igc)'];
  assert.equal(resultOf(judgeTime({ ...seen, config, phcs }), 'timestamping').level, 'OK');
});
