import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageVersion } from '../ipkcontrol.mjs';
import { unitFiles } from '../unitfiles.mjs';

const root = resolve(import.meta.dirname, '../..');
const { version, author } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The agent; the same files on every machine. */
export const nunect = {
  name: 'nunect',
  version: packageVersion(version, 1), // the second number goes up when only the packaging changes
  architectures: ['all'],
  maintainer: author,
  // nunect-javascript: a runtime of ours, which is no node to others
  depends: ['node | nunect-javascript', 'nats-server'],
  source: 'openwrt/nunect',
  license: 'Apache-2.0',
  licenseFiles: 'LICENSE',
  section: 'net',
  requireUser: 'nunect=4222:nunect=4222',
  description: `Leaf agent of the nunect NATS backbone
Joins the router to a NATS hub as a leaf, watches its clock (PTP, NTP) and
publishes how far its timestamps can be trusted. Needs node 20 or newer.`,
  conffiles: ['/etc/config/nunect', '/etc/nunect/'], // a folder: kept by sysupgrade, with what is in it
  postrm: 'openwrt/nunect/postrm',
  // where it goes, mode, where it comes from
  files: [
    ['/etc/config/nunect', 0o600, 'config/nunect'], // passwords go there
    ['/etc/hotplug.d/net/50-nunect-time', 0o644, 'openwrt/nunect/hotplug'],
    ['/etc/init.d/nunect', 0o755, 'procd/nunect'],
    ['/etc/init.d/nunect-leaf', 0o755, 'procd/nunect-leaf'],
    ['/etc/init.d/nunect-time', 0o755, 'procd/nunect-time'],
    ['/lib/upgrade/nunect-time.sh', 0o644, 'openwrt/nunect/sysupgrade.sh'],
    ['/usr/bin/nunect', 0o755, 'openwrt/nunect/launcher'],
    ['/usr/lib/nunect/LICENSE', 0o644, 'LICENSE'],
    ['/usr/lib/nunect/THIRD_PARTY.txt', 0o644, 'dist/THIRD_PARTY.txt'],
    ['/usr/lib/nunect/leaf', 0o755, 'openwrt/nunect/leaf'],
    ...unitFiles.map((name) => [`/usr/lib/nunect/${name}.cjs`, 0o644, `dist/${name}.cjs`]),
    ['/usr/lib/nunect/pace.sh', 0o644, 'procd/pace.sh'],
    ['/usr/lib/nunect/procd.sh', 0o644, 'procd/procd.sh'],
    ['/usr/lib/nunect/sysntpd.sh', 0o644, 'procd/sysntpd.sh'],
    ['/usr/lib/nunect/takeover', 0o755, 'openwrt/nunect/takeover'],
    ['/usr/lib/nunect/time', 0o755, 'openwrt/nunect/time'],
    ['/usr/share/bash-completion/completions/nunect', 0o644, 'config/completion/nunect.bash'],
  ],
};
