import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOf, watchChildren } from '../../../kit/process/cost.ts';
import { childOf, daemon, eventually } from '../../../kit/process/daemon.ts';

const MiB = 1024 * 1024;

/** A node program that does `work` on each SIGUSR2 and says so. */
const worker = async (t: Parameters<typeof daemon>[0], work: string) => {
  const program = `let n = 0; process.on('SIGUSR2', async () => { ${work}; console.log('done ' + ++n); }); setInterval(() => {}, 1e6); console.log('ready');`;
  const started = daemon(t, process.execPath, ['-e', program]);
  await eventually('ready', () => started.output().includes('ready'));
  let asked = 0;
  return {
    pid: started.pid,
    async work() {
      started.kill('SIGUSR2');
      asked += 1;
      await eventually('the work', () => started.output().includes(`done ${asked}\n`));
    },
  };
};

test('memory that a process writes to is anonymous, and resident', async (t) => {
  const { pid, work } = await worker(t, 'globalThis.kept = Buffer.alloc(64 * 2 ** 20, 1)');
  const before = costOf(pid);
  await work();
  const after = costOf(pid);
  const grown = (after.anonymous - before.anonymous) / MiB;
  assert.ok(grown > 60 && grown < 90, `${grown} MiB for 64`);
  assert.ok((after.rss - before.rss) / MiB > 60);
  assert.ok(after.file > 10 * MiB && after.anonymous + after.file <= after.rss, 'node itself is file pages');
});

test('every sleep is a wake-up, every write a write call, and work is CPU time', async (t) => {
  const pauses = await worker(t, 'for (let i = 0; i < 50; i++) await new Promise((r) => setTimeout(r, 3))');
  let before = costOf(pauses.pid);
  await pauses.work();
  assert.ok(costOf(pauses.pid).wakeUps - before.wakeUps >= 50);

  const writes = await worker(
    t,
    `const fs = require('node:fs'); const fd = fs.openSync('/dev/null', 'w'); for (let i = 0; i < 400; i++) fs.writeSync(fd, 'x')`,
  );
  before = costOf(writes.pid);
  await writes.work();
  const calls = costOf(writes.pid).writeCalls - before.writeCalls;
  assert.ok(calls >= 400 && calls < 500, `${calls} for 400`);

  const busy = await worker(
    t,
    'const from = process.cpuUsage().user; while (process.cpuUsage().user - from < 3e5);',
  );
  before = costOf(busy.pid);
  await busy.work();
  const after = costOf(busy.pid);
  for (const used of [after.cpuMs - before.cpuMs, after.threadMs - before.threadMs])
    assert.ok(used >= 280, `${used} ms for 300`);
});

test('children are counted, those too that are gone before anybody looks', async (t) => {
  const quick = await worker(t, `require('node:child_process').spawnSync('/bin/true')`);
  const none = watchChildren(quick.pid);
  assert.equal(none.stop(), 0);
  const one = watchChildren(quick.pid);
  await quick.work();
  assert.ok(one.stop() >= 1);

  const lasting = await worker(t, `require('node:child_process').spawn('/bin/sleep', ['60'])`);
  const three = watchChildren(lasting.pid);
  for (let i = 0; i < 3; i++) {
    const last = childOf(lasting.pid);
    await lasting.work();
    await eventually('a child', () => childOf(lasting.pid) !== undefined || last !== undefined);
  }
  assert.equal(three.stop(), 3);
});
