import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type OpenedIpk, openIpk, packageEpoch } from '../kit/openwrt/ipk.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { need, projectRoot } from '../kit/process/tools.ts';

const { author } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));

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
      'drwxr-xr-x 0/0 ./etc/hotplug.d/',
      'drwxr-xr-x 0/0 ./etc/hotplug.d/net/',
      '-rw-r--r-- 0/0 ./etc/hotplug.d/net/50-nunect-time',
      'drwxr-xr-x 0/0 ./etc/init.d/',
      '-rwxr-xr-x 0/0 ./etc/init.d/nunect',
      '-rwxr-xr-x 0/0 ./etc/init.d/nunect-leaf',
      '-rwxr-xr-x 0/0 ./etc/init.d/nunect-time',
      'drwxr-xr-x 0/0 ./lib/',
      'drwxr-xr-x 0/0 ./lib/upgrade/',
      'drwxr-xr-x 0/0 ./lib/upgrade/keep.d/',
      '-rw-r--r-- 0/0 ./lib/upgrade/keep.d/nunect',
      '-rw-r--r-- 0/0 ./lib/upgrade/nunect-time.sh',
      'drwxr-xr-x 0/0 ./usr/',
      'drwxr-xr-x 0/0 ./usr/bin/',
      '-rwxr-xr-x 0/0 ./usr/bin/nunect',
      'drwxr-xr-x 0/0 ./usr/lib/',
      'drwxr-xr-x 0/0 ./usr/lib/nunect/',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/LICENSE',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/THIRD_PARTY.txt',
      '-rwxr-xr-x 0/0 ./usr/lib/nunect/leaf',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/nunect-agent.cjs',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/nunect-enrol.cjs',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/nunect-orders.cjs',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/nunect-page.cjs',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/nunect-seldom.cjs',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/nunect-shared.cjs',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/nunect-tools.cjs',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/nunect.cjs',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/pace.sh',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/procd.sh',
      '-rw-r--r-- 0/0 ./usr/lib/nunect/sysntpd.sh',
      '-rwxr-xr-x 0/0 ./usr/lib/nunect/takeover',
      '-rwxr-xr-x 0/0 ./usr/lib/nunect/time',
      'drwxr-xr-x 0/0 ./usr/share/',
      'drwxr-xr-x 0/0 ./usr/share/bash-completion/',
      'drwxr-xr-x 0/0 ./usr/share/bash-completion/completions/',
      '-rw-r--r-- 0/0 ./usr/share/bash-completion/completions/nunect',
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

  it('is the same bytes when it is built again', (t) => {
    const again = openIpk(t, bundleDir);
    assert.ok(readFileSync(again.file).equals(readFileSync(ipk.file)));
  });

  it('says what it is, field by field in the order of package-pack.mk', () => {
    const size = gunzipSync(readFileSync(join(ipk.dir, 'data.tar.gz'))).length;
    const [fields = '', description = ''] = read('control/control').split(/^(?=Description: )/m);
    assert.deepEqual(fields.trimEnd().split('\n'), [
      'Package: nunect',
      `Version: ${/_([^_]+(?:_[a-z]+\d*)?-r1)_all/.exec(ipk.file)?.[1]}`,
      'Depends: node | nunect-javascript, nats-server',
      'Source: openwrt/nunect',
      'SourceName: nunect',
      'License: Apache-2.0',
      'LicenseFiles: LICENSE',
      'Section: net',
      'Require-User: nunect=4222:nunect=4222',
      `SourceDateEpoch: ${packageEpoch}`,
      `Maintainer: ${author}`,
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

  it('starts the service of the clock with the others, and gives it nothing to do', () => {
    assert.match(read('data/etc/init.d/nunect-time'), /^START=99\b/m);
    assert.doesNotMatch(read('data/etc/init.d/nunect-time'), /^STOP=/m);
    assert.doesNotMatch(read('data/etc/config/nunect'), /^\s*(?:list|option) interface/m);
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
