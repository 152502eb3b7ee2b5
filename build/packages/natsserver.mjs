import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { packageVersion } from '../ipkcontrol.mjs';
import { nunect } from './nunect.mjs';

const module = resolve(import.meta.dirname, '../../openwrt/nats-server/go.mod');
const [, version] = /nats-server\/v2 v(\S+)/.exec(readFileSync(module, 'utf8')) ?? [];

const arm64 = { GOARCH: 'arm64', GOARM64: 'v8.0' };

/**
 * Go's settings for each architecture of OpenWrt (its ARCH_PACKAGES; opkg takes no package of another name). A static
 * program depends on the instruction set only, so that names which differ in tuning share one.
 */
export const goTargets = {
  'aarch64_cortex-a53': arm64, // BPi-R4 and the other mediatek/filogic boards
  'aarch64_cortex-a72': arm64,
  aarch64_generic: arm64,
  'arm_cortex-a7': { GOARCH: 'arm', GOARM: '7,softfloat' }, // software floating point (mt7629)
  'arm_cortex-a7_neon-vfpv4': { GOARCH: 'arm', GOARM: '7' },
  mipsel_24kc: { GOARCH: 'mipsle', GOMIPS: 'softfloat' },
  x86_64: { GOARCH: 'amd64', GOAMD64: 'v1' },
};

/** The server that a unit's leaf runs: as upstream releases it, without a config or service of its own. */
export const natsServer = {
  name: 'nats-server',
  version: packageVersion(version, 1),
  architectures: Object.keys(goTargets),
  maintainer: nunect.maintainer,
  depends: ['ca-bundle'], // Go reads the certificates of public authorities from there
  source: 'openwrt/nats-server',
  license: 'Apache-2.0',
  licenseFiles: 'LICENSE',
  section: 'net',
  url: 'https://nats.io',
  description: `Server of the NATS messaging system
Built from the Go module of the release.`,
  changedBy: ['openwrt/nats-server', 'build/packages/natsserver.mjs'], // no other commit makes it a newer package
  postinst: 'openwrt/nats-server/postinst',
  postrm: 'openwrt/nats-server/postrm',
  files: [
    ['/usr/bin/nats-server', 0o755, 'dist/nats-server'],
    ['/usr/share/nats-server/THIRD_PARTY.txt', 0o644, 'openwrt/nats-server/THIRD_PARTY.txt'],
  ],
};
