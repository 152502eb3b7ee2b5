// Real daemons for the probes of a clock: chronyd with a server, ptp4l with a grandmaster. None can move this machine's clock.
import { join } from 'node:path';
import { chronyd } from '../kit/clock/chrony.ts';
import { linuxptp, ptp4l, quickServo } from '../kit/clock/ptp.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import type { Cleanup } from '../kit/process/cleanup.ts';
import { tempDir } from '../kit/process/daemon.ts';

/** Daemons that units of the bench watch; several units may watch the same. */
export interface Clocks {
  /** Lines of the section time. */
  readonly time: readonly string[];
  /** What there is, in words. */
  readonly what: string;
  /** UDP port of chronyd, for peers that watch it too. */
  readonly chronyPort: number;
}

/** Which of them, and how much. */
export interface ClockOptions {
  /** Sources of chronyd. */
  readonly sources?: number;
  /** Ports of ptp4l; 0: there is no ptp4l. */
  readonly ports?: number;
}

/** Starts them; they are ready when PTP has locked, after some seconds. */
export async function startClocks(
  owner: Cleanup,
  { sources = 1, ports = 1 }: ClockOptions = {},
): Promise<Clocks> {
  const server = await chronyd(owner, {
    serve: true,
    address: '0.0.0.0',
    steering: true,
    lines: ['local stratum 2', 'allow 127.0.0.0/8'],
  });
  const without = ports === 0 ? 'no ptp4l' : noNetns();
  const select = without === undefined ? ' noselect' : ''; // two that steer would be a conflict
  const client = await chronyd(owner, {
    steering: true, // under another name: the agent would rightly not take one with -x for a source
    lines: Array.from(
      { length: sources },
      (_, at) => `server 127.0.1.${at + 1} port ${server.ntpPort} minpoll 4 maxpoll 6 iburst${select}`,
    ),
  });
  const ntp = [`option chrony_port '${client.cmdport}'`];
  const what = `chronyd with ${sources === 1 ? 'a source' : `${sources} sources`}`;
  if (without !== undefined) return { time: ntp, what: `${what}; ${without}`, chronyPort: client.cmdport };
  const [far, near] = netnsPair(owner);
  const socket = join(tempDir(owner, 'ptp'), 'ptp4l');
  ptp4l(owner, far, { role: 'master', extra: ['logAnnounceInterval 0'] });
  const more = Array.from({ length: ports - 1 }, (_, at) => `port${at + 1}`);
  for (const name of more) {
    near.run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `far${name}`); // nobody is there
    for (const end of [name, `far${name}`]) near.run('ip', 'link', 'set', end, 'up');
  }
  ptp4l(owner, near, { role: 'slave', socket, moreInterfaces: more, extra: quickServo });
  return {
    time: [...ntp, `list ptp_socket '${socket}'`, `option pmc '${linuxptp('pmc')}'`],
    what: `${what}, ptp4l with ${ports === 1 ? 'a port' : `${ports} ports`} and a grandmaster, in software stamps`,
    chronyPort: client.cmdport,
  };
}
