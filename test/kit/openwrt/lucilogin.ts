import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../process/tools.ts';
import { uciStore } from './ucistore.ts';

/** Status of ubus for what a session may not do. */
export const denied = 6;

interface Group {
  readonly read?: { readonly uci?: readonly string[] };
  readonly write?: { readonly uci?: readonly string[]; readonly file?: object; readonly ubus?: object };
}

/** A login of LuCI with write access to one group of an acl.d file, and to nothing else. */
export interface LuciLogin {
  /** Sets options as the settings page does, and applies them; gives the status of ubus. */
  apply(config: string, section: string, values: Readonly<Record<string, unknown>>): number;
  /** Calls a method of any ubus object; gives its status. */
  call(object: string): number;
}

/**
 * Stands for uhttpd, rpcd's session and its object uci, which are not here: what a session may do is read from the acl.d
 * file that the package ships, and a change is written as root to the file in `etc`/config, as rpcd does.
 */
export function luciLogin(etc: string, group: string): LuciLogin {
  const file = join(projectRoot, 'openwrt/luci-app-nunect/root/usr/share/rpcd/acl.d/luci-app-nunect.json');
  const groups = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Group | undefined>;
  const may = groups[group]?.write ?? {};
  return {
    apply(config, section, values) {
      if (may.uci?.includes(config) !== true) return denied;
      const path = join(etc, 'config', config);
      const store = uciStore(path);
      const [code] = store.call('set', { section, values });
      if (code === 0) writeFileSync(path, store.text());
      return code;
    },
    call: (object) => (object in (may.ubus ?? {}) ? 0 : denied),
  };
}
