// The byte counters of TCP connections, as the kernel keeps them. Only sock_diag has them, and only `ss` (iproute2) asks it.
import { runChild, type Spawn } from '../../lib/child.ts';

/** An established connection, and what has passed on it since it was made. */
export interface TcpSocket {
  /** Address and port at this end: two connections to a hub differ in it. */
  readonly local: string;
  /** At the other end, in the form of `plainAddress`. */
  readonly ip: string;
  readonly port: number;
  /** Bytes of the TCP stream; what was sent again counts again. */
  readonly sent: number;
  readonly received: number;
  /** Bytes of the TCP and IP headers of its packets, both ways together. */
  readonly headers: number;
}

/** An address without what may stand around it: brackets, zone, and the prefix of IPv4 in IPv6. */
export const plainAddress = (address: string): string => {
  const [plain = ''] = address.toLowerCase().split('%', 1);
  return plain.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=[\d.]+$)/, '');
};

/** The address with `%eth0` behind or within its brackets, then the port. */
const established = /^ESTAB {1,99}\d+ {1,99}\d+ {1,99}(\S+) {1,99}(\S+):(\d{1,5})(?= |$)/;

const figure = (text: string, name: string): number | undefined => {
  const digits = text.match(new RegExp(` ${name}:(\\d{1,16})(?= |$)`))?.[1];
  const value = digits === undefined ? undefined : Number(digits);
  return Number.isSafeInteger(value) ? value : undefined;
};

/** IPv4 or IPv6, TCP, and the time stamps that Linux adds. */
const headerOf = (ip: string): number => (ip.includes(':') ? 40 : 20) + 20 + 12;

/**
 * The connections in the output of `ss -tinH` that have counters both ways. Old kernels have none, nor have those without
 * inet_diag, and before iproute2 4.20 what was sent again is left out. A last line that was cut off counts for nothing.
 */
export function parseSs(output: string): TcpSocket[] {
  const lines = output.split('\n').slice(0, -1);
  return lines.flatMap((line, i) => {
    const info = lines[i + 1] ?? '';
    const [, local = '', address, digits] = established.exec(line) ?? [];
    if (address === undefined || !/^\s/.test(info)) return [];
    const ip = plainAddress(address);
    const sent = figure(info, 'bytes_sent') ?? figure(info, 'bytes_acked');
    const received = figure(info, 'bytes_received');
    if (sent === undefined || received === undefined) return [];
    const packets = (figure(info, 'segs_out') ?? 0) + (figure(info, 'segs_in') ?? 0);
    return [{ local, ip, port: Number(digits), sent, received, headers: packets * headerOf(ip) }];
  });
}

/** Tells of the connections to these ports; undefined where that cannot be done. Never rejects. */
export type AskSockets = (ports: readonly number[]) => Promise<TcpSocket[] | undefined>;

const limit_ms = 5000;

/** Runs `ss`, which needs no right. In its arguments are ports alone, as it refuses an address that it does not understand. */
export const askSs =
  (spawn: Spawn): AskSockets =>
  async (ports) => {
    const filter = ports.flatMap((port, i) => [...(i > 0 ? ['or'] : []), 'dport', '=', `:${port}`]);
    const { code, stdout } = await runChild(spawn, 'ss', ['-tinH', '(', ...filter, ')'], limit_ms);
    return code === 0 ? parseSs(stdout) : undefined;
  };
