import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Gap } from '../../../agent/records/record.ts';
import { keepSnapshot, type PreviousRun } from '../../../agent/records/snapshot.ts';
import { openSpool } from '../../../agent/records/spool.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';
import type { Cleanup } from '../../kit/process/cleanup.ts';
import { eventually, tempDir } from '../../kit/process/daemon.ts';
import { fakeLink, recordingLog } from '../../kit/unit/unitfakes.ts';

let boots = 0;

/** Whether this process waits for the disk. */
const isAtFiles = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));

/** A run of the agent whose hub is away; what reaches a stream is in `stored` once it is there. */
function run(
  file: string | undefined,
  more: { unit?: string; memory_bytes?: number; every_s?: number } = {},
) {
  const ticker = fakeTicker();
  const { log, entries, said } = recordingLog();
  boots += 1;
  const boot = `b${boots}`;
  const { unit = 'u1', memory_bytes = 1e6, every_s = 900 } = more;
  const stored: { id: string; subject: string; body: Record<string, unknown> }[] = [];
  let up = false;
  const hub = { isThere: false };
  const refused = new Set<string>();
  const spool = openSpool(
    {
      random: Math.random,
      ticker,
      log,
      hubUp: () => up || hub.isThere,
      wall_ms: () => 1e12 + ticker.now_ms(),
      gapRecord: (gap: Gap) => ({ subject: 'ops.status', priority: 'event', body: { gap } }),
      link: fakeLink(
        {},
        {
          async request(subject, payload, { headers = {} }) {
            if (!up) return { kind: 'no_responders' };
            const id = headers['Nats-Msg-Id']?.[0] ?? '';
            if (refused.has(subject)) return { kind: 'timeout' };
            stored.push({ id, subject, body: JSON.parse(String(payload)) as Record<string, unknown> });
            const data = new TextEncoder().encode('{"stream":"S","seq":1}');
            return { kind: 'reply', message: { subject: '', data, size: () => 0 } };
          },
        },
      ),
    },
    { unit, boot, window: 8, memory_bytes, hub: true },
  );
  let previous: PreviousRun | undefined;
  const keep = keepSnapshot(
    {
      spool,
      ticker,
      log,
      wall_ms: () => 1e12 + ticker.now_ms(),
      started: (one) => {
        previous = one;
      },
    },
    { unit, boot, kernel_boot: 'k' },
    { file, every_s },
  );
  const metrics = (from: number, to: number): void => {
    for (let n = from; n <= to; n++) spool.put({ subject: 'm', priority: 'metric', body: { n } });
  };
  return {
    ticker,
    hub,
    refused,
    spool,
    keep,
    stored,
    entries,
    said,
    boot,
    metrics,
    started: () => eventually('started', () => previous),
    /** Time passes, with files written in between. */
    async pass(ms: number) {
      await ticker.pass(ms);
      for (let calm = 0; calm < 3; calm = isAtFiles() ? 0 : calm + 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async join() {
      up = true;
      spool.kick();
      await ticker.pass(5000);
    },
    async stop() {
      await keep.stop();
      spool.stop();
    },
  };
}

const place = (owner: Cleanup): string => join(tempDir(owner, 'keep'), 'spool');

test('what waits at a stop comes back with its old ids, before what is new, and the file goes when all is stored', async (t) => {
  const file = place(t);
  const first = run(file);
  assert.deepEqual(await first.started(), { restored: 0, broken: 0 });
  first.metrics(1, 700);
  first.spool.put({ subject: 'e', priority: 'event', body: { n: 1 }, headers: { 'X-A': ['b'] } });
  await first.stop();
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(file, '..')), ['spool'], 'no trial is left');

  const second = run(file);
  const found = await second.started();
  assert.equal(found.restored, 701);
  assert.equal(found.header?.boot, first.boot);
  assert.equal(found.header?.ended, 'stop');
  assert.ok((found.header?.last_seq ?? 0) >= 701);
  second.metrics(1001, 1002);
  await second.pass(3000);
  await second.join();
  const backlog = second.stored.filter(({ id }) => id.startsWith(`u1-${first.boot}-`) && id !== '');
  const metrics = backlog.filter(({ subject }) => subject === 'm');
  assert.deepEqual(
    metrics.map(({ body }) => body['n']),
    Array.from({ length: 700 }, (_, i) => i + 1),
    'in order',
  );
  const seqs = backlog.map(({ id }) => Number(id.split('-')[2])).toSorted((a, b) => a - b);
  assert.deepEqual(
    seqs,
    Array.from({ length: 701 }, (_, i) => i + 1),
    'each once, with its old id',
  );
  assert.ok(backlog.every(({ body }) => body['backfill'] === true));
  assert.deepEqual(
    second.stored
      .filter(({ subject }) => subject === 'm')
      .slice(-2)
      .map(({ body }) => body['n']),
    [1001, 1002],
    'what is new comes after',
  );
  await second.pass(10_000);
  assert.equal(existsSync(file), false);
  await second.stop();
  assert.equal(existsSync(file), false, 'nothing waits: nothing is written');
});

