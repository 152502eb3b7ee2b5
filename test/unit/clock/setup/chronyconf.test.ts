import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bestConfDir,
  linesOf,
  parseChronyConf,
  parseConfLinks,
  withoutLines,
} from '../../../../agent/clock/setup/chronyconf.ts';

test('what a file leads on to, however it is written', () => {
  const text = `# confdir /no
! confdir /no
; confdir /no
% confdir /no
  ConfDir   /a\t/b
confdir /c
include /etc/x*.conf
confdirs /no
sourcedir /no
confdir
`;
  assert.deepEqual(parseConfLinks(text), { confDirs: ['/a', '/b', '/c'], includes: ['/etc/x*.conf'] });
  assert.deepEqual(parseConfLinks(`confdir ${'/a '.repeat(2000)}\n`), { confDirs: [], includes: [] });
});

test('what chronyd prints of its config', () => {
  const conf = parseChronyConf(
    `pool a iburst\nSERVER 192.0.2.1 key 1\npeer c\nrefclock SHM 3:perm=0644 refid X\nRefclock PHC /dev/ptp0
refclock SOCK /run/s delay 1\ncmdport 323\ncmdport 0\nbindcmdaddress 127.0.0.1\nbindcmdaddress /run/first\nbindcmdaddress /run/x.sock\nserver\n`,
    ['/d'],
  );
  assert.deepEqual(conf, {
    confDirs: ['/d'],
    sources: ['192.0.2.1', 'a', 'c'],
    segments: [3],
    refclocks: ['SHM 3:perm=0644', 'PHC /dev/ptp0', 'SOCK /run/s'],
    socket: '/run/x.sock',
    cmdport: 0,
  });
  assert.deepEqual(parseChronyConf('bindcmdaddress /\ncmdport x\n', []), {
    ...{ confDirs: [], sources: [], segments: [], refclocks: [] },
  });
});

test('the lines that count, as chronyd prints them', () => {
  assert.deepEqual(linesOf('# a\n\n  server   b \t c\n!x\nrtcsync\n'), ['server b c', 'rtcsync']);
});

test('our lines are cut out where all follow each other, and nowhere else', () => {
  assert.deepEqual(withoutLines('a\nb\nc\nd\n', ['b', 'c']), { text: 'a\nd\n', found: true });
  assert.deepEqual(withoutLines('a\nb\nd\nc\n', ['b', 'c']), { text: 'a\nb\nd\nc\n', found: false });
  assert.deepEqual(withoutLines('b\nc\nb\nc', ['b', 'c']), { text: '', found: true });
  assert.deepEqual(withoutLines('b\nb\nc', ['b', 'c']), { text: 'b', found: true });
  assert.deepEqual(withoutLines('a\nb', []), { text: 'a\nb', found: false });
  assert.deepEqual(withoutLines('a\nb', ['b', 'c']), { text: 'a\nb', found: false });
});

test('a folder in RAM is preferred', () => {
  const best = (...confDirs: string[]): string | undefined =>
    bestConfDir({ confDirs, sources: [], segments: [], refclocks: [] });
  assert.equal(best('/etc/chrony/conf.d', '/var/etc/chrony.d', '/run/x'), '/var/etc/chrony.d');
  assert.equal(best('/etc/b', '/run/x'), '/run/x');
  assert.equal(best('/etc/b', '/etc/a'), '/etc/b');
  assert.equal(best('/various/x'), '/various/x');
  assert.equal(best(), undefined);
});
