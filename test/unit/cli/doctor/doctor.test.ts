import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CheckResult,
  exitCode,
  fail,
  ok,
  report,
  skip,
  warn,
} from '../../../../agent/cli/doctor/checkresult.ts';
import { judgeConfig } from '../../../../agent/cli/doctor/configchecks.ts';
import { judgeDevice } from '../../../../agent/cli/doctor/device.ts';
import { type HubWay, judgeHub } from '../../../../agent/cli/doctor/hub.ts';
import { judgeNode } from '../../../../agent/cli/doctor/services.ts';
import { judgeTime, type TimeSeen } from '../../../../agent/cli/doctor/time.ts';
import { defaultsOf } from '../../../../agent/config/options.ts';

const plain = (_hue: string, text: string): string => text;
const levels = (findings: readonly CheckResult[]): string[] =>
  findings.map(({ what, level }) => `${what} ${level}`);
const one = (findings: readonly CheckResult[], name: string): CheckResult => {
  const found = findings.find(({ what }) => what === name);
  assert.ok(found, `${name} in ${levels(findings)}`);
  return found;
};

test('the last line names what to begin with, and the exit code the gravest level', () => {
  const findings = [
    ok('a', 'fine'),
    warn('b', 'odd', 'mend b'),
    fail('c', 'broken', 'mend c'),
    skip('d', '-'),
  ];
  assert.match(report(findings, plain), /^OK {4}a {2}fine\nWARN {2}b {2}odd\n {6}\$ mend b\nFAIL {2}c/);
  assert.match(report(findings, plain), /\n2 findings; begin with: c \(FAIL\)\n$/);
  assert.deepEqual([findings, findings.slice(0, 2), findings.slice(0, 1)].map(exitCode), [2, 1, 0]);
  assert.match(report([ok('a', 'fine')], plain), /Nothing is wrong\.\n$/);
});

const hub = { ...defaultsOf('hub'), url: ['nats://h:7422'], user: 'u' };
const way: HubWay = { hub, joined: false, knocks: [], evidence: 'joined' };
const knock = { url: 'nats://h:7422', address: '10.0.0.1:7422' } as const;

test('on the way to the hub all before the fault is well, and what comes after it is not judged', () => {
  assert.deepEqual(levels(judgeHub({ ...way, joined: true })), [
    'hub name OK',
    'hub TCP OK',
    'hub TLS OK',
    'hub login OK',
  ]);
  const tcp = judgeHub({ ...way, knocks: [{ ...knock, step: 'tcp', why: 'ECONNREFUSED' }] });
  assert.deepEqual(levels(tcp), ['hub name OK', 'hub TCP FAIL', 'hub TLS skip', 'hub login skip']);
  assert.match(one(tcp, 'hub TCP').detail, /nobody listens .* \(ECONNREFUSED at 10\.0\.0\.1:7422\)/);
  const dns = judgeHub({ ...way, knocks: [{ url: knock.url, step: 'dns', why: 'queryA ECONNREFUSED h' }] });
  assert.equal(one(dns, 'hub name').level, 'FAIL', 'a DNS server that refuses is no hub that refuses');
  assert.deepEqual(levels(judgeHub({ ...way, hub: { ...hub, url: [] } })), ['hub skip']);
});

test('a refusal that was told stands, a link that just ended gives way to a shut door', () => {
  const shut = [{ ...knock, step: 'tcp', why: 'ECONNREFUSED' }] as const;
  const trouble = { text: 'the hub is not joined: told', remedy: 'told remedy' };
  const auth = { code: 'auth', detail: 'Authorization Violation' };
  const told = one(judgeHub({ ...way, knocks: shut, trouble, cause: auth }), 'hub login');
  assert.deepEqual([told.detail, told.mend], [trouble.text, trouble.remedy]);
  const ended = judgeHub({ ...way, knocks: shut, trouble, cause: { code: 'dropped', detail: 'EPIPE' } });
  assert.equal(one(ended, 'hub TCP').level, 'FAIL');
  const own = one(judgeHub({ ...way, cause: auth }), 'hub login');
  assert.match(own.mend ?? '', /^uci set nunect\.hub\.password=/);
  const odd = judgeHub({ ...way, cause: { code: 'constructor', detail: '' } });
  assert.deepEqual(levels(odd), ['hub login FAIL']);
});

const seen: TimeSeen = {
  time: defaultsOf('time'),
  clock: { source: 'ntp', quality: 'locked', evidence: 'e', reasons: ['ntp_locked'] },
  ptp: { seen: 'absent', why: 'no socket', ports: [] },
  ntp: { seen: 'fresh', sources: [], selected: '10.0.0.1', stratum: 2 },
  sockets: [{ path: '/var/run/ptp4l', state: 'missing' }],
  phcs: [],
  stamping: [],
};
const inMode = (mode: 'ptp' | 'chrony', more: Partial<TimeSeen> = {}): CheckResult[] =>
  judgeTime({ ...seen, ...more, time: { ...seen.time, mode } });

