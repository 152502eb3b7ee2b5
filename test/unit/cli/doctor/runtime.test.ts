import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { checkRuntime, judgeNode, type Keeper, keeperOf } from '../../../../agent/cli/doctor/runtime.ts';
import { commandsOf } from '../../../../agent/health/host.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const host = commandsOf('openwrt');
const nobody = undefined;
const judged = (version: string, day: string, keeper: Keeper | undefined = nobody, quality = 'tracking') =>
  judgeNode({
    version,
    program: '/usr/bin/node',
    keeper,
    quality: quality as 'tracking' | 'freerun',
    wall_ms: Date.parse(day),
    host,
  });
const openwrt = { who: 'OpenWrt 24.10', until: '2026-09-05' };

test('a node of before 20 fails', () => {
  assert.deepEqual(judged('18.20.1', '2026-11-28'), {
    level: 'FAIL',
    what: 'node',
    detail: '18.20.1 is too old: 20 or newer is needed',
    mend: host.install('node'),
  });
});

test('a node that its makers keep, up to its last day, and one too new to be known', () => {
  const { level, detail, mend } = judged('22.23.5', '2027-04-30T23:59:59Z');
  assert.deepEqual(
    [level, detail, mend],
    ['OK', '22.23.5, which its makers keep safe until 2027-04-30', undefined],
  );
  assert.equal(judged('22.23.5', '2027-05-01').level, 'WARN');
  assert.deepEqual(
    [judged('40.0.0', '2050-01-01').level, judged('40.0.0', '2050-01-01').detail],
    ['OK', '40.0.0'],
  );
});

test('past its end: a note where a feed may mend it, a warning where nobody does', () => {
  const note = judged('20.20.2', '2026-05-01', openwrt);
  assert.equal(note.level, 'OK');
  assert.equal(
    note.detail,
    '20.20.2: its makers ended their security updates on 2026-04-30; only OpenWrt 24.10 may still bring some',
  );
  assert.equal(note.mend, host.upgrade('node'));
  const ended = judged('20.20.2', '2026-09-06', openwrt);
  assert.equal(ended.level, 'WARN');
  assert.equal(
    ended.detail,
    'nobody keeps 20.20.2 safe: its makers ended their security updates on 2026-04-30, and OpenWrt 24.10 its own on 2026-09-05',
  );
  const alone = judged('20.20.2', '2026-05-01');
  assert.equal(alone.level, 'WARN');
  assert.match(alone.detail, /, and no distribution packs \/usr\/bin\/node$/);
  assert.equal(alone.mend, host.install('node'));
  assert.equal(judged('20.20.2', '2050-01-01', { who: 'the distribution' }).level, 'OK');
});

test('by a clock that is not synchronised it says so; one with an impossible date ends nothing', () => {
  assert.match(
    judged('20.20.2', '2026-11-28', nobody, 'freerun').detail,
    / \(by a clock that is not synchronised and shows 2026-11-28\)$/,
  );
  assert.match(judged('20.20.2', '2026-11-28', openwrt, 'freerun').detail, /\(by a clock that is not/);
  for (const day of ['1970-01-01', '2018-01-01', '2099-01-01'])
    assert.deepEqual(
      [judged('20.20.2', day, nobody, 'freerun').level, judged('20.20.2', day, nobody, 'freerun').detail],
      ['OK', '20.20.2, which its makers keep safe until 2026-04-30'],
      day,
    );
});

test('what runs the tests is judged', async () => {
  const { what, detail } = await checkRuntime({ snapshot: undefined, host, dir: '/nowhere' });
  assert.equal(what, 'node');
  assert.ok(detail.includes(process.versions.node), detail);
});

const owned: readonly (readonly [string, string, Readonly<Record<string, string>>, Keeper | undefined])[] = [
  [
    "OpenWrt's own",
    '/usr/bin/node',
    {
      'usr/lib/opkg/info/node.list': '/usr/bin/node\n',
      'etc/os-release': 'NAME="OpenWrt"\nID="openwrt"\nVERSION_ID="24.10.5"\n',
    },
    openwrt,
  ],
  [
    'that of an OpenWrt not known yet',
    '/usr/bin/node',
    {
      'usr/lib/opkg/info/node.list': '/usr/bin/node\n',
      'etc/os-release': 'ID="openwrt"\nVERSION_ID="30.10"\n',
    },
    { who: 'OpenWrt 30.10', until: undefined },
  ],
  [
    'one of a system made of OpenWrt',
    '/usr/bin/node',
    {
      'usr/lib/opkg/info/node.list': '/usr/lib/x\n/usr/bin/node\t0100755\t\n',
      'etc/os-release': 'ID=other\nVERSION_ID="24.10"\n',
    },
    { who: 'the feed', until: undefined },
  ],
  [
    'a third one for 25.12',
    '/usr/bin/node',
    { 'lib/apk/packages/node137.list': '/usr/bin/node\n/usr/lib/node_modules\n' },
    { who: 'the feed of the package' },
  ],
  [
    'that of Entware',
    '/opt/bin/node',
    { 'opt/lib/opkg/info/node.list': '/opt/bin/node\n' },
    { who: 'Entware' },
  ],
  [
    "Debian's",
    '/usr/bin/node',
    {
      'var/lib/dpkg/info/nodejs.list': '/.\n/usr/bin/node\n',
      'var/lib/dpkg/status':
        'Package: a\nVersion: 1nodesource\n\nPackage: nodejs\nStatus: install ok installed\nVersion: 20.19.2+dfsg-1\nDepends: b\n\nPackage: z\n',
    },
    { who: 'the distribution' },
  ],
  [
    "NodeSource's",
    '/usr/bin/node',
    {
      'var/lib/dpkg/info/nodejs.list': '/usr/bin/node\n',
      'var/lib/dpkg/status': 'Package: nodejs\nSection: web\nVersion: 20.20.2-1nodesource1\n',
    },
    undefined,
  ],
  [
    'one beside the package',
    '/usr/local/bin/node',
    {
      'usr/lib/opkg/info/node.list': '/usr/bin/node\n',
      'usr/lib/opkg/info/other.list': '/usr/local/bin/node\n',
    },
    undefined,
  ],
];
for (const [name, program, files, keeper] of owned)
  test(`whose package node is of: ${name}`, (t) => {
    const root = tempDir(t, 'keeper');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    assert.deepEqual(keeperOf(program, root), keeper);
  });