test('in an outage it is written at its interval and only when what waits changed', async (t) => {
  const file = place(t);
  const one = run(file, { every_s: 100 });
  await one.started();
  await one.pass(200_000);
  assert.equal(existsSync(file), false, 'nothing waits');
  one.metrics(1, 3);
  await one.pass(50_000);
  assert.equal(existsSync(file), false, 'not due');
  await one.pass(60_000);
  await eventually('written', () => existsSync(file));
  utimesSync(file, 1, 1);
  await one.pass(500_000);
  assert.equal(statSync(file).mtimeMs, 1000, 'not touched');
  one.metrics(4, 4);
  await one.pass(100_000);
  await eventually('written again', () => statSync(file).mtimeMs > 1000);

  const after = run(file); // the first was killed
  const found = await after.started();
  assert.equal(found.header?.ended, 'running');
  assert.equal(found.restored, 4);
  assert.deepEqual(after.said().filter((text) => text.includes('without a stop')).length, 1);
  const warning = after.entries.find(({ msg }) => msg.includes('without a stop'));
  assert.equal(warning?.fields['boot'], one.boot);
  assert.equal(warning?.fields['last_seq'], found.header?.last_seq);
  const header = await eventually('the file is of this run now', () => {
    const first = JSON.parse(readFileSync(file, 'utf8').split('\n')[0] ?? '') as Record<string, unknown>;
    return first['boot'] === after.boot && first;
  });
  assert.equal(header['ended'], 'running');
  assert.ok(existsSync(file), 'it stays until all of it is stored');
  await after.pass(60_000);
  assert.ok(existsSync(file));
  await after.join();
  await after.pass(10_000);
  assert.equal(existsSync(file), false);
  await one.stop();
  await after.stop();
});

test('a smaller budget drops the oldest metrics of the snapshot and reports them', async (t) => {
  const file = place(t);
  const first = run(file);
  first.metrics(1, 300);
  first.spool.put({ subject: 'e', priority: 'event', body: {} });
  await first.stop();
  const second = run(file, { memory_bytes: 10_000 });
  await second.started();
  const { bytes, pending, dropped } = second.spool.stats();
  assert.ok(bytes <= 10_000, `${bytes}`);
  await second.join();
  await second.ticker.pass(10_000);
  const gap = second.stored.find(({ subject }) => subject === 'ops.status')?.body['gap'] as Gap;
  assert.equal(gap.count, dropped.metric);
  assert.equal(gap.count, 301 - pending);
  assert.equal(second.stored.filter(({ subject }) => subject === 'e').length, 1);
  await second.stop();
});

test('a gap that was not reported yet survives too', async (t) => {
  const file = place(t);
  const first = run(file, { memory_bytes: 5000 });
  await first.ticker.pass(3000);
  first.metrics(1, 100);
  const lost = first.spool.stats().dropped.metric;
  assert.ok(lost > 0);
  await first.stop();
  const second = run(file);
  await second.started();
  await second.join();
  const gaps = second.stored
    .filter(({ subject }) => subject === 'ops.status')
    .map(({ body }) => (body['gap'] as Gap).count);
  assert.deepEqual(gaps, [lost]);
  await second.stop();
});

test('what was published while no stream took it is told after a restart too', async (t) => {
  const file = place(t);
  const first = run(file);
  first.hub.isThere = true;
  for (let n = 1; n <= 20; n++) {
    first.metrics(n, n);
    await first.ticker.pass(2000);
  }
  const { pending, published } = first.spool.stats();
  assert.deepEqual([pending, published], [0, 20]);
  await first.stop();
  const second = run(file);
  await second.started();
  await second.join();
  await second.ticker.pass(10_000);
  const gaps = second.stored.flatMap(({ body }) => ('gap' in body ? (body['gap'] as Gap).count : []));
  assert.deepEqual(gaps, [20]);
  await second.stop();
});

