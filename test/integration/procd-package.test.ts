import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { tempDir } from '../kit/daemon.ts';
import { type OpenedIpk, openIpk, packageEpoch } from '../kit/ipk.ts';
import { need, projectRoot } from '../kit/tools.ts';

const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));

const thisFile = { after: () => {} }; // its directories go when the process ends
let bundleDir: string;
let ipk: OpenedIpk;
before(() => {
  bundleDir = tempDir(thisFile, 'bundle'); // not dist, which others build too
  execFileSync('node', [join(projectRoot, 'build/bundle.mjs'), '--out', bundleDir]);
  ipk = openIpk(thisFile, bundleDir);
});

const read = (path: string): string => readFileSync(join(ipk.dir, path), 'utf8');

/** What `tar -tv` says of each member: type and mode, owner, name. */
const listing = (archive: string): string[] =>
  execFileSync('tar', ['--numeric-owner', '--utc', '--full-time', '-tvzf', archive], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [mode, owner, , day, time, name] = line.split(/\s+/);
      assert.equal(`${day} ${time}`, '2023-11-14 22:13:20');
      return `${mode} ${owner} ${name}`;
    });

describe('the .ipk', () => {
  it('is named by package, version and architecture', () => {
    assert.match(ipk.file, /\/nunect_\d+\.\d+\.\d+(_[a-z]+\d*)?-r1_all\.ipk$/);
  });

  it('has its three members in the order of ipkg-build', () => {
    const modes = (names: readonly string[]) => names.map((name) => `-rw-r--r-- 0/0 ./${name}`);
    assert.deepEqual(listing(ipk.file), modes(['debian-binary', 'data.tar.gz', 'control.tar.gz']));
    assert.equal(read('debian-binary'), '2.0\n');
  });

  it('has every file with its mode, all of root', () => {
    assert.deepEqual(listing(join(ipk.dir, 'data.tar.gz')), [
      'drwxr-xr-x 0/0 ./',
      'drwxr-xr-x 0/0 ./etc/',
      'drwxr-xr-x 0/0 ./etc/config/',
      '-rw------- 0/0 ./etc/config/nunect',
      'drwxr-xr-x 0/0 ./etc/init.d/',
      '-rwxr-xr-x 0/0 ./etc/init.d/nunect',
      '-rwxr-xr-x 0/0 ./etc/init.d/nunect-leaf',
      'drwxr-xr-x 0/0 ./lib/',
      'drwxr-xr-x 0/0 ./lib/upgrade/',
      'drwxr-xr-x 0/0 ./lib/upgrade/keep.d/',
      '-rw-r--r-- 0/0 ./lib/upgrade/keep.d/nunect',
      'drwxr-xr-x 0/0 ./usr/',
      'drwxr-xr-x 0/0 ./usr/bin/',
      '-rwxr-xr-x 0/0 ./usr/bin/nunect',
      'drwxr-xr-x 0/0 ./usr/lib/',
      'drwxr-xr-x 0/0 ./usr/lib/nunect/',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/LICENSE',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/THIRD_PARTY.txt',
      '-rwxr-xr-x 0/0 ./usr/lib/nunect/leaf',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/nunect.cjs',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/procd.sh',
    ]);
    assert.deepEqual(listing(join(ipk.dir, 'control.tar.gz')), [
      'drwxr-xr-x 0/0 ./',
      '-rw-r--r-- 0/0 ./conffiles',
      '-rw-r--r-- 0/0 ./control',
      '-rwxr-xr-x 0/0 ./postinst',
      '-rwxr-xr-x 0/0 ./postrm',
      '-rwxr-xr-x 0/0 ./prerm',
    ]);
  });

  it('has inner archives that are those of GNU tar, byte for byte', () => {
    const options = '--format=gnu --numeric-owner --owner=0 --group=0 --sort=name -cf -'.split(' ');
    for (const part of ['data', 'control']) {
      const args = [...options, `--mtime=@${packageEpoch}`, '.'];
      const theirs = execFileSync('tar', args, { cwd: join(ipk.dir, part), maxBuffer: 2 ** 24 });
      const ours = gunzipSync(readFileSync(join(ipk.dir, `${part}.tar.gz`)));
      assert.ok(ours.equals(theirs), `${part}.tar is another one`);
    }
  });

  it('has an outer archive that is that of GNU tar, byte for byte', () => {
    const options = '--format=gnu --numeric-owner --owner=0 --group=0 --mode=0644 --sort=name -cf -'.split(
      ' ',
    );
    const members = ['./debian-binary', './data.tar.gz', './control.tar.gz'];
    const args = [...options, `--mtime=@${packageEpoch}`, ...members];
    const theirs = execFileSync('tar', args, { cwd: ipk.dir, maxBuffer: 2 ** 24 });
    assert.ok(gunzipSync(readFileSync(ipk.file)).equals(theirs));
  });

  it('is compressed without name and time', () => {
    for (const file of [ipk.file, join(ipk.dir, 'data.tar.gz'), join(ipk.dir, 'control.tar.gz')])
      assert.equal(readFileSync(file).subarray(0, 10).toString('hex'), '1f8b0800000000000203');
  });

  it('is the same bytes when it is built again, and so is the release bundle', (t) => {
    const again = openIpk(t, bundleDir);
    const bundle = ({ dir }: OpenedIpk) => readFileSync(join(dir, `nunect-${version}.tar.gz`));
    assert.ok(readFileSync(again.file).equals(readFileSync(ipk.file)));
    assert.ok(bundle(again).equals(bundle(ipk)));
  });

  it('says what it is, field by field in the order of package-pack.mk', () => {
    const size = gunzipSync(readFileSync(join(ipk.dir, 'data.tar.gz'))).length;
    const [fields = '', description = ''] = read('control/control').split(/^(?=Description: )/m);
    assert.deepEqual(fields.trimEnd().split('\n'), [
      'Package: nunect',
      `Version: ${/_([^_]+(?:_[a-z]+\d*)?-r1)_all/.exec(ipk.file)?.[1]}`,
      'Depends: node, nats-server',
      'Source: openwrt/nunect',
      'SourceName: nunect',
      'License: Apache-2.0',
      'LicenseFiles: LICENSE',
      'Section: net',
      'Require-User: nunect=4222:nunect=4222',
      `SourceDateEpoch: ${packageEpoch}`,
      'Architecture: all',
      `Installed-Size: ${size}`,
    ]);
    assert.match(description, /^Description: \S.*\n( \S.*\n)+$/);
  });

  it('protects the config, keeps the unit through sysupgrade, leaves users and services to OpenWrt', () => {
    assert.equal(read('control/conffiles'), '/etc/config/nunect\n');
    assert.equal(read('data/lib/upgrade/keep.d/nunect'), '/etc/nunect/\n');
    assert.match(read('control/postinst'), /^default_postinst \$0 \$@$/m);
    assert.match(read('control/prerm'), /^default_prerm \$0 \$@$/m);
  });

  it('ships the bundle and the config as they are', () => {
    assert.ok(
      readFileSync(join(ipk.dir, 'data/usr/lib/nunect/nunect.cjs')).equals(
        readFileSync(join(bundleDir, 'nunect.cjs')),
      ),
    );
    assert.equal(read('data/etc/config/nunect'), readFileSync(join(projectRoot, 'config/nunect'), 'utf8'));
  });

  it('keeps the unit id when its own postrm runs in an upgrade or an image', (t) => {
    const dir = tempDir(t, 'postrm');
    const script = read('control/postrm')
      .replaceAll('/etc/', `${dir}/etc/`)
      .replaceAll('/var/', `${dir}/var/`);
    const unit = join(dir, 'etc/nunect/unit');
    mkdirSync(join(dir, 'etc/nunect'), { recursive: true });
    writeFileSync(unit, 'x');
    const remove = (env: Record<string, string>) =>
      spawnSync(need('busybox'), ['sh', '-c', script], { env }).status;
    assert.equal(remove({ PKG_UPGRADE: '1' }), 0);
    assert.equal(remove({ IPKG_INSTROOT: '/image' }), 0);
    assert.equal(readFileSync(unit, 'utf8'), 'x');
    assert.equal(remove({ PKG_UPGRADE: '0' }), 0);
    assert.throws(() => readFileSync(unit), /ENOENT/);
  });
});

