import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { packageEpoch, runBuild, unpackIpk } from '../kit/openwrt/ipk.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { need, projectRoot } from '../kit/process/tools.ts';

describe('the package of Bun', () => {
  const tarball = 'bun/oven-bun-linux-aarch64-musl-1.4.5.tgz';
  const build = (dir: string, env: NodeJS.ProcessEnv) =>
    runBuild('packages.mjs', ['--only', 'nunect-runtime', '--dist', dir, '--out', join(dir, 'out')], env);

  it('is left out where there is no npm, and it says what to fetch', (t) => {
    const dir = tempDir(t, 'runtime');
    const { status, stderr } = build(dir, { PATH: dir });
    assert.equal(status, 0);
    assert.match(
      stderr,
      /^packages: nunect-runtime is left out: there is no npm here\. Fetch @oven\/bun-linux-aarch64-musl@\d.*\.tgz\n$/,
    );
    assert.ok(stderr.includes(join(dir, tarball)));
  });

  it('is left out when npm fails, with its first words', (t) => {
    const dir = tempDir(t, 'runtime');
    writeFileSync(join(dir, 'npm'), '#!/bin/sh\necho "npm error code ENOTFOUND" >&2\nexit 1\n', {
      mode: 0o755,
    });
    assert.match(build(dir, { PATH: dir }).stderr, /left out: npm says: npm error code ENOTFOUND\. Fetch /);
  });

  it('is not made of anything but the release that is pinned', (t) => {
    const dir = tempDir(t, 'runtime');
    mkdirSync(join(dir, 'bun'));
    writeFileSync(join(dir, tarball), 'another');
    const { status, stderr } = build(dir, {});
    assert.equal(status, 0);
    assert.match(
      stderr,
      /left out: \S+1\.4\.5\.tgz was not the release that is pinned and is removed; run it again\n$/,
    );
    assert.equal(existsSync(join(dir, tarball)), false);
    assert.equal(existsSync(join(dir, 'out')), false);
  });

  describe('as an .ipk', () => {
    let made: { readonly dir: string };
    before(async () => {
      const load = (name: string) => import(join(projectRoot, 'build', name)); // plain programs without types
      const { ipk } = await load('ipk.mjs');
      const { nunectRuntime } = await load('packages/nunectruntime.mjs');
      const read = (path: string): Buffer =>
        path === 'dist/bun' ? Buffer.from('a program') : readFileSync(join(projectRoot, path));
      const dir = tempDir({ after: () => {} }, 'runtime');
      const file = join(dir, 'one.ipk');
      writeFileSync(file, ipk(nunectRuntime, 'aarch64_cortex-a53', read, packageEpoch));
      made = unpackIpk(file, dir);
    });
    const control = (name: string): string => readFileSync(join(made.dir, 'control', name), 'utf8');

    it('puts Bun where the launcher looks for it', () => {
      assert.equal(readFileSync(join(made.dir, 'data/usr/lib/nunect/bun'), 'utf8'), 'a program');
      const launcher = readFileSync(join(projectRoot, 'openwrt/nunect/launcher'), 'utf8');
      assert.match(launcher, /^program=.*\/lib\/nunect\/nunect\.cjs$/m);
      assert.match(launcher, /take "\$\{program%\/\*\}\/bun"/);
    });

    it('stands in for node where nunect asks, and nowhere else; needs the C++ library; is checked before it is unpacked', () => {
      assert.match(control('control'), /^Provides: nunect-javascript$/m);
      assert.match(control('control'), /^Depends: libstdcpp6$/m);
      assert.match(control('control'), /^Architecture: aarch64_cortex-a53$/m);
      assert.deepEqual(readdirSync(join(made.dir, 'control')).sort(), [
        'control',
        'postinst',
        'postinst-pkg',
        'preinst',
        'prerm',
      ]);
    });

    it('passes on the terms of Bun in the version that is packaged', () => {
      const notice = readFileSync(join(made.dir, 'data/usr/share/nunect-runtime/NOTICE'), 'utf8');
      const [, version = '?'] = /^Version: (.*)-r\d+$/m.exec(control('control')) ?? [];
      assert.ok(notice.includes(`Bun ${version} `) && notice.includes(`bun-v${version}/LICENSE.md`));
      assert.match(notice, /THE SOFTWARE IS PROVIDED "AS IS"/);
    });
  });
});

