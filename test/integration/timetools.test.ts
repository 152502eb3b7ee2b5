import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { chronyd } from '../kit/clock/chrony.ts';
import { ptp4l } from '../kit/clock/ptp.ts';
import { withoutClock } from '../kit/clock/unsteered.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { chronyds, linuxptps, withoutNewerDaemons } from '../kit/process/timetools.ts';
import { projectRoot } from '../kit/process/tools.ts';

const run = promisify(execFile);

/** The name by which the agent finds a daemon. */
const commOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

/** The C libraries that a process has mapped: two in one process would be a mixture of suites. */
const cLibrariesOf = (pid: number): readonly string[] => {
  const mapped = readFileSync(`/proc/${pid}/maps`, 'utf8').match(/\/\S*\/(libc\.so\.6|ld-linux\S*)$/gm);
  return [...new Set(mapped)];
};

/** Fails unless a program has the loader and the C library of its suite, where it comes of one. */
function assertOwnLibraries(program: string, pid: number): void {
  const suites = join(projectRoot, '.tools/suites/');
  if (!program.startsWith(suites)) return;
  const libraries = cLibrariesOf(pid);
  assert.equal(libraries.length, 2, libraries.join(' '));
  const folders = new Set(libraries.map((file) => file.slice(0, file.lastIndexOf('/'))));
  assert.equal(folders.size, 1, libraries.join(' '));
  assert.match([...folders][0] ?? '', /\/suites\/[a-z]+\//);
}

test('clock daemons of the newer suites are at hand', { skip: withoutNewerDaemons() }, () => {
  assert.ok(chronyds().some(({ version }) => version.startsWith('4.6')));
  assert.ok(new Set(chronyds().map(({ version }) => version)).size >= 3);
  assert.ok(linuxptps().some(({ version }) => version.startsWith('4.')));
});

for (const programs of chronyds()) {
  test(`chronyd ${programs.version} says that it is, judges a config, and runs by its own name`, async (t) => {
    for (const program of [programs.chronyd, programs.chronyc]) {
      const { stdout } = await run(program, ['--version']);
      assert.ok(stdout.includes(`version ${programs.version} `), stdout);
    }
    const config = join(tempDir(t, 'judged'), 'chrony.conf');
    writeFileSync(config, 'port 0\nlocal stratum 9\n');
    assert.equal((await run(programs.chronyd, ['-p', '-f', config])).stdout, 'port 0\nlocal stratum 9\n');
    writeFileSync(config, 'port 0\nno_such_thing 9\n');
    await assert.rejects(run(programs.chronyd, ['-p', '-f', config]), { code: 1 });

    const running = await chronyd(t, { programs, lines: ['local stratum 7'] });
    const tracking = await eventually('an answer', () => running.chronyc('tracking').catch(() => undefined));
    assert.equal(tracking.split(',')[2], '7');
    assert.equal(commOf(running.pid), 'chronyd');
    assertOwnLibraries(programs.chronyd, running.pid);
  });
}

for (const programs of linuxptps()) {
  test(`linuxptp ${programs.version} says that it is, and runs by its own names`, {
    skip: noNetns() ?? false,
  }, async (t) => {
    for (const program of [programs.ptp4l, programs.pmc, programs.phc2sys])
      assert.equal((await run(program, ['-v'])).stdout.trim(), programs.version);
    const [end] = netnsPair(t);
    const running = ptp4l(t, end, { role: 'slave', domain: 7, programs });
    const dir = tempDir(t, 'pmc');
    const asked = ['-u', '-b', '0', '-d', '7', '-s', running.socket, '-i', join(dir, 'pmc')];
    await eventually('an answer of ptp4l', async () => {
      const { stdout } = await run(programs.pmc, [...asked, 'GET DEFAULT_DATA_SET']);
      return /domainNumber +7\n/.test(stdout);
    });
    assert.equal(commOf(running.pid), 'ptp4l');
    assertOwnLibraries(programs.ptp4l, running.pid);

    // it waits for a ptp4l that never comes, and has no right to the clock besides
    const [word = '', ...words] = [...withoutClock(), programs.phc2sys, '-a', '-r', '-m'];
    const phc2sys = daemon(t, word, [...words, '-z', join(dir, 'nobody')]);
    await eventually('phc2sys', () => commOf(phc2sys.pid) === 'phc2sys');
    assertOwnLibraries(programs.phc2sys, phc2sys.pid);
  });
}
