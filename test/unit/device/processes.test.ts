import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { processSearch, procProcesses } from '../../../agent/device/processes.ts';
import { daemon, eventually, tempDir } from '../../kit/process/daemon.ts';

test('a process that has ended is not there, though its parent has not asked how', async (t) => {
  const program = join(tempDir(t, 'processes'), 'chronyd-or-so');
  copyFileSync('/bin/sleep', program);
  // what the shell becomes waits for none of its children
  const parent = daemon(t, 'sh', ['-c', '"$0" 1 & exec sleep 60', program]);
  const seen = () => procProcesses()((comm) => comm === 'chronyd-or-so');
  const [running] = await eventually('it runs', async () => {
    const found = await seen();
    return found.length > 0 && found;
  });
  assert.deepEqual(running?.args, [program, '1']);
  await eventually('it has ended', async () => (await seen()).length === 0);
  const all = await procProcesses()(() => true);
  assert.ok(all.some(({ pid }) => pid === parent.pid));
});

test('a search looks only at what is new, and finds what has come, gone, or become another program', async (t) => {
  const proc = tempDir(t, 'proc');
  const put = (pid: number, comm: string): void => {
    mkdirSync(join(proc, String(pid)), { recursive: true });
    writeFileSync(join(proc, String(pid), 'comm'), `${comm}\n`);
    writeFileSync(join(proc, String(pid), 'cmdline'), `${comm}\0`);
    if (pid > 1) writeFileSync(join(proc, 'loadavg'), `0.00 0.01 0.05 1/99 ${pid}\n`);
  };
  let looked: string[] = [];
  const search = processSearch((comm) => {
    looked.push(comm);
    return comm === 'ntpd';
  }, proc);
  const find = async (): Promise<{ found: number[]; looked: number }> => {
    looked = [];
    const found = (await search.find()).map(({ pid }) => pid);
    return { found, looked: looked.length };
  };
  await assert.rejects(search.find(), 'process 1 is hidden');
  put(1, 'procd');
  for (let pid = 100; pid < 200; pid++) put(pid, 'sh');
  assert.ok(search.mayFindMore());
  assert.deepEqual(await find(), { found: [], looked: 101 });
  assert.ok(search.mayFindMore(), 'each is looked at twice: it may only be about to become another');
  put(150, 'ntpd');
  assert.deepEqual(await find(), { found: [150], looked: 101 });
  assert.ok(!search.mayFindMore());
  put(200, 'ntpd');
  assert.ok(search.mayFindMore());
  assert.deepEqual((await find()).found.sort(), [150, 200]);
  assert.ok(!search.hasLost());
  rmSync(join(proc, '150'), { recursive: true });
  assert.ok(search.hasLost());
  const { found, looked: few } = await find();
  assert.deepEqual(found, [200]);
  assert.ok(few < 20, `${few} looked at`);
  assert.ok(!search.hasLost() && !search.mayFindMore());
  put(199, 'ntpd'); // of which the kernel tells nothing: it became that
  writeFileSync(join(proc, 'loadavg'), '0.00 0.01 0.05 1/99 200\n');
  for (let searches = 0; searches < 10; searches++) await find();
  assert.deepEqual((await find()).found.sort(), [199, 200], 'found in time');
});

test('a shell that becomes another program is found at the next search, though the kernel has started nothing', async (t) => {
  const proc = tempDir(t, 'proc');
  const put = (pid: number, comm: string, cmdline: string): void => {
    mkdirSync(join(proc, String(pid)), { recursive: true });
    writeFileSync(join(proc, String(pid), 'comm'), `${comm}\n`);
    writeFileSync(join(proc, String(pid), 'cmdline'), cmdline);
  };
  writeFileSync(join(proc, 'loadavg'), '0.00 0.01 0.05 1/99 299\n');
  put(1, 'procd', '/sbin/procd\0');
  for (let pid = 100; pid < 200; pid++) put(pid, 'daemon', '/usr/sbin/daemon\0');
  const scripts = ['/bin/sh\0/usr/lib/nunect/time\0ptp4l\0', '-ash\0', 'bash\0-c\0sleep 60; exec chronyd\0'];
  for (const [at, script] of scripts.entries()) put(200 + at, 'time', script);
  const search = processSearch((comm) => comm === 'ptp4l', proc);
  for (let searches = 0; searches < 9; searches++) assert.deepEqual(await search.find(), []);
  for (const at of scripts.keys()) {
    assert.ok(!search.mayFindMore(), `${at} has become nothing`);
    put(200 + at, 'ptp4l', 'ptp4l\0-m\0');
    assert.ok(search.mayFindMore(), `${at} has become another program`);
    const found = (await search.find()).map(({ pid }) => pid);
    assert.deepEqual(found.sort(), [200, 201, 202].slice(0, at + 1));
  }
  rmSync(join(proc, '200'), { recursive: true });
  assert.ok(search.hasLost());
});
