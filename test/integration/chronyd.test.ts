import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseChronyc } from '../../agent/clock/chronyd/csv.ts';
import type { ChronyFacts } from '../../agent/clock/facts.ts';
import type { Reading } from '../../agent/lib/reading.ts';
import { chronyd, chronyPair } from '../kit/clock/chrony.ts';
import { realChronyWatch } from '../kit/clock/clockwatch.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { projectRoot } from '../kit/process/tools.ts';

const freshFacts = (watched: { read(): Reading<ChronyFacts> }): ChronyFacts | undefined => {
  const reading = watched.read();
  return reading.kind === 'fresh' ? reading.value : undefined;
};
const why = (watched: { read(): Reading<ChronyFacts> }): string => {
  const reading = watched.read();
  return reading.kind === 'absent' ? reading.why : reading.kind;
};

/** Numbers as chronyc prints them, so that both can be compared; what moves by itself is left out. */
const comparable = ({ tracking, sources }: ChronyFacts): unknown => {
  const { ref_time_s, root_dispersion_s, system_time_s, ...rest } = tracking;
  const round = (digits: number) => (_: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toFixed(digits)) : value;
  const ppm = (value: object): unknown => JSON.parse(JSON.stringify(value, round(3)));
  return [
    ppm({
      f: rest.freq_ppm,
      r: rest.resid_freq_ppm,
      s: rest.skew_ppm,
      u: Number(rest.update_interval_s.toFixed(1)),
    }),
    [rest.refid, rest.name, rest.stratum, rest.leap],
    [rest.last_offset_s, rest.root_delay_s].map((value) => Number(value.toFixed(9))),
    sources.map(({ last_rx_s, error_margin_s, offset_s, ...source }) => [
      source.name,
      source.mode,
      source.state,
      source.resolved,
      source.stratum,
      source.poll,
      source.reach,
      last_rx_s === undefined ? 'never' : 'heard',
    ]),
  ];
};

test('facts over UDP are what chronyc says at the same moment, sources of every kind included', async (t) => {
  const { client } = await chronyPair(t, [
    'refclock SHM 7 refid TST poll 0',
    'server ::1 port 9 minpoll 0 maxpoll 0',
    'pool nosuch.invalid maxsources 1',
  ]);
  const watched = realChronyWatch(t, { chrony_port: client.cmdport, poll_s: 0.2 });
  await eventually('selected', () => freshFacts(watched)?.sources.some((one) => one.state === 'selected'));
  const reports = ['-m', 'tracking', 'sources -a'];
  const [ours, theirs] = await eventually('the same update on both sides', async () => {
    const before = freshFacts(watched);
    const said = parseChronyc(await client.chronyc(...reports));
    assert.ok(said.ok);
    // chronyc prints the nanoseconds of an update: equal ones are the same moment.
    const moment = (facts: ChronyFacts | undefined): string => facts?.tracking.ref_time_s.toFixed(6) ?? '';
    const same = moment(before) === moment(said.value) && moment(freshFacts(watched)) === moment(said.value);
    const settled = JSON.stringify(comparable(said.value)) === JSON.stringify(before && comparable(before));
    return same && settled && before !== undefined ? ([before, said.value] as const) : undefined;
  });
  assert.deepEqual(comparable(ours), comparable(theirs));
  assert.deepEqual(
    ours.sources.map(({ mode, name, resolved }) => [mode, name, resolved]),
    [
      ['refclock', 'TST', true],
      ['server', '127.0.0.1', true],
      ['server', '::1', true],
      ['server', 'ID#0000000001', false],
      ['server', 'ID#0000000002', false],
    ],
  );
  assert.ok(Math.abs(Date.now() / 1000 - ours.tracking.ref_time_s) < 60);
  assert.equal(watched.stats().started, 0);
});

