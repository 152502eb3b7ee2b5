// The index of a feed as OpenWrt's scripts/ipkg-make-index.sh and package/Makefile write it.
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

/** The content of one member of an uncompressed tar archive. */
function member(archive, name) {
  for (let at = 0; at < archive.length; ) {
    const field = (offset, length) =>
      archive.toString('latin1', at + offset, at + offset + length).split('\0')[0];
    const size = Number.parseInt(field(124, 12), 8) || 0;
    if (field(0, 100) === name) return archive.subarray(at + 512, at + 512 + size);
    at += 512 + 512 * Math.ceil(size / 512);
  }
  throw new Error(`no ${name} in the archive`);
}

const dropped = /^(Maintainer|LicenseFiles|Source|SourceName|Require|SourceDateEpoch)[^\n]*\n/gm;

function entry({ name, content }) {
  const control = member(gunzipSync(member(gunzipSync(content), './control.tar.gz')), './control').toString();
  const sha256 = createHash('sha256').update(content).digest('hex');
  const added = `Filename: ${name}\nSize: ${content.length}\nSHA256sum: ${sha256}\nDescription:`;
  return `${control.replace(dropped, '').replace(/^Description:/m, added)}\n`;
}

/** The file `Packages` of .ipk files ({name, content}). */
export const opkgIndex = (ipks) =>
  Buffer.from(
    [...ipks]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(entry)
      .join(''),
  );
