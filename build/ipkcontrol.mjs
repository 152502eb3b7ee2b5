// What the control part of a package says, where it is not just text.

const semver = /^(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;
const stage = /^(alpha|beta|pre|rc)\.?(\d*)$/;

/**
 * The version of a package in the grammar of OpenWrt 24.10 and apk: `1.0.0-rc.2` of npm is `1.0.0_rc2-r1`. One that
 * has no place in it throws; build metadata (`+...`) is left out, as it does not order versions.
 */
export function packageVersion(version, release) {
  const [, numbers, prerelease] = semver.exec(version) ?? [];
  if (numbers === undefined) throw new Error(`version '${version}' is not X.Y.Z or X.Y.Z-rc.N`);
  if (prerelease === undefined) return `${numbers}-r${release}`;
  const [, name, count] = stage.exec(prerelease) ?? [];
  if (name === undefined) throw new Error(`version '${version}' may only be an alpha, beta, pre or rc`);
  return `${numbers}_${name}${count}-r${release}`;
}

const addField = (name, value) => (value === undefined || value === '' ? '' : `${name}: ${value}\n`);

/**
 * The file `control` of a package of the table for one architecture; fields in the order of OpenWrt's package-pack.mk.
 * `installedSize` is that of the unpacked data archive, in bytes; `epoch` in s.
 */
export function controlFile(one, architecture, epoch, installedSize) {
  return [
    addField('Package', one.name),
    addField('Version', one.version),
    addField('Depends', one.depends?.join(', ')),
    addField('Conflicts', one.conflicts?.join(', ')),
    addField('Provides', one.provides?.join(', ')),
    addField('Source', one.source),
    addField('SourceName', one.name),
    addField('License', one.license),
    addField('LicenseFiles', one.licenseFiles),
    addField('Section', one.section),
    addField('Require-User', one.requireUser),
    addField('SourceDateEpoch', epoch),
    addField('URL', one.url),
    addField('Maintainer', one.maintainer),
    addField('Architecture', architecture),
    addField('Installed-Size', installedSize),
    addField('Description', one.description.replaceAll('\n', '\n ')),
  ].join('');
}

/** As OpenWrt generates them: its own functions see to users, services, uci-defaults and the package's own postinst-pkg. */
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
