import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Cleanup, undoLater } from '../process/cleanup.ts';
import { type Daemon, daemon, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import type { ChronyPrograms } from '../process/timetools.ts';
import { need } from '../process/tools.ts';
import { withoutClock } from './unsteered.ts';

/** How a chronyd of the tests is run. It always has -x: it cannot move the clock of this machine. */
export interface ChronydOptions {
  /** Its own UDP port for commands; 0 for none. Default: a free one. */
  readonly cmdport?: number;
  /** Serves NTP on a port of its own of loopback. */
  readonly serve?: boolean;
  /** Where it serves NTP, 127.0.0.1 by default: chronyd knows its sources by address alone. */
  readonly address?: string;
  /** Lines of chrony.conf: `server 127.0.0.1 port N`, `local stratum 8`, `refclock SHM 0`. */
  readonly lines: readonly string[];
  /**
   * Hides from the agent that it does not steer, by running a copy of it under another name: nothing here may
   * really steer the clock, and the agent would rightly not take a chronyd with -x for a source.
   */
  readonly steering?: boolean;
  /** The words that run it elsewhere, e.g. those of a NetnsEnd. */
  readonly exec?: readonly string[];
  /** Another chrony than this machine's. */
  readonly programs?: ChronyPrograms;
}

/** A chronyd on loopback. */
export interface Chronyd extends Daemon {
  /** UDP port for commands. */
  readonly cmdport: number;
  /** UDP port for NTP, 0 when it serves none. */
  readonly ntpPort: number;
  /** Its command socket, for root only. */
  readonly socket: string;
  readonly pidFile: string;
  /** Runs chronyc on it over UDP; gives stdout. */
  chronyc(...args: string[]): Promise<string>;
  /** Starts it anew on the same ports, once it has ended. */
  restart(): Chronyd;
}

/** Starts a chronyd with -x and without the right to set the clock. */
export async function chronyd(owner: Cleanup, opts: ChronydOptions): Promise<Chronyd> {
  const dir = tempDir(owner, 'chronyd');
  chmodSync(dir, 0o750); // else it makes no command socket
  const cmdport = opts.cmdport ?? (await reservePort());
  const ntpPort = opts.serve === true ? await reservePort() : 0;
  const socket = join(dir, 'chronyd.sock');
  const pidFile = join(dir, 'chronyd.pid');
  const config = join(dir, 'chrony.conf');
  const lines = [
    `port ${ntpPort}`,
    `cmdport ${cmdport}`,
    `bindaddress ${opts.address ?? '127.0.0.1'}`,
    'bindcmdaddress 127.0.0.1',
    'bindcmdaddress ::1',
    `bindcmdaddress ${socket}`,
    `pidfile ${pidFile}`,
    ...(opts.serve === true ? ['allow 127.0.0.1'] : []),
    ...opts.lines,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const programs = opts.programs ?? { chronyd: need('chronyd'), chronyc: need('chronyc') };
  const binary = opts.steering === true ? join(dir, 'lab-chrony') : programs.chronyd;
  if (opts.steering === true) copyFileSync(programs.chronyd, binary);
  const [program = '', ...before] = [...(opts.exec ?? []), ...withoutClock(), binary];
  const chronyc = async (...args: string[]): Promise<string> => {
    const where = ['-h', '127.0.0.1', '-p', String(cmdport)];
    const { stdout } = await promisify(execFile)(programs.chronyc, ['-c', '-n', ...where, ...args]);
    return stdout;
  };
  const start = (): Chronyd => {
    const running = daemon(owner, program, [...before, '-x', '-d', '-u', 'root', '-f', config]);
    return { ...running, cmdport, ntpPort, socket, pidFile, chronyc, restart: start };
  };
  return start();
}

/**
 * A stand-in for a chronyd that refuses to tell anything (status 2), as 4.7 and later do under `opencommands`;
 * the chronyd of Debian knows no such setting. Gone when the owner ends.
 */
export async function unauthorisedChronyd(owner: Cleanup, port: number): Promise<{ stop(): void }> {
  const socket = createSocket('udp4', (request, from) => {
    const reply = Buffer.alloc(28);
    reply.set([6, 2]); // protocol version, reply
    request.copy(reply, 4, 4, 6); // the command
    reply.writeUInt16BE(2, 8);
    request.copy(reply, 16, 8, 12); // the sequence number
    socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  let isOpen = true;
  const stop = (): void => {
    if (isOpen) socket.close(); // a test may stop it before its owner does
    isOpen = false;
  };
  undoLater(owner, stop);
  return { stop };
}

/** A server that says its own clock is right, and a client of it that polls each second. */
export interface ChronyPair {
  readonly server: Chronyd;
  readonly client: Chronyd;
}

/** The client is synchronised after some 5 s. */
export async function chronyPair(
  owner: Cleanup,
  moreLines: readonly string[] = [],
  opts: Pick<ChronydOptions, 'steering'> = {},
): Promise<ChronyPair> {
  const server = await chronyd(owner, { ...opts, serve: true, lines: ['local stratum 2'] });
  const client = await chronyd(owner, {
    ...opts,
    lines: [`server 127.0.0.1 port ${server.ntpPort} minpoll 0 maxpoll 0 iburst`, ...moreLines],
  });
  return { server, client };
}
