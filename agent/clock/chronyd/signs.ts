import { accessSync, constants, existsSync } from 'node:fs';

/** Whether a file is there and we may use it: a socket that we may not use does not reach chronyd. */
export type IsFileUsable = (path: string) => boolean;

/** By the file system: a command socket must be writable, a pid file readable. */
export const isFileUsable: IsFileUsable = (path) => {
  if (!existsSync(path)) return false; // as usual: an exception costs ten times as much
  try {
    accessSync(path, path.endsWith('.sock') ? constants.W_OK : constants.R_OK);
    return true;
  } catch {
    return false;
  }
};

/** Signs of a chronyd that does not answer UDP: its command socket, its pid file. */
export interface ChronydSigns {
  readonly sockets: readonly string[];
  readonly pidFiles: readonly string[];
}

/** Where OpenWrt and Debian put them. */
export const usualSigns: ChronydSigns = {
  sockets: ['/var/run/chrony/chronyd.sock', '/run/chrony/chronyd.sock'],
  pidFiles: ['/var/run/chrony/chronyd.pid', '/run/chrony/chronyd.pid', '/var/run/chronyd.pid'],
};
