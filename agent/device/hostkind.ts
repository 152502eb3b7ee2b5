import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Kinds of host, by how their services are handled. `bare`: nothing that we know starts services. */
export const hostKinds = ['openwrt', 'systemd', 'bare'] as const;
export type HostKind = (typeof hostKinds)[number];

/** What kind of host has its files under `root`, unless it is told. */
export function hostKind(told: HostKind | 'auto', root = '/'): HostKind {
  if (told !== 'auto') return told;
  const has = (path: string): boolean => existsSync(join(root, path));
  if (has('sbin/procd') || has('etc/openwrt_release')) return 'openwrt';
  return has('run/systemd/system') ? 'systemd' : 'bare'; // which is there only where systemd runs
}
