// Builds dist/packages/nunect_<version>-r<release>_all.ipk of the bundle, byte for byte the same each time; what
// OpenWrt's scripts/ipkg-build and include/package-pack.mk would write for these files. Needs nothing but node.
//   node build/ipk.mjs [--bundle dist] [--out dist/packages]
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ipkVersion, postinst, prerm } from './ipkcontrol.mjs';
import { tar, treeOf } from './tar.mjs';

const release = 1; // goes up when only the packaging changes

const root = resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    bundle: { type: 'string', default: 'dist' },
    out: { type: 'string', default: 'dist/packages' },
  },
});

/** Time of everything in the package, in s: SOURCE_DATE_EPOCH, else that of the commit. */
function sourceTime() {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) {
    if (!/^\d{1,11}$/.test(given)) throw new Error(`SOURCE_DATE_EPOCH '${given}' must be seconds since 1970`);
    return Number(given);
  }
  try {
    const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
    return Number(execFileSync('git', ['log', '-1', '--format=%ct'], options));
  } catch (error) {
    throw new Error('git does not tell the time of the commit: set SOURCE_DATE_EPOCH', { cause: error });
  }
}

/** Like `gzip -n`: neither name nor time; the byte for the system is unix whatever zlib was built for. */
function gzip(content) {
  const packed = gzipSync(content, { level: 9 });
  packed[9] = 3;
  return packed;
}

const from = (path) => readFileSync(resolve(root, path));
const packaged = (name) => from(join('openwrt/nunect', name));
const text = (lines) => Buffer.from(lines);

const { version } = JSON.parse(from('package.json').toString());
const epoch = sourceTime();
const conffile = '/etc/config/nunect';

const data = tar(
  treeOf([
    { path: conffile, mode: 0o600, content: from('config/nunect') }, // passwords go there
    { path: '/etc/init.d/nunect', mode: 0o755, content: from('procd/nunect') },
    { path: '/etc/init.d/nunect-leaf', mode: 0o755, content: from('procd/nunect-leaf') },
    { path: '/lib/upgrade/keep.d/nunect', mode: 0o644, content: packaged('keep.d') },
    { path: '/usr/bin/nunect', mode: 0o755, content: packaged('launcher') },
    { path: '/usr/lib/nunect/leaf', mode: 0o755, content: packaged('leaf') },
    { path: '/usr/lib/nunect/LICENSE', mode: 0o644, content: from('LICENSE') },
    {
      path: '/usr/lib/nunect/THIRD_PARTY.txt',
      mode: 0o644,
      content: from(join(values.bundle, 'THIRD_PARTY.txt')),
    },
    { path: '/usr/lib/nunect/nunect.cjs', mode: 0o644, content: from(join(values.bundle, 'nunect.cjs')) },
    { path: '/usr/lib/nunect/procd.sh', mode: 0o644, content: from('procd/procd.sh') },
  ]),
  epoch,
);

const fields = {
  VERSION: ipkVersion(version, release),
  SOURCE_DATE_EPOCH: epoch,
  INSTALLED_SIZE: data.length,
};
const control = packaged('control')
  .toString()
  .replace(/@([A-Z_]+)@/g, (_, name) => fields[name]);

const member = (path, content, mode = 0o644) => ({ path: `./${path}`, mode, content });
const meta = tar(
  [
    { path: '.', mode: 0o755 },
    member('conffiles', text(`${conffile}\n`)),
    member('control', text(control)),
    member('postinst', text(postinst), 0o755),
    member('postrm', packaged('postrm'), 0o755),
    member('prerm', text(prerm), 0o755),
  ],
  epoch,
);

// unlike in the inner archives, this order is not that of the names
const members = [
  member('debian-binary', text('2.0\n')),
  member('data.tar.gz', gzip(data)),
  member('control.tar.gz', gzip(meta)),
];
const package_ = gzip(tar(members, epoch));

const out = resolve(root, values.out);
const file = join(out, `nunect_${fields.VERSION}_all.ipk`);
mkdirSync(out, { recursive: true });
writeFileSync(file, package_);
console.log(`${file.replace(`${root}/`, '')}: ${package_.length} bytes, ${data.length} unpacked`);
