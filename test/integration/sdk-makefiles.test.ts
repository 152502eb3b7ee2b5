// The Makefiles in openwrt/ need an OpenWrt SDK, which tests do not have: they run here with stand-ins for its includes
// (test/kit/openwrt/sdk), so that what they install and say is compared with the packages of `make packages`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { runBuild } from '../kit/openwrt/ipk.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { projectRoot } from '../kit/process/tools.ts';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly architectures: readonly string[];
  readonly depends: readonly string[];
  readonly license: string;
  readonly licenseFiles: string;
  readonly section: string;
  readonly requireUser?: string;
  readonly url?: string;
  readonly description: string;
  readonly conffiles?: readonly string[];
  readonly maintainer: string;
  readonly postinst?: string;
  readonly postrm?: string;
  readonly files: readonly (readonly [path: string, mode: number, source: string])[];
}

const thisFile = { after: () => {} }; // its directories go when the process ends
let table: Package[];
let dist: string;
before(async () => {
  ({ packages: table } = await import(join(projectRoot, 'build/packages/table.mjs')));
  dist = tempDir(thisFile, 'bundle');
  execFileSync('node', [join(projectRoot, 'build/bundle.mjs'), '--out', dist]);
  // with the esbuild of this machine: that of the release needs the network once, and a minute
  const made = runBuild('sourcerelease.mjs', [
    '--out',
    dist,
    '--esbuild',
    join(projectRoot, 'node_modules/esbuild'),
  ]);
  assert.equal(made.status, 0, made.stderr);
  writeFileSync(join(dist, 'nats-server'), 'what Go would build');
});

