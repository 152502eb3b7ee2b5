import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isHeld, lockFile, lockHolder, tryLock } from '../../../agent/device/lock.ts';
import { spawnSafely } from '../../../agent/lib/child.ts';
import { tempDir } from '../../kit/process/daemon.ts';
import { need } from '../../kit/process/tools.ts';

/** Runs `flock` by these words, with the file as number 3. */
const by =
  (...words: readonly string[]) =>
  (file: number) =>
    spawnSafely((command, args) => {
      const [program = command, ...first] = words;
      const rest = words.length === 0 ? args : [...first, command, ...args];
      const stdio = ['pipe', 'pipe', 'pipe', file] as const;
      return spawn(program, rest, { stdio: [...stdio] }) as unknown as ChildProcessWithoutNullStreams;
    });

/** Debian's has none, OpenWrt's has. */
const busyboxHas = (applet: string): boolean =>
  execFileSync(need('busybox'), ['--list'], { encoding: 'utf8' }).split('\n').includes(applet);

for (const words of busyboxHas('flock') ? [[], ['busybox']] : [[]])
  test(`two wait for each other, with flock of ${words[0] ?? 'util-linux'}`, async (t) => {
    const program = words.length > 0 ? by(need('busybox')) : by();
    const path = join(tempDir(t, 'lock'), 'render.lock');
    const first = await lockFile(program, path, 5000);
    assert.equal(first.lacking, undefined);
    await assert.rejects(lockFile(program, path, 300), {
      message: `process ${process.pid} has held ${path} for 0.3 s: is it stopped, or does it hang?`,
    });
    const order: string[] = [];
    const second = lockFile(program, path, 20_000).then((lock) => {
      order.push('second');
      lock.release();
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    order.push('first ends');
    first.release();
    await second;
    assert.deepEqual(order, ['first ends', 'second']);
  });

test('one that was killed holds nothing up', async (t) => {
  const path = join(tempDir(t, 'lock'), 'render.lock');
  const script = `const fs = require('node:fs');
    const file = fs.openSync(${JSON.stringify(path)}, 'a');
    require('node:child_process').spawnSync('flock', ['-x', '3'], { stdio: [0, 1, 2, file] });
    fs.writeFileSync(${JSON.stringify(path)}, String(process.pid));
    console.log('held');
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['-e', script]);
  await once(holder.stdout, 'data');
  await assert.rejects(lockFile(by(), path, 300), new RegExp(`process ${holder.pid} has held`));
  const waiting = lockFile(by(), path, 20_000);
  holder.kill('SIGKILL');
  (await waiting).release();
});

test('a machine without the program, or with one that cannot, is told so and goes on', async (t) => {
  const path = join(tempDir(t, 'lock'), 'render.lock');
  const none = await lockFile(by('/no/such'), path, 5000);
  assert.match(
    none.lacking ?? '',
    /cannot be locked \(there is no program 'flock'\): two runs at once are not kept apart$/,
  );
  none.release();
  const lame = await lockFile(by('sh', '-c', 'echo not here >&2; exit 1'), path, 5000);
  assert.match(lame.lacking ?? '', /cannot be locked \(not here\)/);
  lame.release();
});

test('one that is not waited for says who has it', async (t) => {
  const path = join(tempDir(t, 'lock'), 'up.lock');
  const first = await tryLock(by(), path);
  assert.ok(!isHeld(first) && first.lacking === undefined);
  assert.deepEqual(await tryLock(by(), path), { heldBy: String(process.pid) });
  first.release();
  const second = await tryLock(by(), path);
  assert.ok(!isHeld(second));
  second.release();
});

test('who only looks at a lock leaves it as it is, and keeps nobody from it', async (t) => {
  const path = join(tempDir(t, 'lock'), 'up.lock');
  assert.equal(await lockHolder(by(), path), undefined);
  assert.equal(existsSync(path), false, 'and makes none');
  const first = await tryLock(by(), path);
  assert.deepEqual(await lockHolder(by(), path), { heldBy: String(process.pid) });
  assert.ok(!isHeld(first));
  first.release();
  writeFileSync(path, '7\n');
  assert.equal(await lockHolder(by(), path), undefined);
  assert.equal(readFileSync(path, 'utf8'), '7\n');
  const looker = spawn(need('flock'), ['-s', path, 'sh', '-c', 'echo looks; read _']);
  await once(looker.stdout, 'data');
  const trying = tryLock(by(), path);
  looker.stdin.end('\n');
  const lock = await trying;
  assert.ok(!isHeld(lock) && lock.lacking === undefined);
  lock.release();
});

test('a link in the place of a lock is not followed, by whoever locks or looks', async (t) => {
  const dir = tempDir(t, 'lock');
  const [path, other] = [join(dir, 'up.lock'), join(dir, 'other')];
  writeFileSync(other, 'precious');
  symlinkSync(other, path);
  await assert.rejects(tryLock(by(), path), { code: 'ELOOP' });
  await assert.rejects(lockHolder(by(), path), { code: 'ELOOP' });
  assert.equal(readFileSync(other, 'utf8'), 'precious');
});