describe('the launcher', () => {
  const fakeNode = (dir: string, text: string): void => {
    writeFileSync(join(dir, 'node'), `#!/bin/sh\n${text}\n`);
    chmodSync(join(dir, 'node'), 0o755);
  };
  /** Runs it under busybox with a PATH that has busybox and nothing else but what the test puts there. */
  const launch = (dir: string, args: readonly string[], memory_kb = 4_000_000) => {
    const busybox = need('busybox');
    for (const name of ['readlink']) symlinkSync(busybox, join(dir, name));
    writeFileSync(join(dir, 'meminfo'), `MemTotal:  ${memory_kb} kB\nMemFree: 1 kB\n`);
    const script = join(ipk.dir, 'data/usr/bin', `nunect-${Math.random().toString(36).slice(2)}`);
    const text = read('data/usr/bin/nunect').replace('/proc/meminfo', join(dir, 'meminfo'));
    writeFileSync(script, text.replace('/opt/bin/node', join(dir, 'opt-bin-node')));
    return spawnSync(busybox, ['ash', script, ...args], { env: { PATH: dir }, encoding: 'utf8' });
  };

  it('says that there is no node, and how to get one', (t) => {
    const { status, stderr, stdout } = launch(tempDir(t, 'launch'), ['version']);
    assert.deepEqual([status, stdout], [127, '']);
    assert.match(stderr, /^nunect: there is no node: install node 20 or newer .*opkg install node\)\n$/);
  });

  for (const [what, said, complaint] of [
    [
      'an old node',
      'echo v18.20.4',
      /node is v18\.20\.4, but nunect needs node 20 or newer: upgrade node\n$/,
    ],
    ['a node that does not start', 'exit 127', /node does not run\n$/],
    ['a node that says nonsense', 'echo hello', /node gives no version\n$/],
  ] as const)
    it(`refuses ${what} in one line`, (t) => {
      const dir = tempDir(t, 'launch');
      fakeNode(dir, said);
      const { status, stderr } = launch(dir, ['version']);
      assert.equal(status, 127);
      assert.match(stderr, complaint);
      assert.equal(stderr.split('\n').length, 2);
    });

  it('runs the bundle with the node of this machine, whatever the memory', (t) => {
    for (const memory_kb of [4_000_000, 250_000]) {
      const dir = tempDir(t, 'launch');
      symlinkSync(process.execPath, join(dir, 'node'));
      const { status, stdout, stderr } = launch(dir, ['version'], memory_kb);
      assert.deepEqual([status, stdout, stderr], [0, `nunect ${version}\n`, '']);
    }
  });

  it('passes arguments as they are, and saves memory only where there is little', (t) => {
    const show =
      'case $1 in --version) echo v22.1.0;; *) printf "<%s>" "$@"; echo "$UV_THREADPOOL_SIZE";; esac';
    const run = (memory_kb: number): string => {
      const dir = tempDir(t, 'launch');
      fakeNode(dir, show);
      return launch(dir, ['echo', 'a b', '*'], memory_kb).stdout;
    };
    assert.match(run(524_288), /^<[^<>]*\/usr\/lib\/nunect\/nunect\.cjs><echo><a b><\*>\n$/);
    assert.match(
      run(524_287),
      /^<--max-semi-space-size=1>.*<--no-opt><[^<>]*nunect\.cjs><echo><a b><\*>2\n$/,
    );
  });
});
