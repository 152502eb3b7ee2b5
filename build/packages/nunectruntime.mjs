import { packageVersion } from '../ipkcontrol.mjs';
import { nunect } from './nunect.mjs';

const version = '1.4.5';

/** Bun as its makers publish it on npm for aarch64 and musl. A newer one is for the end-to-end suite to judge first. */
export const bunTarball = {
  name: '@oven/bun-linux-aarch64-musl',
  version,
  // of the registry: npm view @oven/bun-linux-aarch64-musl@1.4.5 dist.integrity
  integrity:
    'sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==',
};

/** What runs nunect where the feed has no node (OpenWrt 25.12). Some 100 MB on flash. */
export const nunectRuntime = {
  name: 'nunect-runtime',
  version: packageVersion(version, 1),
  architectures: ['aarch64_cortex-a53', 'aarch64_cortex-a72', 'aarch64_generic'],
  optional: true, // a feed does without it
  maintainer: nunect.maintainer,
  depends: ['libstdcpp6'],
  provides: ['nunect-javascript'],
  source: 'openwrt/nunect-runtime',
  license: 'MIT',
  licenseFiles: 'NOTICE',
  section: 'lang',
  url: 'https://bun.com',
  description: `Bun, to run nunect where there is no node
For eMMC, SD card or NVMe: 100 MB on flash, never on NAND.`,
  preinst: 'openwrt/nunect-runtime/preinst',
  postinst: 'openwrt/nunect-runtime/postinst',
  changedBy: ['openwrt/nunect-runtime', 'build/packages/nunectruntime.mjs'],
  files: [
    ['/usr/lib/nunect/bun', 0o755, 'dist/bun'],
    ['/usr/share/nunect-runtime/NOTICE', 0o644, 'openwrt/nunect-runtime/NOTICE'],
  ],
};