describe('before Bun is unpacked on a router', () => {
  const script = readFileSync(join(projectRoot, 'openwrt/nunect-runtime/preinst'), 'utf8');
  const onUbi = [
    '/dev/root /rom squashfs ro 0 0',
    '/dev/ubi0_5 /overlay ubifs rw 0 0',
    'overlayfs:/overlay / overlay rw 0 0',
  ];
  const onEmmc = onUbi.map((line) => line.replace('/dev/ubi0_5 /overlay ubifs', '/dev/loop0 /overlay f2fs'));

  /** Runs it under busybox with these mounts and this much free. */
  const check = (t: TestContext, mounts: readonly string[], free_kb: number | string, env = {}) => {
    const dir = tempDir(t, 'preinst');
    const busybox = need('busybox');
    writeFileSync(join(dir, 'mounts'), `${mounts.join('\n')}\n`);
    const df = `#!${busybox} sh\necho "$@" >${dir}/asked\necho Filesystem 1024-blocks Used Available Capacity Mounted on\necho /dev/x 900000 7 ${free_kb} 1% there\n`;
    writeFileSync(join(dir, 'df'), df, { mode: 0o755 });
    writeFileSync(join(dir, 'tail'), `#!${busybox} sh\nexec ${busybox} tail "$@"\n`, { mode: 0o755 });
    const text = script.replace('/proc/mounts', join(dir, 'mounts'));
    const { status, stderr } = spawnSync(busybox, ['ash', '-c', text], {
      env: { PATH: dir, ...env },
      encoding: 'utf8',
    });
    const asked = existsSync(join(dir, 'asked'))
      ? readFileSync(join(dir, 'asked'), 'utf8').trim()
      : undefined;
    return { status, stderr, asked };
  };

  it('eMMC or SD with room is fine, and it is the overlay that is asked', (t) => {
    assert.deepEqual(check(t, onEmmc, 107_520), { status: 0, stderr: '', asked: '-kP /overlay' });
  });

  it('too little room is refused with both figures', (t) => {
    const { status, stderr } = check(t, onEmmc, 107_519);
    assert.equal(status, 1);
    assert.equal(stderr, 'nunect-runtime: 104 MB are free on /overlay, but Bun needs 105 MB\n');
  });

  it('NAND is refused whatever is free, with what to do', (t) => {
    const { status, stderr, asked } = check(t, onUbi, 900_000);
    assert.deepEqual([status, asked], [1, undefined]);
    assert.match(
      stderr,
      /^nunect-runtime: \/overlay is ubifs, on raw flash .*: Bun is for eMMC, SD card or NVMe\. .*extroot\)\n$/,
    );
  });

  it('NAND below an overlay that was moved to a disk is fine', (t) => {
    const moved = [...onUbi, '/dev/nvme0n1p1 /overlay ext4 rw 0 0'];
    assert.equal(check(t, moved, 900_000).status, 0);
  });

  it('a root without overlay is asked itself', (t) => {
    assert.equal(check(t, ['/dev/mmcblk0p2 / ext4 rw 0 0'], 900_000).asked, '-kP /');
    assert.match(check(t, ['ubi0:rootfs / ubifs rw 0 0'], 900_000).stderr, /: \/ is ubifs, /);
  });

  it('a df that says nothing of use is refused; an image is left to its builder', (t) => {
    assert.match(check(t, onEmmc, '-').stderr, /df does not tell how much is free on \/overlay\n$/);
    assert.equal(check(t, onUbi, 0, { IPKG_INSTROOT: '/image' }).status, 0);
  });

  it('the room asked for is that of the program, with some to spare', () => {
    const [, need_kb = 0] = /^need_kb=(\d+)$/m.exec(script) ?? [];
    assert.ok(Number(need_kb) * 1024 > 99_823_264 * 1.05); // of the release that is pinned
  });
});
