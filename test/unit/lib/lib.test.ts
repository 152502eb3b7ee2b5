import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { runChild, type Spawn } from '../../../agent/lib/child.ts';
import { formatEntry, type LogEntry, logTo, passes } from '../../../agent/lib/log.ts';
import { ring } from '../../../agent/lib/ring.ts';
import { systemTicker } from '../../../agent/lib/ticker.ts';

test('a ring keeps the newest entries, oldest first', () => {
  const r = ring<number>(3);
  for (let i = 1; i <= 20; i++) {
    r.push(i);
    assert.deepEqual(
      r.items(),
      [i - 2, i - 1, i].filter((n) => n > 0),
    );
  }
  assert.equal(r.size, 3);
  r.clear();
  assert.deepEqual(r.items(), []);
  r.push(7);
  assert.deepEqual(r.items(), [7]);
});

test('log lines show part, fields and make control characters visible', () => {
  const seen: LogEntry[] = [];
  const log = logTo((entry) => seen.push(entry));
  log.part('link').warn('hub gone\nfake line', { url: 'nats://h:7422', why: 'no route', n: 3 });
  log.debug('d');
  log.info('i');
  log.error('e');
  log.fatal('f');
  assert.equal(
    formatEntry(seen[0] as LogEntry),
    'WARN link: hub gone\\x0afake line url=nats://h:7422 why="no route" n=3',
  );
  assert.deepEqual(
    seen.map((e) => e.level),
    ['warn', 'debug', 'info', 'error', 'fatal'],
  );
  assert.ok(passes('error', 'warn') && passes('warn', 'warn') && !passes('info', 'warn'));
});

test('a ticker calls again and again at its mean pace, with jitter, until cancelled', async () => {
  const ticker = systemTicker();
  let calls = 0;
  const begun = ticker.now_ms();
  await new Promise<void>((resolve) => {
    const keepAlive = setTimeout(() => {}, 60_000);
    const cancel = ticker.every(
      10,
      () => {
        calls += 1;
        if (calls < 20) return;
        cancel();
        clearTimeout(keepAlive);
        resolve();
      },
      0.5,
    );
  });
  assert.ok(
    ticker.now_ms() - begun >= 190 * 0.9,
    'twenty periods of 10 ms cannot be much shorter than 200 ms',
  );
  const settled = calls;
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(calls, settled);
});

const realSpawn: Spawn = (command, args) => spawn(command, args, { stdio: 'pipe' });

test('a child is run to its end with both outputs and its code', async () => {
  const done = await runChild(
    realSpawn,
    process.execPath,
    ['-e', 'console.log(1);console.error(2);process.exit(3)'],
    10_000,
  );
  assert.deepEqual(done, { code: 3, stdout: '1\n', stderr: '2\n' });
});

test('a child that hangs is killed at its time limit', async () => {
  const done = await runChild(realSpawn, process.execPath, ['-e', 'setInterval(()=>{},1e3)'], 100);
  assert.equal(done.failed, 'timeout');
  assert.equal(done.code, undefined);
});

test('a program that does not exist is told by its errno', async () => {
  const done = await runChild(realSpawn, '/no/such/program', [], 1000);
  assert.equal(done.failed, 'ENOENT');
});

test('a log line has no control characters of the second kind, and nothing else that ends a line', () => {
  const entry = { level: 'info', comp: 'c', msg: 'a\u009b31mb\u0085c\u2028d', fields: {} } as const;
  assert.equal(formatEntry(entry), 'INFO c: a\\x9b31mb\\x85c\\x2028d');
});
