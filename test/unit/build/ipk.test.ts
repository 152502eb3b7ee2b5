import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { projectRoot } from '../../kit/process/tools.ts';

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly content?: Buffer;
}
let packageVersion: (version: string, release: number) => string;
let tar: (entries: readonly Entry[], mtime: number) => Buffer;
let treeOf: (files: readonly Entry[]) => Entry[];

before(async () => {
  const load = (name: string) => import(join(projectRoot, 'build', name)); // plain programs without types
  ({ packageVersion } = await load('ipkcontrol.mjs'));
  ({ tar, treeOf } = await load('tar.mjs'));
});

describe('the version of a package', () => {
  for (const [npm, openwrt] of [
    ['1.2.3', '1.2.3-r1'],
    ['1.0.0-rc.2', '1.0.0_rc2-r1'],
    ['1.0.0-beta', '1.0.0_beta-r1'],
    ['1.0.0-alpha1+git.5', '1.0.0_alpha1-r1'],
    ['1.0.0+git.5', '1.0.0-r1'],
  ] as const)
    it(`of ${npm} is ${openwrt}`, () => assert.equal(packageVersion(npm, 1), openwrt));

  for (const npm of ['v1.0.0', '1.0', '1.0.0-next.1', '1.0.0-rc.1.2', ''])
    it(`'${npm}' is refused, as opkg and apk would order it wrongly`, () =>
      assert.throws(() => packageVersion(npm, 1), /version/));
});

describe('a tree of files', () => {
  it('has each directory once, before what is in it, sorted by name within', () => {
    const file = (path: string): Entry => ({ path, mode: 0o644, content: Buffer.from('x') });
    const paths = treeOf([file('/usr/b'), file('/etc/x-1'), file('/etc/x'), file('/etc/a/z')]).map(
      ({ path }) => path,
    );
    assert.deepEqual(paths, [
      '.',
      './etc',
      './etc/a',
      './etc/a/z',
      './etc/x',
      './etc/x-1',
      './usr',
      './usr/b',
    ]);
  });
});

describe('a tar archive', () => {
  it('fills whole records, as GNU tar does', () => {
    assert.equal(tar([{ path: '.', mode: 0o755 }], 0).length, 10_240);
    assert.equal(tar([{ path: './a', mode: 0o644, content: Buffer.alloc(8704) }], 0).length, 10_240);
    assert.equal(tar([{ path: './a', mode: 0o644, content: Buffer.alloc(8705) }], 0).length, 20_480);
  });

  it('refuses a name that does not fit, in place of cutting it', () => {
    assert.throws(
      () => tar([{ path: `./${'a'.repeat(99)}`, mode: 0o644, content: Buffer.alloc(0) }], 0),
      /too long/,
    );
  });
});
