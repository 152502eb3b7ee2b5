import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  disciplinesOf,
  isClockProgram,
  parseInterference,
  watchDisciplines,
} from '../../../agent/clock/disciplines.ts';
import { type ProcessFound, processSearch } from '../../../agent/device/processes.ts';
import { fakeTicker } from '../../kit/lib/faketicker.ts';
import { eventually, tempDir } from '../../kit/process/daemon.ts';

const seen = (...lines: string[]) =>
  disciplinesOf(
    lines.map((line) => {
      const [comm = '', ...args] = line.split(' ');
      return { comm, args };
    }),
  );

test('a chronyd with -x measures only, however the letter is written', () => {
  const monitors = (line: string): boolean | undefined => seen(`chronyd ${line}`).chronydMonitorOnly;
  assert.equal(monitors('/usr/sbin/chronyd -n -x'), true);
  assert.equal(monitors('chronyd -nx'), true);
  assert.equal(monitors('chronyd -xf /etc/chrony.conf'), true);
  assert.equal(monitors('chronyd -n -u root -f /etc/x.conf'), false);
  assert.equal(monitors('chronyd -f -x'), false, '-x is the name of a file here');
  assert.equal(monitors('chronyd -F1 server x'), false);
  assert.equal(seen('chronyd chronyd -x', 'chronyd chronyd').chronydMonitorOnly, false, 'one of two steers');
  assert.equal(seen('sh sh').chronydMonitorOnly, undefined);
});

test('other programs that steer the clock are named', () => {
  assert.deepEqual(seen('ntpd /usr/sbin/ntpd -n -N -S /usr/sbin/ntpd-hotplug -p x'), {
    phc2sys: false,
    otherNtp: 'ntpd',
  });
  assert.equal(seen('busybox /bin/busybox ntpd -n').otherNtp, 'ntpd');
  assert.equal(seen('busybox busybox httpd').otherNtp, undefined);
  assert.equal(seen('systemd-timesyn /lib/systemd/systemd-timesyncd').otherNtp, 'systemd-timesyncd');
  assert.equal(seen('phc2sys phc2sys -a -r').phc2sys, true);
  assert.equal(seen('phc2sys phc2sys -a -r -E ntpshm -M 8').phc2sys, false, 'it feeds chronyd');
  assert.equal(seen('phc2sys phc2sys -s CLOCK_REALTIME -c eth0 -w').phc2sys, false, 'it sets the card');
  assert.equal(seen('phc2sys phc2sys -s eth0 -E pi').phc2sys, true);
});

/** A machine on which these run, and no other is started. */
const searchOf = (found: readonly ProcessFound[]) => ({
  find: async () => [...found],
  hasLost: () => false,
  mayFindMore: () => false,
});

test('processes are read from /proc, and a closed /proc is not an empty one', async (t) => {
  const proc = tempDir(t, 'proc');
  const put = (pid: string, comm: string, line: string): void => {
    mkdirSync(join(proc, pid));
    writeFileSync(join(proc, pid, 'comm'), `${comm}\n`);
    writeFileSync(join(proc, pid, 'cmdline'), line);
  };
  put('42', 'chronyd', 'chronyd\0-x\0');
  mkdirSync(join(proc, '43')); // ended while we looked
  mkdirSync(join(proc, 'sys'));
  const stopper = new AbortController();
  const ticker = fakeTicker();
  const watched = watchDisciplines(
    {
      search: processSearch(isClockProgram, proc),
      readText: (path) => readFile(path, 'utf8'),
      readSmall: () => undefined,
      ticker,
    },
    {},
    stopper.signal,
  );
  const look = async (): Promise<void> => {
    await ticker.pass(30_000);
    await new Promise((resolve) => setTimeout(resolve, 50)); // real files
  };
  await look();
  assert.deepEqual(watched.read(), {}, 'process 1 is hidden: nothing is known');
  put('1', 'procd', '/sbin/procd\0');
  await look();
  await eventually('a look at the processes', () => watched.read().phc2sys !== undefined);
  assert.deepEqual(watched.read(), { chronydMonitorOnly: true, phc2sys: false });
  watched.stop();
  put('44', 'phc2sys', 'phc2sys\0');
  await look();
  assert.equal(watched.read().phc2sys, false);
});

