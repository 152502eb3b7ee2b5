/** Who may do what with a path, as stat tells it. */
export interface Rights {
  /** The permission bits of st_mode; what else is in it does not matter. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** An account of the unit. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** Every group that it is in. */
  readonly gids: readonly number[];
}

/** Whose access counts. */
export interface Users {
  /** Who looks: root on a router, the owner of a laptop. */
  readonly self: { readonly uid: number; readonly gid: number };
  /** Whom nats-server and the agent run as; undefined where there is no such account. */
  readonly daemon: Account | undefined;
}

/** What is needed of a path: 4 to read a file, 1 to pass a directory. */
export type Need = 4 | 1;

/** Whether the kernel would let the account, without capabilities, do it: the first class that fits decides. */
export function isAllowed({ uid, gids }: Account, need: Need, { mode, ...owner }: Rights): boolean {
  if (uid === 0) return true;
  const shift = uid === owner.uid ? 6 : gids.includes(owner.gid) ? 3 : 0;
  return ((mode >> shift) & need) === need;
}

/** What is too wide in the rights of a private file, in words. */
export function excess(
  { mode, uid, gid }: Rights,
  { self, daemon }: Users,
  /** Groups that may read it. */
  readers: readonly number[],
): string[] {
  const owners = [0, self.uid, ...(daemon === undefined ? [] : [daemon.uid])];
  const bits = (others: number, group: number): string[] => [
    ...((mode & others) === 0 ? [] : ['everybody']),
    ...((mode & group) === 0 || (mode & others) !== 0 ? [] : ['its group']),
  ];
  const read = bits(0o004, readers.includes(gid) ? 0 : 0o040);
  const write = bits(0o002, 0o020);
  return [
    ...(owners.includes(uid) ? [] : ['owned by another user']),
    ...read.map((who) => `readable by ${who}`),
    ...write.map((who) => `writable by ${who}`),
  ];
}

/** "mode 0640, owner 0, group 4222", with names where they are known. */
export function describeRights({ mode, uid, gid }: Rights, { daemon }: Users): string {
  const owner = uid === 0 ? 'root' : uid === daemon?.uid ? daemon.name : String(uid);
  const group = gid === 0 ? 'root' : gid === daemon?.gids[0] ? daemon.name : String(gid);
  return `mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, owner ${owner}, group ${group}`;
}
