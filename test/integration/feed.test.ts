import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { packageEpoch, runBuild, unpackIpk } from '../kit/openwrt/ipk.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { lacking, projectRoot, tool } from '../kit/process/tools.ts';

const native = { x64: 'x86_64', arm64: 'aarch64_generic' }[process.arch as string] ?? '';
let unitFiles: readonly string[];
before(async () => {
  ({ unitFiles } = await import(join(projectRoot, 'build/unitfiles.mjs'))); // a plain program without types
});
const thisFile = { after: () => {} }; // its directories go when the process ends
const text = (...path: string[]): string => readFileSync(join(...path), 'utf8');

/** The entries of a file Packages: fields by their names, of the description its first line. */
const entriesOf = (index: string): Record<string, string>[] =>
  index
    .split('\n\n')
    .filter((entry) => entry.trim() !== '')
    .map((entry) => Object.fromEntries([...entry.matchAll(/^([\w-]+): (.*)$/gm)].map(([, k, v]) => [k, v])));

describe('make feed-key', () => {
  it("writes two keys for their owner's eyes only, and none in place of others", (t) => {
    const env = { NUNECT_FEED_KEYS: join(tempDir(t, 'keys'), 'new') };
    assert.equal(runBuild('feedkey.mjs', [], env).status, 0);
    const folder = env.NUNECT_FEED_KEYS;
    const content = () => readdirSync(folder).map((name) => [name, text(folder, name)]);
    const first = content();
    assert.deepEqual(
      first.map(([name]) => name),
      ['apk.pem', 'usign.sec'],
    );
    for (const [name = ''] of first) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
    const again = runBuild('feedkey.mjs', [], env);
    assert.deepEqual([again.status, again.stdout], [1, '']);
    assert.match(again.stderr, /usign\.sec exists already and stays/);
    assert.deepEqual(content(), first);
  });
});

describe('make packages', () => {
  for (const [what, go, complaint] of [
    ['without Go', '', 'there is no Go here'],
    ['with an old Go', 'echo go version go1.19.8 linux/amd64', 'Go is 1\\.19\\.8'],
    [
      'with a Go that may not fetch a newer one',
      'echo go.mod requires more >&2; exit 1',
      'Go says: go\\.mod requires more',
    ],
  ] as const)
    it(`${what} builds the rest, and says what is missing and how to get it`, (t) => {
      const dir = tempDir(t, 'packages');
      mkdirSync(join(dir, 'dist'));
      for (const name of [
        ...unitFiles.map((file) => `${file}.cjs`),
        'THIRD_PARTY.txt',
        'nunect-hub.cjs',
        'THIRD_PARTY-hub.txt',
      ])
        writeFileSync(join(dir, 'dist', name), 'x');
      execFileSync('node', [join(projectRoot, 'build/client.mjs'), '--out', join(dir, 'dist')]);
      if (go !== '') writeFileSync(join(dir, 'go'), `#!/bin/sh\n${go}\n`, { mode: 0o755 });
      const args = ['--dist', join(dir, 'dist'), '--out', join(dir, 'out')];
      const { status, stderr } = runBuild('packages.mjs', args, { PATH: dir });
      assert.equal(status, 0);
      assert.match(
        stderr,
        new RegExp(
          `^packages: nats-server is left out: ${complaint}\\. Install Go 1\\.\\d+\\.\\d+ or newer .*\\npackages: nunect-runtime .*\\n$`,
        ),
      );
      const made = readdirSync(join(dir, 'out')).map((name) => name.split('_')[0]);
      assert.ok(made.includes('nunect') && !made.includes('nats-server'), `${made}`);
      for (const start of ['nunect-hub-', 'nunect-client-'])
        assert.ok(
          made.some((name) => name?.startsWith(start)),
          `${made}`,
        );
    });

  for (const [args, complaint] of [
    [['--arch', 'x86_64,mips'], /no architecture 'mips'; allowed: aarch64_cortex-a53, /],
    [['--only', 'nunet'], /no package 'nunet'; allowed: .*nats-server.*nunect/],
  ] as const)
    it(`refuses ${args.join(' ')}`, () => {
      const { status, stderr } = runBuild('packages.mjs', args);
      assert.equal(status, 2);
      assert.match(stderr, complaint);
    });
});

