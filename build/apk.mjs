// The same packages for OpenWrt 25.12 and later, made by apk-tools 3 from what include/package-pack.mk would give it.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { shippedBy } from './shipped.mjs';

/** Why apk packages cannot be made here and what to do; undefined where they can. */
export function lackOfApk(apk) {
  const { error, stdout = '' } = spawnSync(apk, ['--version'], { encoding: 'utf8' });
  const advice =
    'apk-tools 3 is staging_dir/host/bin/apk of an OpenWrt 25.12 SDK, the package apk-tools of Alpine 3.23, or built from ' +
    'https://gitlab.alpinelinux.org/alpine/apk-tools; then: make feed APK=/path/to/apk';
  if (error !== undefined) return `there is no '${apk}' here. ${advice}`;
  if (!/^apk-tools 3\./.test(stdout)) return `'${apk}' is ${stdout.trim() || 'no apk-tools'}. ${advice}`;
  if (process.getuid?.() === 0 || spawnSync('fakeroot', ['-v']).error === undefined) return undefined;
  return "files in packages belong to root: run it as root, or install 'fakeroot'";
}

/** Files belong to whom apk sees as their owner; who is not root pretends by fakeroot. */
function runApk(apk, args, epoch) {
  const [command, ...first] = process.getuid?.() === 0 ? [apk] : ['fakeroot', apk];
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  execFileSync(command, [...first, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

const functions = `[ -s \${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. \${IPKG_INSTROOT}/lib/functions.sh
`;

/** The scripts of a package by apk's names for them. */
function scriptsOf({ name, preinst, postinst, postrm }, read) {
  const known = `${functions}export root="\${IPKG_INSTROOT}"\nexport pkgname="${name}"\n`;
  const install = `[ "\${IPKG_NO_SCRIPT}" = "1" ] && exit 0\n${known}add_group_and_user\ndefault_postinst\n${postinst === undefined ? '' : read(postinst)}`;
  const remove = `#!/bin/sh\n${known}default_prerm\n`;
  const before = preinst === undefined ? {} : { 'pre-install': read(preinst), 'pre-upgrade': read(preinst) };
  return {
    ...before,
    'post-install': `#!/bin/sh\n${install}`,
    'post-upgrade': `#!/bin/sh\nexport PKG_UPGRADE=1\n${install}`,
    'pre-deinstall': remove,
    ...(postrm === undefined ? {} : { 'post-deinstall': read(postrm) }),
  };
}

/** What OpenWrt's scripts on the router want to know of a package, in /lib/apk/packages. */
function notesOf({ name, requireUser }, { files, conffiles }) {
  const lines = (all) => all.map((line) => `${line}\n`).join('');
  const sha256 = (path) => {
    const [, , content] = files.find(([one]) => one === path) ?? [];
    return createHash('sha256').update(content).digest('hex');
  };
  const paths = files.map(([path]) => path);
  if (requireUser !== undefined) paths.push(`/lib/apk/packages/${name}.rusers`); // the list names this note, not the others
  const notes = { list: lines(paths.sort()) };
  if (requireUser !== undefined) notes.rusers = lines([requireUser]);
  if (conffiles.length > 0) {
    notes.conffiles = lines(conffiles);
    notes.conffiles_static = lines(conffiles.map((path) => `${path} ${sha256(path)}`));
  }
  return Object.entries(notes).map(([kind, text]) => [`/lib/apk/packages/${name}.${kind}`, 0o644, text]);
}

/** Makes the .apk of a package of the table for one architecture in `folder`, and gives its path. */
export function apkPackage(apk, one, architecture, read, epoch, folder) {
  const work = mkdtempSync(join(tmpdir(), 'nunect-apk-'));
  try {
    const put = (path, mode, content) => {
      mkdirSync(dirname(join(work, path)), { recursive: true, mode: 0o755 });
      writeFileSync(join(work, path), content);
      chmodSync(join(work, path), mode); // whatever the umask
    };
    const shipped = shippedBy(one, read);
    for (const [path, mode, content] of [...shipped.files, ...notesOf(one, shipped)])
      put(`files${path}`, mode, content);
    const scripts = Object.entries(scriptsOf(one, read)).flatMap(([kind, text]) => {
      put(`scripts/${kind}`, 0o755, text);
      return ['--script', `${kind}:${join(work, 'scripts', kind)}`];
    });
    const info = {
      name: one.name,
      version: one.version,
      description: one.description.replaceAll('\n', ' '),
      arch: architecture === 'all' ? 'noarch' : architecture,
      license: one.license,
      origin: one.source,
      url: one.url ?? '',
      maintainer: one.maintainer ?? '',
      // apk knows no choice: the last one named is the virtual package that each of them provides
      depends: one.depends?.map((each) => each.split(' | ').at(-1)).join(' ') ?? '',
      provides: one.provides?.join(' ') ?? '',
    };
    const about = Object.entries(info).flatMap(([key, value]) =>
      value === '' ? [] : ['--info', `${key}:${value}`],
    );
    const output = join(folder, `${one.name}-${one.version}.apk`);
    runApk(apk, ['mkpkg', ...about, ...scripts, '--files', join(work, 'files'), '--output', output], epoch);
    return output;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Writes packages.adb of .apk files, signed; it vouches for them by their hashes, so that they need no signature. */
export function apkIndex(apk, files, key, folder, epoch) {
  runApk(
    apk,
    ['mkndx', '--allow-untrusted', '--sign-key', key, '--output', join(folder, 'packages.adb'), ...files],
    epoch,
  );
}
