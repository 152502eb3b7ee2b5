// What the control part of a package says, where it is not just text.

const semver = /^(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;
const stage = /^(alpha|beta|pre|rc)\.?(\d*)$/;

/**
 * The version of a package in the grammar of OpenWrt 24.10 and apk: `1.0.0-rc.2` of npm is `1.0.0_rc2-r1`. One that
 * has no place in it throws; build metadata (`+...`) is left out, as it does not order versions.
 */
export function ipkVersion(version, release) {
  const [, numbers, prerelease] = semver.exec(version) ?? [];
  if (numbers === undefined) throw new Error(`version '${version}' is not X.Y.Z or X.Y.Z-rc.N`);
  if (prerelease === undefined) return `${numbers}-r${release}`;
  const [, name, count] = stage.exec(prerelease) ?? [];
  if (name === undefined) throw new Error(`version '${version}' may only be an alpha, beta, pre or rc`);
  return `${numbers}_${name}${count}-r${release}`;
}

/** As OpenWrt generates them: its own functions see to users, services and uci-defaults. */
export const postinst = `#!/bin/sh
[ "\${IPKG_NO_SCRIPT}" = "1" ] && exit 0
[ -s \${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. \${IPKG_INSTROOT}/lib/functions.sh
default_postinst $0 $@
`;

/** The same for a removal. */
export const prerm = `#!/bin/sh
[ -s \${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. \${IPKG_INSTROOT}/lib/functions.sh
default_prerm $0 $@
`;