describe('the package of nats-server and the feed', { skip: native === '' || lacking('go') }, () => {
  let dir: string;
  let feed: string;
  let env: { NUNECT_FEED_KEYS: string };
  const ipkOf = (): string => {
    const found = readdirSync(join(dir, 'packages')).find((name) => /^nats-server_.*\.ipk$/.test(name));
    return join(dir, 'packages', found ?? '');
  };
  const makeFeed = (out: string, apk: string) =>
    runBuild(
      'feed.mjs',
      ['--dist', dir, '--packages', join(dir, 'packages'), '--out', out, '--apk', apk],
      env,
    );

  before(() => {
    dir = tempDir(thisFile, 'feed');
    for (const build of ['bundle.mjs', 'client.mjs'])
      execFileSync('node', [join(projectRoot, 'build', build), '--out', dir]);
    const made = runBuild('packages.mjs', ['--dist', dir, '--out', join(dir, 'packages'), '--arch', native]);
    assert.equal(made.status, 0, made.stderr);
    env = { NUNECT_FEED_KEYS: join(dir, 'keys') };
    feed = join(dir, 'feed');
  });

  it('without keys is refused, with what to do', () => {
    const { status, stderr } = makeFeed(feed, 'no-apk');
    assert.equal(status, 1);
    assert.match(stderr, /^feed: there is no key .*usign\.sec: make feed-key/);
    assert.equal(runBuild('feedkey.mjs', [], env).status, 0);
  });

  it('has the program, static, stripped, without a trace of this machine, and the licences', (t) => {
    const { dir: open } = unpackIpk(ipkOf(), tempDir(t, 'server'));
    assert.deepEqual(readdirSync(join(open, 'control')), [
      'control',
      'postinst',
      'postinst-pkg',
      'postrm',
      'prerm',
    ]);
    const program = join(open, 'data/usr/bin/nats-server');
    const [, version] = /_(\d+\.\d+\.\d+)-r\d+_/.exec(ipkOf()) ?? [];
    assert.equal(execFileSync(program, ['--version'], { encoding: 'utf8' }), `nats-server: v${version}\n`);
    const bytes = readFileSync(program);
    assert.ok(!bytes.includes('/ld-linux') && !bytes.includes('/ld-musl'), 'it wants a loader');
    assert.ok(!bytes.includes('.symtab') && !bytes.includes('.debug_info'), 'it is not stripped');
    assert.ok(!bytes.includes(projectRoot), 'it names the folder it was built in');
    const terms = text(open, 'data/usr/share/nats-server/THIRD_PARTY.txt');
    const modules = execFileSync('go', ['version', '-m', program], { encoding: 'utf8' });
    const linked = [...modules.matchAll(/^\tdep\t(\S+)\t(\S+)/gm)];
    assert.ok(linked.length > 5);
    for (const [, name, release] of linked) assert.ok(terms.includes(`\n${name} ${release}\n`), name);
    assert.match(terms, /\nThe Go standard library\n/);
  });

  it('is the same bytes when it is built again', () => {
    const before = readFileSync(ipkOf());
    const out = join(dir, 'again');
    const args = ['--dist', join(dir, 'other'), '--out', out, '--arch', native, '--only', 'nats-server'];
    assert.equal(runBuild('packages.mjs', args).status, 0);
    assert.ok(readFileSync(ipkOf().replace('/packages/', '/again/')).equals(before));
  });

  it('has an index with the fields, sizes and sums of its packages, signed with its key', () => {
    const { status, stderr } = makeFeed(feed, 'no-apk');
    assert.equal(status, 0, stderr);
    const at = join(feed, native);
    const index = readFileSync(join(at, 'Packages'));
    assert.ok(gunzipSync(readFileSync(join(at, 'Packages.gz'))).equals(index));
    const entries = entriesOf(index.toString());
    assert.deepEqual(
      entries.map((entry) => [
        entry['Package'],
        Object.keys(entry).slice(-4),
        entry['Source'],
        entry['Require-User'],
      ]),
      ['luci-app-nunect', 'nats-server', 'nunect'].map((name) => {
        return [name, ['Filename', 'Size', 'SHA256sum', 'Description'], undefined, undefined];
      }),
    );
    for (const { Filename = '', Size, SHA256sum } of entries) {
      const content = readFileSync(join(at, Filename));
      assert.equal(Number(Size), content.length);
      assert.equal(SHA256sum, createHash('sha256').update(content).digest('hex'));
    }
    const bytes = (file: string): Buffer => Buffer.from(text(file).split('\n')[1] ?? '', 'base64');
    const [signature, publicKey] = [bytes(join(at, 'Packages.sig')), bytes(join(feed, 'nunect.pub'))];
    assert.ok(
      signature.subarray(0, 10).equals(publicKey.subarray(0, 10)),
      'the algorithm or the fingerprint differs',
    );
    const x = publicKey.subarray(10).toString('base64url');
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
    assert.ok(verify(null, index, key, signature.subarray(10)));
    assert.ok(!verify(null, Buffer.concat([index, Buffer.from('\n')]), key, signature.subarray(10)));
  });

  it('without apk leaves out what only apk can make, and says how to get it', () => {
    const { status, stderr } = makeFeed(feed, 'no-apk');
    assert.equal(status, 0);
    assert.match(
      stderr,
      /^feed: without \.apk and packages\.adb for OpenWrt 25\.12: there is no 'no-apk' here\. .*make feed APK=/,
    );
    assert.deepEqual(readdirSync(feed).sort(), ['nunect.pub', native]);
  });

  // OpenWrt's own tools are no part of `make test`: whoever has built them (docs/feed.md) has them in PATH
  const [usign, apkTools] = [tool('usign'), tool('apk')];
  if (usign !== undefined)
    it('verifies with the usign of OpenWrt', () => {
      const at = (name: string): string => join(feed, native, name);
      const args = [
        '-V',
        '-q',
        '-p',
        join(feed, 'nunect.pub'),
        '-m',
        at('Packages'),
        '-x',
        at('Packages.sig'),
      ];
      execFileSync(usign, args);
    });

  if (apkTools !== undefined)
    it('has the same files for apk, and an index that its key vouches for', (t) => {
      const out = join(dir, 'feed-apk');
      assert.equal(makeFeed(out, apkTools).status, 0);
      const at = join(out, native);
      const root = tempDir(t, 'root');
      mkdirSync(join(root, 'etc/apk/keys'), { recursive: true });
      writeFileSync(join(root, 'etc/apk/arch'), `${native}\nnoarch\n`);
      const apk = (...args: string[]): string =>
        execFileSync(apkTools, ['--root', root, '--no-network', ...args], { encoding: 'utf8' });
      const list = () => apk('list', '--available', '--repository', join(at, 'packages.adb'));
      apk('add', '--initdb');
      assert.equal(list(), '');
      writeFileSync(join(root, 'etc/apk/keys/nunect.pem'), readFileSync(join(out, 'nunect.pem')));
      assert.match(list(), /^luci-app-nunect-.*\nnats-server-.*\nnunect-\d+\.\d+\.\d+/);
      const file = readdirSync(at).find((name) => /^nunect-.*\.apk$/.test(name)) ?? '';
      const dump = apk('adbdump', join(at, file));
      assert.match(dump, /name: nunect\n {8}acl:\n {10}mode: 0600\n {10}user: root\n {10}group: root\n/);
      assert.match(dump, new RegExp(`mtime: ${packageEpoch}\n`));
      assert.match(dump, /arch: noarch\n/);
    });
});