test('a ptp4l that is not asked for may be missing; one that is there must answer', () => {
  assert.equal(exitCode(judgeTime(seen)), 0);
  assert.equal(one(inMode('ptp'), 'ptp4l').level, 'FAIL');
  const there = [{ path: '/var/run/ptp4l', state: 'usable' }] as const;
  const domain = one(judgeTime({ ...seen, sockets: there, otherDomain: 5 }), 'ptp4l');
  assert.equal(domain.level, 'WARN');
  assert.match(domain.mend ?? '', /^uci set nunect\.time\.ptp_domain='5'; /);
  const rights = one(
    inMode('ptp', { sockets: there, ptp: { ...seen.ptp, why: 'no permission: EACCES' } }),
    'ptp4l',
  );
  assert.equal(rights.level, 'FAIL', 'root may use it, the agent may not');
  assert.match(rights.mend ?? '', /^chgrp nunect \/var\/run\/ptp4l; chmod g\+rw/);
});

test('chronyd is missed only where it is demanded, or where nothing holds the clock', () => {
  const ntp = { seen: 'absent', why: 'refused', sources: [] } as const;
  assert.equal(one(judgeTime({ ...seen, ntp }), 'chronyd').level, 'skip');
  assert.equal(one(inMode('chrony', { ntp }), 'chronyd').mend, '/etc/init.d/chronyd restart');
  const clock = { source: 'unsynced', quality: 'freerun', evidence: 'none', reasons: ['no_daemon'] } as const;
  assert.equal(one(judgeTime({ ...seen, ntp, clock }), 'clock').level, 'WARN');
  assert.equal(one(inMode('chrony', { ntp, clock }), 'clock').level, 'FAIL');
});

test('two daemons that steer one clock are told, and how one of them is stopped', () => {
  const clock = {
    ...seen.clock,
    evidence: 'chronyd and ntpd steer the same clock',
    reasons: ['ntp_tracking', 'conflict'],
  };
  const found = one(judgeTime({ ...seen, clock }), 'clock conflict');
  assert.deepEqual([found.level, found.detail], ['FAIL', clock.evidence]);
  assert.match(found.mend ?? '', /sysntpd stop/);
});

test('hardware timestamps are missed only where they are demanded', () => {
  const time = { ...seen.time, timestamping: 'hardware' } as const;
  assert.equal(one(judgeTime({ ...seen, time }), 'timestamping').level, 'FAIL');
  assert.equal(one(judgeTime({ ...seen, time, phcs: ['ptp0 (igc)'] }), 'timestamping').level, 'OK');
});

test('a problem of the config is shown where it can be mended, one of rights with its command', () => {
  const at = { file: '/etc/config/nunect', line: 3, severity: 'error' } as const;
  const rights = 'readable by everybody (mode 0644, owner root, group root): chmod 600 /k';
  const findings = judgeConfig(
    [
      { ...at, severity: 'warning', option: 'hub.nkey_file', message: rights },
      { ...at, option: 'hub.tls_ca', message: 'there is no such file' },
      { ...at, option: 'hub.url', message: 'must be' },
    ],
    at.file,
    3,
  );
  assert.deepEqual(levels(findings), ['config FAIL', 'files and rights FAIL', 'files and rights WARN']);
  assert.equal(findings[0]?.mend, 'vi -c 3 /etc/config/nunect; /etc/init.d/nunect reload');
  assert.equal(findings[2]?.mend, 'chmod 600 /k');
  assert.deepEqual(levels(judgeConfig([], at.file, 3)), ['config OK', 'files and rights OK']);
});

test('too little memory or storage is told, a small file system that is half empty is not', () => {
  const memory = { total_bytes: 2 ** 29, available_bytes: 2 ** 23, used_percent: 98 };
  const storage = [
    { path: '/', total_bytes: 2 ** 30, available_bytes: 1000, used_percent: 100 },
    { path: '/tmp', total_bytes: 2 ** 20, available_bytes: 2 ** 19, used_percent: 50 },
  ];
  assert.deepEqual(levels(judgeDevice({ memory, storage })), ['memory WARN', 'storage WARN']);
  assert.deepEqual(levels(judgeDevice({ storage: storage.slice(1) })), ['memory skip', 'storage OK']);
});

test('a node of before 20 fails', () => {
  assert.deepEqual(
    [judgeNode('18.20.1'), judgeNode('22.1.0')].map(({ level }) => level),
    ['FAIL', 'OK'],
  );
});
