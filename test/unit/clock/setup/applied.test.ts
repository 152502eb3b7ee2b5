import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { appliedOf, parseAppliedTime, timeFiles } from '../../../../agent/clock/setup/applied.ts';
import { isManaged, watchedTime } from '../../../../agent/clock/setup/watched.ts';
import { planOf } from '../../../kit/clock/timehost.ts';
import { appliedTime } from '../../../kit/clock/timescript.ts';
import { withOptions } from '../../../kit/leaf/leafconfig.ts';
import { projectRoot } from '../../../kit/process/tools.ts';
import { loadUci } from '../../../kit/unit/config.ts';

const note = { code: 'interface_missing', text: 'there is no interface wan yet' } as const;

const appliedWith = (...lines: readonly string[]) =>
  appliedOf(planOf(lines), loadUci(`config ptp\n${lines.map((line) => ` ${line}\n`).join('')}`).config.ptp);

test('the agent reads what was written for it', () => {
  const applied = appliedWith('list interface eth8', 'option grace_s 30', 'option profile gPTP');
  assert.deepEqual(applied, {
    ...{ role: 'client', runs: ['ptp4l', 'phc2sys'], feed: 'chronyd', gate: 'start', hardware: true },
    ...{ grace_s: 30, domain: 0, transportSpecific: 1, notes: [] },
    ports: [{ name: 'eth8', transport: 'L2' }],
  });
  assert.deepEqual(parseAppliedTime(JSON.stringify(applied)), applied);
});

test('where there is a fault or no port, nothing runs', () => {
  const refused = appliedWith('list interface br-lan');
  assert.deepEqual([refused.runs, refused.fault?.code], [[], 'interface_bridge']);
  assert.deepEqual(appliedWith('list interface usb0').runs, []);
  assert.deepEqual(appliedWith('list interface wan').runs, ['ptp4l']);
});

test('what was written is read back', () => {
  for (const applied of [
    appliedTime(),
    appliedTime({ role: 'server', notes: [note], fault: note, runs: [], grace_s: 3600 }),
  ])
    assert.deepEqual(parseAppliedTime(JSON.stringify(applied, undefined, 2)), applied);
});

test("root's script knows the same files", () => {
  const script = readFileSync(join(projectRoot, 'openwrt/nunect/time'), 'utf8').replace(/^\s*#.*$/gm, '');
  const named = [...script.matchAll(/\$time\/([\w.]+)/g)].map(
    ([, name]) => `time/${name?.replace(/\.new$/, '')}`,
  );
  assert.ok(named.length > 5);
  const known: readonly string[] = Object.values(timeFiles);
  assert.deepEqual(
    named.filter((name) => !known.includes(name)),
    [],
  );
});

test('anything else is none', () => {
  const broken: readonly Record<string, unknown>[] = [
    ...[{ role: 'boundary' }, { runs: ['sh'] }, { runs: 'ptp4l' }, { feed: 'ntpd' }, { gate: true }],
    ...[
      { hardware: 'false' },
      { grace_s: -1 },
      { grace_s: '60' },
      { grace_s: 1e9 },
      { domain: 256 },
      { domain: 0.5 },
    ],
    ...[{ transportSpecific: 16 }, { notes: [{}] }, { notes: {} }, { fault: 'x' }, { fault: { code: 'x' } }],
  ];
  for (const change of broken)
    assert.equal(
      parseAppliedTime(JSON.stringify({ ...appliedTime(), ...change })),
      undefined,
      JSON.stringify(change),
    );
  for (const name of Object.keys(appliedTime()))
    assert.equal(parseAppliedTime(JSON.stringify({ ...appliedTime(), [name]: undefined })), undefined, name);
  for (const text of ['', '{', 'null', '[]', '"x"']) assert.equal(parseAppliedTime(text), undefined);
});

test('the daemons that nunect-time runs are watched at their sockets, in their domain', () => {
  const config = withOptions({ ptp: { interface: ['wan'], asymmetry_ns: 500 } });
  const applied = appliedTime({ domain: 24, transportSpecific: 1, hardware: true });
  const time = watchedTime(config, { runDir: '/run/n', applied });
  assert.deepEqual(time.ptp_socket.slice(0, 3), [
    '/run/n/time/ptp4l',
    '/run/n/time/ptp4lro',
    '/var/run/ptp4l',
  ]);
  assert.deepEqual(
    [time.ptp_domain, time.transport_specific, time.timestamping, time.asymmetry_ns],
    [24, 1, 'hardware', 500],
  );
  const unset = withOptions({ ptp: { interface: ['wan'] }, time: { asymmetry_ns: 700 } });
  assert.equal(watchedTime(unset, { runDir: '/run/n', applied }).asymmetry_ns, 700);
  const none = withOptions({ ptp: { interface: ['wan'], asymmetry_ns: 0 }, time: { asymmetry_ns: 700 } });
  assert.equal(watchedTime(none, { runDir: '/run/n', applied }).asymmetry_ns, 0);
});

test('where nothing of ours runs, the time section decides', () => {
  const config = withOptions({ ptp: { asymmetry_ns: 500 }, time: { ptp_domain: 7 } });
  assert.deepEqual(watchedTime(config), config.time);
  const setup = { runDir: '/run/n', applied: appliedTime({ runs: [], fault: note }) };
  assert.equal(isManaged(setup), false);
  assert.deepEqual(watchedTime(config, setup), config.time);
});

test('the NTP servers that are published are those of ptp, unless others are named', () => {
  const ptp = { interface: ['wan'], ntp_server: ['a.example'] };
  assert.deepEqual(watchedTime(withOptions({ ptp })).ntp_server, ['a.example']);
  assert.deepEqual(watchedTime(withOptions({ ptp, time: { ntp_server: ['b.example'] } })).ntp_server, [
    'b.example',
  ]);
  assert.deepEqual(watchedTime(withOptions({ ptp: { ...ptp, interface: [] } })).ntp_server, []);
});
