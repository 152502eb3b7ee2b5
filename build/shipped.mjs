/**
 * What a package of the table ships: `files` as [path, mode, content], and `conffiles`. As in include/package-pack.mk a
 * folder among the conffiles is no conffile, but a line of /lib/upgrade/keep.d/NAME, by which sysupgrade keeps it.
 */
export function shippedBy({ name, files, conffiles = [] }, read) {
  const kept = conffiles.filter((path) => path.endsWith('/'));
  const content = Buffer.from(kept.map((path) => `${path}\n`).join(''));
  const shipped = files.map(([path, mode, source]) => [path, mode, read(source)]);
  return {
    files: kept.length === 0 ? shipped : [...shipped, [`/lib/upgrade/keep.d/${name}`, 0o644, content]],
    conffiles: conffiles.filter((path) => !kept.includes(path)),
  };
}