test("another unit's snapshot, or what is none, is kept aside and not taken", async (t) => {
  const file = place(t);
  const other = run(file, { unit: 'u2' });
  other.metrics(1, 5);
  await other.stop();
  const text = readFileSync(file, 'utf8');
  const ours = run(file);
  assert.equal((await ours.started()).restored, 0);
  assert.equal(readFileSync(`${file}.other`, 'utf8'), text);
  assert.equal(ours.entries.find(({ level }) => level === 'warn')?.fields['whose'], 'of unit u2');
  writeFileSync(file, 'the diary of the captain\n');
  const again = run(file);
  await again.started();
  assert.equal(readFileSync(`${file}.other`, 'utf8'), 'the diary of the captain\n');
  await ours.stop();
  await again.stop();
});

test('a broken line costs one record; it is counted and logged once', async (t) => {
  const file = place(t);
  const first = run(file);
  first.metrics(1, 10);
  await first.stop();
  const lines = readFileSync(file, 'utf8').split('\n');
  lines[4] = lines[4]?.replace('"n":4', '"n":9') ?? '';
  writeFileSync(file, lines.slice(0, -2).join('\n')); // the last record is cut off too
  const second = run(file);
  const found = await second.started();
  assert.deepEqual([found.restored, found.broken], [8, 2]);
  assert.equal(second.said().filter((text) => text.includes('could not be read')).length, 1);
  await second.stop();
});

test('a place that cannot be written is a trouble with file and errno, and over once it can', async (t) => {
  const dir = tempDir(t, 'keep');
  const file = join(dir, 'spool');
  mkdirSync(file);
  const one = run(file, { every_s: 60 });
  await one.started();
  assert.match(one.keep.trouble() ?? '', new RegExp(`${file}: EISDIR`));
  one.metrics(1, 1);
  await one.pass(100_000);
  assert.match(one.keep.trouble() ?? '', /EISDIR/);
  assert.deepEqual(readdirSync(dir), ['spool'], 'no trial is left');
  one.keep.configure({ file: join(dir, 'fine'), every_s: 60 });
  await eventually('no trouble', () => one.keep.trouble() === undefined);
  await one.pass(100_000);
  await eventually('written', () => existsSync(join(dir, 'fine')));
  one.keep.configure({ file: undefined, every_s: 60 });
  await eventually('removed', () => !existsSync(join(dir, 'fine')));
  one.keep.configure({ file: join(dir, 'no/such/dir'), every_s: 60 });
  await eventually('trouble', () => one.keep.trouble()?.includes('ENOENT'));
  await one.stop();
  assert.ok(one.said().some((text) => text.startsWith('error') && text.includes('lost')));
});

test("somebody else's file is not read", { skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  const file = place(t);
  const first = run(file);
  first.metrics(1, 2);
  await first.stop();
  chmodSync(file, 0o644);
  const { chownSync } = await import('node:fs');
  chownSync(file, 65534, 65534);
  const second = run(file);
  assert.equal((await second.started()).restored, 0);
  assert.match(second.keep.trouble() ?? '', /EPERM: belongs to uid 65534/);
  await second.stop();
});

test('what is missing and untold is kept although nothing waits: a power cut does not forget it', async (t) => {
  const file = place(t);
  const first = run(file, { every_s: 60 });
  await first.pass(1);
  first.hub.isThere = true; // but nobody stores: records are published plainly
  first.spool.kick();
  for (let n = 1; n <= 60; n++) {
    first.metrics(n, n);
    await first.ticker.pass(5000);
  }
  await first.pass(5000);
  const untold = first.spool.untold();
  assert.ok(untold > 40, JSON.stringify(first.spool.stats()));
  first.spool.stop(); // as if killed
  const second = run(file);
  await second.started();
  await second.join();
  const gaps = second.stored.flatMap(({ body }) => (body['gap'] as Gap | undefined) ?? []);
  assert.equal(gaps.length, 1);
  assert.ok((gaps[0]?.count ?? 0) > 40, JSON.stringify(gaps));
});

test('a gap that was told is not told again by the run after a kill', async (t) => {
  const file = place(t);
  const first = run(file, { every_s: 60, memory_bytes: 2000 });
  first.refused.add('other'); // it waits also when the hub is back, so that the file stays
  first.spool.put({ subject: 'other', priority: 'event', body: {} });
  first.metrics(1, 20);
  await first.pass(65_000);
  assert.match(readFileSync(file, 'utf8'), /"gap":/);
  await first.join();
  await first.pass(6000);
  assert.equal(first.stored.filter(({ body }) => 'gap' in body).length, 1);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /"gap":/);
});
