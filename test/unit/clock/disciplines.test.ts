import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { disciplinesOf, watchDisciplines } from '../../../agent/clock/disciplines.ts';
import { procProcesses } from '../../../agent/device/processes.ts';
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
    { processes: procProcesses(proc), ticker },
    { every_s: 30 },
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
