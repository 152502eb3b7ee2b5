import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** `10.0.0.1` of the kernel's hex words, IPv6 in full. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g)?.map((word) => word.match(/../g)?.reverse() ?? []) ?? [];
  const bytes = words.flat();
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups =
    bytes
      .join('')
      .match(/.{4}/g)
      ?.map((group) => Number.parseInt(group, 16).toString(16)) ?? [];
  return `[${groups.join(':')}]`;
}

/** The sockets of a process on which others can reach it, by the kernel: `tcp 127.0.0.1:4222`, sorted. */
export function listeningSockets(pid: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // closed meanwhile
      }
    }),
  );
  const listen = '0A';
  const unconnected = '07'; // of UDP: from anybody
  return ['tcp', 'tcp6', 'udp', 'udp6']
    .flatMap((kind) =>
      readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
        .split('\n')
        .slice(1)
        .flatMap((line) => {
          const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
          const [address = '', port = ''] = local.split(':');
          const open = state === (kind.startsWith('tcp') ? listen : unconnected) && own.has(inode);
          return open ? `${kind} ${addressOf(address)}:${Number.parseInt(port, 16)}` : [];
        }),
    )
    .sort();
}