test('a chronyd that is killed, restarted, stopped and continued is seen as such', async (t) => {
  const { client } = await chronyPair(t);
  const watched = realChronyWatch(t, { chrony_port: client.cmdport, poll_s: 0.3 });
  const states: string[] = [];
  watched.onChange(() => {
    if (states.at(-1) !== why(watched)) states.push(why(watched));
  });
  await eventually('fresh', () => why(watched) === 'fresh');
  await client.end('SIGKILL');
  await eventually('refused', () => why(watched) === 'refused');
  const again = client.restart();
  await eventually('fresh again', () => why(watched) === 'fresh');
  again.kill('SIGSTOP');
  await eventually('stale', () => why(watched) === 'stale');
  await eventually('no reply, and told so', () => states.at(-1) === 'no_reply');
  again.kill('SIGCONT');
  await eventually('fresh once more', () => why(watched) === 'fresh');
  const told = states.filter((state, i) => i > 0 || state !== 'refused'); // it may have been asked too early
  assert.deepEqual(told, ['fresh', 'refused', 'fresh', 'stale', 'no_reply', 'fresh']);
  assert.equal(watched.stats().started, 0);
});

test('IPv6 and names do as well', async (t) => {
  const daemon = await chronyd(t, { lines: ['local stratum 8'] });
  for (const chrony_host of ['::1', 'localhost']) {
    const watched = realChronyWatch(t, { chrony_host, chrony_port: daemon.cmdport, poll_s: 0.3 });
    const facts = await eventually(chrony_host, () => freshFacts(watched));
    assert.equal(facts.tracking.refid, '7F7F0101');
    assert.equal(facts.tracking.name, undefined);
  }
  const nowhere = realChronyWatch(t, { chrony_host: 'nosuch.invalid', poll_s: 0.3 });
  await eventually('no such name', () => why(nowhere) === 'no_reply');
});

test('without a UDP port root reaches chronyd by chronyc', async (t) => {
  const daemon = await chronyd(t, { cmdport: 0, lines: ['local stratum 8', 'server 127.0.0.1 port 9'] });
  const signs = { sockets: ['/nonexistent.sock', daemon.socket], pidFiles: [] };
  const unused = await chronyd(t, { lines: [] });
  await unused.end();
  await eventually('command socket', () => daemon.output().includes('chronyd version'));
  const watched = realChronyWatch(t, { chrony_port: unused.cmdport, signs, poll_s: 0.3 });
  const facts = await eventually('facts', () => freshFacts(watched), 30_000);
  assert.equal(facts.via, 'chronyc');
  assert.equal(facts.tracking.stratum, 8);
  assert.equal(facts.sources[0]?.name, '127.0.0.1');
  const other = realChronyWatch(t, {
    chrony_port: unused.cmdport,
    signs,
    chronyc: '/nonexistent/chronyc',
  });
  await eventually('refused', () => why(other) === 'refused');
});

test('an unprivileged user reads chronyd, and is told that ptp4l is closed to it', async (t) => {
  const daemon = await chronyd(t, { lines: ['local stratum 8'] });
  const dir = tempDir(t, 'nobody');
  chmodSync(dir, 0o700);
  const stateDir = tempDir(t, 'nobody-run');
  chmodSync(stateDir, 0o777);
  await eventually('chronyd', () => daemon.output().includes('chronyd version'));
  const script = [
    '--require',
    join(projectRoot, 'build/register.cjs'),
    join(projectRoot, 'test/kit/clock/nobody.ts'),
  ];
  const args = [...script, join(dir, 'ptp4l'), String(daemon.cmdport), stateDir];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  assert.deepEqual(JSON.parse(stdout), { ptp: 'no_permission', ntp: 'fresh' });
});

test('a poll costs little', async (t) => {
  const { client } = await chronyPair(t);
  const watched = realChronyWatch(t, { chrony_port: client.cmdport, poll_s: 0.01 });
  await eventually('fresh', () => why(watched) === 'fresh');
  const [before, polls] = [process.cpuUsage(), watched.stats().polls];
  await eventually('polls', () => watched.stats().polls > polls + 300);
  const { user, system } = process.cpuUsage(before);
  const each_ms = (user + system) / 1000 / (watched.stats().polls - polls);
  t.diagnostic(`${each_ms.toFixed(2)} ms of CPU a poll`);
  assert.ok(each_ms < 8, `${each_ms} ms: less than a chronyc process`);
});
