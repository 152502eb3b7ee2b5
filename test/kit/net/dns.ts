import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanup } from '../process/cleanup.ts';
import { tempDir } from '../process/daemon.ts';
import { need } from '../process/tools.ts';

/** A name server that knows one name. */
export interface NameServer {
  /** From here on the name is at this IPv4 address. */
  point(address: string): void;
  /** How often the address was asked for. */
  queries(): number;
  /** A program that runs `program` with this name server as its only one; needs root for a mount namespace. */
  wrap(program: string): string;
}

const typeA = 1;

/** Answers for every name with one A record of no lifetime (RFC 1035), and with none to questions for other types. */
export async function nameServer(owner: Cleanup, address: string): Promise<NameServer> {
  const resolver = `127.${(process.pid >> 8) & 255}.${process.pid & 255}.10`;
  const dir = tempDir(owner, 'dns');
  let now = address;
  let asked = 0;
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const end = query.indexOf(0, 12) + 5; // name, type, class
    const isA = query.readUInt16BE(end - 4) === typeA;
    if (isA) asked += 1;
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8580, 2); // an answer with authority; recursion is to be had
    for (const [at, count] of [1, isA ? 1 : 0, 0, 0].entries()) head.writeUInt16BE(count, 4 + 2 * at);
    const record = Buffer.from([0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4, ...now.split('.').map(Number)]);
    socket.send(
      Buffer.concat([head, query.subarray(12, end), ...(isA ? [record] : [])]),
      from.port,
      from.address,
    );
  });
  await new Promise<void>((resolve) => socket.bind(53, resolver, resolve));
  owner.after(() => socket.close());
  const conf = join(dir, 'resolv.conf');
  writeFileSync(conf, `nameserver ${resolver}\n`);
  return {
    point(to) {
      now = to;
    },
    queries: () => asked,
    wrap(program) {
      const script = join(dir, 'server');
      const inside = `mount --bind '${conf}' /etc/resolv.conf; exec '${program}' "$@"`;
      const text = `#!/bin/sh\nexec '${need('unshare')}' --mount --propagation private sh -euc '${inside.replaceAll("'", "'\\''")}' sh "$@"\n`;
      writeFileSync(script, text, { mode: 0o755 });
      return script;
    },
  };
}