test('what a daemon has said of another one counts for ten minutes', () => {
  assert.equal(parseInterference('chronyd 1000.25\n', 1010), 'chronyd');
  assert.equal(parseInterference('ptp4l 1000\n', 1599), 'ptp4l');
  assert.equal(parseInterference('ptp4l 1000\n', 1600), undefined);
  assert.equal(parseInterference('ptp4l 1000\n', 900), undefined, 'of another boot');
  for (const text of ['', 'sh 1000', 'chronyd', 'chronyd x', 'chronyd 1000 more', 'chronyd 1000.'])
    assert.equal(parseInterference(text, 1010), undefined, text);
});

test('it is read at each look', async () => {
  const ticker = fakeTicker();
  const stopper = new AbortController();
  let text = '';
  const readSmall = (path: string): string | undefined => (path === '/said' ? text : undefined);
  const deps = { search: searchOf([]), readText: async () => '', readSmall, ticker };
  const watched = watchDisciplines(deps, { interferenceFile: '/said' }, stopper.signal);
  await ticker.pass(0);
  assert.equal(watched.read().interference, undefined);
  text = 'chronyd 20.5\n';
  await ticker.pass(30_000);
  assert.equal(watched.read().interference, 'chronyd');
  stopper.abort();
});

test('the servo of ptp4l is known where only one runs and its file can be read', async () => {
  const ticker = fakeTicker();
  const servoOf = async (lines: readonly string[], files: Readonly<Record<string, string>>) => {
    const stopper = new AbortController();
    const processes = lines.map((line, at) => ({ pid: at, comm: 'ptp4l', args: line.split(' ') }));
    const readText = async (path: string): Promise<string> => {
      const text = files[path];
      if (text === undefined) throw new Error('ENOENT');
      return text;
    };
    const deps = { search: searchOf(processes), readText, readSmall: () => undefined, ticker };
    const watched = watchDisciplines(deps, {}, stopper.signal);
    await ticker.pass(0);
    stopper.abort();
    return watched.read().piServo;
  };
  const files = { '/a.conf': '[global]\npi_proportional_const 0.7\npi_integral_const 0.3\n' };
  assert.equal((await servoOf(['ptp4l -f /a.conf'], files))?.proportional.constant, 0.7);
  assert.equal((await servoOf(['ptp4l -i eth0'], files))?.proportional.constant, 0);
  assert.equal(await servoOf(['ptp4l -f /gone.conf'], files), undefined);
  assert.equal(await servoOf(['ptp4l -f a.conf'], { 'a.conf': '' }), undefined, 'relative to where?');
  assert.equal(await servoOf(['ptp4l -f /a.conf', 'ptp4l -i eth1'], files), undefined);
});

test('processes are looked for when the kernel has started one, at most each 5 s, and at once when one that steers has ended', async () => {
  const ticker = fakeTicker();
  const stopper = new AbortController();
  const machine = { found: [] as ProcessFound[], searches: 0, isLost: false, isMore: false };
  const search = {
    find: async () => {
      machine.searches += 1;
      machine.isLost = false;
      return [...machine.found];
    },
    hasLost: () => machine.isLost,
    mayFindMore: () => machine.isMore,
  };
  const deps = { search, readText: async () => '', readSmall: () => undefined, ticker };
  const watched = watchDisciplines(deps, {}, stopper.signal);
  let changes = 0;
  watched.onChange(() => {
    changes += 1;
  });
  await ticker.pass(50_000);
  assert.equal(machine.searches, 1, 'nothing was started');
  await ticker.pass(60_000);
  assert.equal(machine.searches, 2, 'each minute all the same');
  machine.found = [{ pid: 7, comm: 'ntpd', args: ['ntpd'] }];
  machine.isMore = true;
  await ticker.pass(6000);
  assert.equal(watched.read().otherNtp, 'ntpd', 'a second one is found within 6 s');
  machine.searches = 0;
  await ticker.pass(60_000);
  assert.ok(machine.searches <= 12, `${machine.searches} in a minute, whatever is started`);
  machine.isMore = false;
  await ticker.pass(6000);
  const before = changes;
  machine.found = [];
  machine.isLost = true;
  await ticker.pass(1100);
  assert.equal(watched.read().otherNtp, undefined);
  assert.equal(changes, before + 1);
  stopper.abort();
});
