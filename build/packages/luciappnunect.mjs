import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nunect } from './nunect.mjs';

const source = 'openwrt/luci-app-nunect';
const folder = resolve(import.meta.dirname, '../..', source);
const programs = ['/usr/libexec/'];

/** What luci.mk installs of an app: htdocs below /www, root below /. */
const filesBelow = (part, target) =>
  readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, part).length))
    .sort()
    .map((path) => {
      const mode = programs.some((start) => path.startsWith(start)) ? 0o755 : 0o644;
      return [`${target}${path}`, mode, `${source}/${part}${path}`];
    });

/** Status and settings of the agent in LuCI, the web interface of OpenWrt. */
export const luciAppNunect = {
  name: 'luci-app-nunect',
  version: nunect.version,
  architectures: ['all'],
  maintainer: nunect.maintainer,
  depends: ['luci-base', 'nunect', 'rpcd'],
  source,
  license: 'Apache-2.0',
  licenseFiles: '',
  section: 'luci',
  postinst: 'openwrt/luci-app-nunect/postinst', // luci.mk has it for every app
  postrm: 'openwrt/luci-app-nunect/postrm',
  description: 'LuCI support for the nunect leaf agent: its status and settings under Services',
  files: [...filesBelow('root', ''), ...filesBelow('htdocs', '/www')],
};