/** Every file below a folder: its path from there, its mode and its content. */
const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map(
      (file) => [file.slice(root.length), statSync(file).mode & 0o7777, readFileSync(file, 'utf8')] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** The release has no program of esbuild for one kind of host. */
const withEsbuild = {
  ESBUILD_BINARY_PATH: join(
    projectRoot,
    `node_modules/@esbuild/${process.platform}-${process.arch}/bin/esbuild`,
  ),
};

/** Runs a feed Makefile with the stand-ins; gives where its results are. */
function runMakefile(name: string): string {
  const out = tempDir(thisFile, 'sdk');
  const sdk = join(projectRoot, 'test/kit/openwrt/sdk');
  const program = join(dist, 'nats-server');
  // a Go module's archive is a zip: in its place the stand-in takes nothing, as nothing is compiled
  const unpack = name === 'nats-server' ? ['Build/Prepare='] : [];
  mkdirSync(join(out, 'host/bin'), { recursive: true });
  symlinkSync(process.execPath, join(out, 'host/bin/node'));
  const set = [
    `STAGING_DIR_HOSTPKG=${join(out, 'host')}`,
    `TOPDIR=${sdk}`,
    `OUT=${out}`,
    `DL_DIR=${dist}`,
    `GO_PROGRAM=${program}`,
    ...unpack,
  ];
  execFileSync('make', ['-s', '-C', join(projectRoot, 'openwrt', name), ...set], {
    encoding: 'utf8',
    env: { ...process.env, ...withEsbuild },
  });
  return out;
}

/** Of conffiles: what sysupgrade keeps with all that is in it. */
const isFolder = (path: string): boolean => path.endsWith('/');

for (const name of ['nunect', 'nats-server', 'luci-app-nunect']) {
  describe(`openwrt/${name}/Makefile`, () => {
    let out: string;
    let one: Package;
    before(() => {
      const found = table.find((each) => each.name === name);
      assert.ok(found);
      one = found;
      out = runMakefile(name);
    });
    const said = (file: string): string => readFileSync(join(out, file), 'utf8');

    it('installs the files of the .ipk: the same paths, modes and contents', () => {
      const content = (source: string): string =>
        readFileSync(
          source.startsWith('dist/') ? join(dist, source.slice(5)) : join(projectRoot, source),
          'utf8',
        );
      const kept = one.conffiles?.filter(isFolder).map((path) => `${path}\n`) ?? [];
      const expected = [
        ...one.files.map(([path, mode, source]) => [path, mode, content(source)] as const),
        ...(kept.length > 0 ? [[`/lib/upgrade/keep.d/${name}`, 0o644, kept.join('')] as const] : []),
      ];
      assert.deepEqual(
        filesIn(join(out, 'root')),
        expected.sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    });

    it('says the same version, dependencies, licence, section, user, address and architecture', () => {
      const [version, depends, license, licenseFiles, section, user, url, arch, maintainer] =
        said('fields').split('|');
      const wanted = depends?.split(' ').filter((each) => !each.startsWith('@')); // those are choices of the build
      assert.deepEqual(
        wanted,
        one.depends.map((each) => `+${each.split(' | ')[0]}`), // a feed in an SDK has node
      );
      assert.deepEqual(
        [version, maintainer, license, licenseFiles, section, user, url],
        [
          one.version,
          one.maintainer,
          one.license,
          one.licenseFiles,
          one.section,
          one.requireUser ?? '',
          one.url ?? '',
        ],
      );
      assert.equal(arch === 'all', one.architectures.includes('all'));
    });

    it('says the same description, conffiles, postinst and postrm', () => {
      assert.equal(said('description').replace(/^ +/gm, '').trim(), one.description);
      assert.deepEqual(
        said('conffiles').split('\n').filter(Boolean),
        one.conffiles?.filter((path) => !isFolder(path)) ?? [],
      );
      const postinst =
        one.postinst === undefined ? '' : readFileSync(join(projectRoot, one.postinst), 'utf8');
      // luci.mk has one for every app: a second one would run besides
      assert.equal(said('postinst').trim(), name.startsWith('luci-') ? 'LUCI_POSTINST' : postinst.trim());
      const postrm = one.postrm === undefined ? '' : readFileSync(join(projectRoot, one.postrm), 'utf8');
      assert.equal(said('postrm').trim(), postrm.trim());
    });
  });
}

describe('the source release', () => {
  it('is the same bytes when it is made again, and has nothing of the tests', () => {
    const again = tempDir(thisFile, 'release');
    runBuild('sourcerelease.mjs', ['--out', again, '--esbuild', join(projectRoot, 'node_modules/esbuild')]);
    const [name = ''] = readdirSync(again);
    assert.match(name, /^nunect-\d+\.\d+\.\d+.*\.tar\.gz$/);
    assert.ok(readFileSync(join(again, name)).equals(readFileSync(join(dist, name))));
    const listed = execFileSync('tar', ['-tzf', join(again, name)], { encoding: 'utf8' });
    assert.match(listed, /\/agent\/main\.ts\n/);
    assert.doesNotMatch(listed, /\/test\/|\/dist\//);
  });

  it('pins the esbuild of package.json', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
    const release = readFileSync(join(projectRoot, 'build/sourcerelease.mjs'), 'utf8');
    assert.equal(/version: '([^']+)'/.exec(release)?.[1], devDependencies.esbuild);
  });
});

describe('a package that unpacks its source itself', () => {
  it('keeps the patches of a feed', () => {
    const makefile = readFileSync(join(projectRoot, 'openwrt/nats-server/Makefile'), 'utf8');
    assert.match(makefile, /define Build\/Prepare\n(\t.*\n)*\t\$\(Build\/Patch\)\nendef/);
  });
});

describe('the pinned release of nats-server', () => {
  const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
  const go = (): string => /nats-server\/v2 v(\S+)/.exec(read('openwrt/nats-server/go.mod'))?.[1] ?? '';

  it('is the same for the packages, their licences, the checksums and the tests', () => {
    assert.match(read('openwrt/nats-server/go.sum'), new RegExp(`nats-server/v2 v${go()} h1:`));
    assert.match(
      read('openwrt/nats-server/THIRD_PARTY.txt'),
      new RegExp(`^github.com/nats-io/nats-server/v2 v${go()}$`, 'm'),
    );
    assert.match(read('build/tools.sh'), new RegExp(`^nats_server=v${go()}$`, 'm'));
  });
});
