// Small bounds that hold when something around the agent fails.
import assert from 'node:assert/strict';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { PermissionViolationError } from '@nats-io/transport-node';
import { keepTime } from '../../agent/clock/timekeeper.ts';
import { runChild, spawnSafely } from '../../agent/lib/child.ts';
import { fresh, stale } from '../../agent/lib/reading.ts';
import { watchDenials } from '../../agent/nats/denials.ts';
import { spoolBudget } from '../../agent/records/budget.ts';
import type { QueuedRecord } from '../../agent/records/record.ts';
import { moveToBacklog, newQueue } from '../../agent/records/subjectqueue.ts';
import { clockSettings, ptpFacts } from '../kit/clock/evidence.ts';
import { fakeTicker } from '../kit/lib/faketicker.ts';
import { agentSpawn } from '../kit/process/daemon.ts';
import { fakeWall, recordingLog } from '../kit/unit/unitfakes.ts';

const errnoError = (code: string): Error => Object.assign(new Error(`spawn ${code}`), { code });

test('a start that node throws at is a child that fails', async () => {
  const spawnThrowing = spawnSafely(() => {
    throw errnoError('E2BIG');
  });
  const done = await runChild(spawnThrowing, 'x', [], 1000);
  assert.deepEqual(done, { code: undefined, stdout: '', stderr: '', failed: 'E2BIG' });
});

test('a child without pipes, as node leaves it when no file is free, fails by its errno', async () => {
  const spawnBare = spawnSafely(() => {
    const child = Object.assign(new EventEmitter(), { kill: () => false });
    process.nextTick(() => child.emit('error', errnoError('EMFILE')));
    return child as unknown as ChildProcessWithoutNullStreams;
  });
  assert.equal((await runChild(spawnBare, 'x', [], 1000)).failed, 'EMFILE');
});

test('a program whose own child holds its pipes is given up in time', async () => {
  const begun = performance.now();
  const done = await runChild(agentSpawn, 'sh', ['-c', 'sleep 5 & exec sleep 5'], 200);
  assert.equal(done.failed, 'timeout');
  assert.ok(performance.now() - begun < 3000);
});

test('after a pause of the process a lock of before it is not told as one of now', async () => {
  const ticker = fakeTicker();
  let seen_ms = 0;
  const ptp = {
    look: async () => {},
    // as a watch ages its facts by itself
    read: () =>
      ticker.now_ms() - seen_ms <= 3000
        ? fresh(ptpFacts(seen_ms), seen_ms)
        : stale(ptpFacts(seen_ms), seen_ms, 'nothing heard since'),
    onChange: () => () => {},
  };
  const ntp = {
    read: () => ({ kind: 'absent', why: 'refused' }) as const,
    onChange: () => () => {},
    look: async () => {},
    hasten: () => {},
  };
  let asleep_ms = 0;
  const paused = { ...ticker, now_ms: () => ticker.now_ms() + asleep_ms };
  const ptpOf = {
    ...ptp,
    read: () => (asleep_ms > 0 ? stale(ptpFacts(seen_ms), seen_ms, 'old') : ptp.read()),
  };
  const keeper = keepTime(
    { ptp: ptpOf, ntp, disciplines: () => ({}), wall: fakeWall(ticker), ticker: paused },
    clockSettings({ poll_s: 1 }),
  );
  for (let at = 0; at < 40; at++) {
    seen_ms = ticker.now_ms();
    await ticker.pass(1000);
  }
  assert.equal(keeper.verdict().quality, 'locked');
  asleep_ms = 3 * 3_600_000; // no timer has run yet
  assert.notEqual(keeper.summary().quality, 'locked');
  assert.notEqual(keeper.verdict().quality, 'locked');
});

test('refusals of subjects that others choose are not gathered without end', () => {
  const { log, entries } = recordingLog();
  const denials = watchDenials(fakeTicker(), log);
  for (let at = 0; at < 5000; at++) {
    denials.refused(new PermissionViolationError('no', 'publish', `reply.${at}`, undefined));
  }
  assert.ok(denials.list().length <= 64);
  assert.ok(entries.length <= 64);
});

test('half a million fresh records become backlog without an overflow', () => {
  const queue = newQueue('s', 'metric');
  const record = (seq: number): QueuedRecord => ({
    seq,
    payload: '{}',
    bytes: 1,
    put_ms: 0,
    wall_ms: 0,
    backlog: false,
  });
  for (let seq = 0; seq < 500_000; seq++) queue.fresh.push(record(seq));
  moveToBacklog(queue);
  assert.equal(queue.fresh.length, 0);
  assert.equal(queue.backlog.length, 500_000);
  assert.ok(queue.backlog.every(({ seq, backlog }, at) => seq === at && backlog));
});

test('the spool gets what was asked for where there is room, and else a share of it, which is told', () => {
  const { log, entries } = recordingLog();
  const MB = 1024 * 1024;
  assert.equal(spoolBudget(4 * MB, log, { heap: 256 * MB, device: 512 * MB }), 4 * MB);
  assert.equal(entries.length, 0);
  assert.equal(spoolBudget(512 * MB, log, { heap: 256 * MB, device: 512 * MB }), 80 * MB);
  assert.equal(spoolBudget(512 * MB, log, { heap: 4096 * MB, device: 64 * MB }), 32 * MB);
  assert.equal(spoolBudget(512 * MB, log, { heap: 10 * MB, device: 64 * MB }), MB, 'never nothing');
  assert.equal(entries.length, 3);
});
