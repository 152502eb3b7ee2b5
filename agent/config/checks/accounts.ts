import { readOrUndefined } from '../../lib/files.ts';
import { known } from '../../lib/known.ts';
import type { Account, Users } from './access.ts';

/** The user and the group that nats-server and the agent run as on a router. */
const daemonUser = 'nunect';

const entriesOf = (text: string): string[][] => text.split('\n').map((line) => line.split(':'));

/** An account by the text of /etc/passwd and /etc/group; undefined when it is not in them. */
export function findAccount(name: string, passwd: string, group: string): Account | undefined {
  const entry = entriesOf(passwd).find(([login]) => login === name);
  const [uid, gid] = [Number(entry?.[2] || Number.NaN), Number(entry?.[3] || Number.NaN)];
  if (!Number.isInteger(uid) || !Number.isInteger(gid)) return undefined;
  const others = entriesOf(group)
    .filter(([, , , members = '']) => members.split(',').includes(name))
    .map(([, , id]) => Number(id));
  return { name, uid, gids: [...new Set([gid, ...others])] };
}

const read = (path: string): string => readOrUndefined(path) ?? '';

/** The accounts that matter here: when root looks, the daemons run as user nunect, else as who looks. */
export function usersOf(): Users {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  const self = { uid, gid };
  if (uid !== 0)
    return { self, daemon: { name: String(uid), uid, gids: [gid, ...(process.getgroups?.() ?? [])] } };
  return { self, daemon: findAccount(daemonUser, read('/etc/passwd'), read('/etc/group')) };
}

/** An account, as node's child_process takes it. */
export interface Ids {
  readonly uid?: number;
  readonly gid?: number;
}

/** For child_process: as whom the daemons run, where root starts a program; undefined where it has no account for them. */
export function daemonIds(): Ids | undefined {
  if (process.geteuid?.() !== 0) return {};
  const { daemon } = usersOf();
  return daemon && known({ uid: daemon.uid, gid: daemon.gids[0] });
}
