// What OpenWrt's scripts/ipkg-build and include/package-pack.mk would write for a package of the table.
import { controlFile, postinst, prerm } from './ipkcontrol.mjs';
import { shippedBy } from './shipped.mjs';
import { gzip } from './source.mjs';
import { tar, treeOf } from './tar.mjs';

const text = (lines) => Buffer.from(lines);
const member = (path, content, mode = 0o644) => ({ path: `./${path}`, mode, content });

/**
 * An .ipk of one package for one architecture, byte for byte the same each time. `read` gives the content of a file by
 * its path in the project, `epoch` is the time of everything in it, in s.
 */
export function ipk(one, architecture, read, epoch) {
  const { preinst, postinst: own, postrm } = one;
  const { files, conffiles } = shippedBy(one, read);
  const data = tar(treeOf(files.map(([path, mode, content]) => ({ path, mode, content }))), epoch);
  const meta = [
    { path: '.', mode: 0o755 },
    ...(conffiles.length > 0
      ? [member('conffiles', text(conffiles.map((path) => `${path}\n`).join('')))]
      : []),
    member('control', text(controlFile(one, architecture, epoch, data.length))),
    member('postinst', text(postinst), 0o755),
    ...(own === undefined ? [] : [member('postinst-pkg', read(own), 0o755)]),
    ...(postrm === undefined ? [] : [member('postrm', read(postrm), 0o755)]),
    ...(preinst === undefined ? [] : [member('preinst', read(preinst), 0o755)]),
    member('prerm', text(prerm), 0o755),
  ];
  // unlike in the inner archives, this order is not that of the names
  const members = [
    member('debian-binary', text('2.0\n')),
    member('data.tar.gz', gzip(data)),
    member('control.tar.gz', gzip(tar(meta, epoch))),
  ];
  return gzip(tar(members, epoch));
}
