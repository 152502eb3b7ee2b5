import assert from 'node:assert/strict';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  interfacesOf,
  isInThisNetwork,
  neighbourNotes,
  refuseBesideChronyd,
} from '../../../../agent/clock/host/neighbours.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const own = { path: '/run/time' };
const seen = (line: string) => {
  const args = line.split(' ');
  return { pid: process.pid, comm: (args[0] ?? '').split('/').at(-1) ?? '', args };
};
const notesOf = (lines: readonly string[], ports: readonly string[] = [], isSysntpdOurs = false): string[] =>
  neighbourNotes(lines.map(seen), own, { ports, isSysntpdOurs }).map(({ code, text }) => {
    assert.equal(code, text.includes('(process ') ? 'ptp4l_runs' : 'steerer');
    return (
      text
        .replace(/\(process \d+\)/, '(N)')
        .split(', which')[0]
        ?.split(' may')[0] ?? ''
    );
  });

test('the interfaces of a ptp4l, by its command line and its file', () => {
  const file = '[global]\ndomainNumber 0\n[eth1] # x\n [eth2]\n[eth-with-a-long-name]\n[unclosed\n';
  const read = (path: string): string => (path === '/etc/p.conf' ? file : '');
  const of = (line: string): string[] => interfacesOf(line.split(' '), read);
  assert.deepEqual(of('ptp4l -i eth0 -ieth9 -f /etc/p.conf'), ['eth0', 'eth9', 'eth1', 'eth2']);
  assert.deepEqual(of('ptp4l -f p.conf'), [], 'from a folder that is not known');
  assert.deepEqual(of('ptp4l -i'), ['']);
});

test('who steers besides is named; what is ours is not', () => {
  assert.deepEqual(
    notesOf(['chronyd -n', 'ptp4l -f /run/time/ptp4l.conf', 'phc2sys -a -z /run/time/ptp4l']),
    [],
  );
  assert.deepEqual(notesOf(['ptp4l -i eth0', 'phc2sys -a -r']), ['ptp4l (N)', 'phc2sys (N)']);
  assert.deepEqual(notesOf(['ntpd -n -p x', 'chronyd']), ['ntpd']);
  assert.deepEqual(notesOf(['ntpd -n -p x'], [], true), [], 'its service stops that one');
  assert.deepEqual(notesOf(['systemd-timesyn'], [], true), ['systemd-timesyncd']);
});

test('ours is ours by whichever link it was started', (t) => {
  const dir = tempDir(t, 'time');
  symlinkSync(dir, `${dir}.link`);
  t.after(() => rmSync(`${dir}.link`));
  writeFileSync(join(dir, 'ptp4l.conf'), '[wan]\n');
  const all = [dir, `${dir}.link`];
  for (const path of all)
    for (const started of all) {
      const processes = [seen(`ptp4l -f ${started}/ptp4l.conf`)];
      assert.deepEqual(neighbourNotes(processes, { path }, { ports: ['wan'], isSysntpdOurs: false }), []);
    }
});

test('a ptp4l on a port of ours is a fault, as each would take the time stamps of the other', (t) => {
  const conf = join(tempDir(t, 'ptp4l'), 'p.conf');
  writeFileSync(conf, '[global]\n[eth1]\n');
  const line = `/usr/sbin/ptp4l -f ${conf}`;
  const text = `a ptp4l that nunect-time has not started runs on eth1 (process ${process.pid}: ${line.slice(0, 120)}): stop it, and keep it from starting`;
  assert.throws(() => notesOf([line], ['wan', 'eth1']), { note: { code: 'ptp4l_runs', text } });
  assert.deepEqual(notesOf([line], ['wan']), ['ptp4l (N)']);
});

test('one of another network namespace is none of ours', () => {
  assert.ok(isInThisNetwork(seen('ptp4l')));
  assert.ok(isInThisNetwork({ ...seen('ptp4l'), pid: 2 ** 30 }), 'it cannot be told');
});

test('no daemon of ours steers beside a chronyd that is not where it is looked for', () => {
  const refuse = (...lines: string[]) => refuseBesideChronyd(lines.map(seen), '/opt/chronyd');
  assert.throws(
    () => refuse('ntpd -n', '/usr/sbin/chronyd -n'),
    /^Error: chronyd steers the clock \(process \d+\), but there is no program '\/opt\/chronyd'/,
  );
  refuse('/usr/sbin/chronyd -n -x', 'ntpd -n');
  refuse();
});
