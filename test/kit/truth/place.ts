import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linuxptp } from '../clock/ptp.ts';
import { withoutClock } from '../clock/unsteered.ts';
import type { NetnsEnd } from '../net/netns.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { childOf, type Daemon, daemon, eventually } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { need, runtime } from '../process/tools.ts';
import { bundle, nunect } from '../unit/site.ts';
import type { Truthlab } from './build.ts';
import type { VirtualClock } from './vclock.ts';

/** Where the files, ports and processes of a unit are. */
export interface Place {
  readonly dir: string;
  readonly cmdport: number;
  readonly statusPort: number;
  readonly ptpSocket: string;
  /** The words that run a program among its processes, by its clock, without the right to set that of the machine. */
  readonly inside: readonly string[];
}

/** A process namespace in which nothing runs yet but its first process; gives the number of that. */
async function processNamespace(owner: Cleanup): Promise<number> {
  const words = [
    '--pid',
    '--ipc', // segments of shared memory have the same numbers in all units
    '--mount-proc',
    '--kill-child',
    '--fork',
    'sh',
    '-c',
    'echo made; exec sleep infinity',
  ];
  const first = daemon(owner, need('unshare'), words, { target: childOf, endBy: 'SIGKILL' });
  await eventually('a process namespace', () => first.output().includes('made'));
  return first.pid;
}

/** Gives a unit with this clock and folder its ports and its processes. */
export async function newPlace(
  owner: Cleanup,
  lab: Truthlab,
  clock: VirtualClock,
  dir: string,
): Promise<Place> {
  const env = Object.entries(clock.env).map(([name, value]) => `${name}=${value}`);
  const pid = await processNamespace(owner);
  return {
    dir,
    cmdport: await reservePort(),
    statusPort: await reservePort(),
    ptpSocket: join(dir, 'ptp4l'),
    inside: [lab.program, 'inside', String(pid), ...withoutClock(), 'env', ...env],
  };
}

/** Writes the config of its chronyd and gives the file. */
export const writeChronyConf = (at: Place, lines: readonly string[]): string => {
  const file = join(at.dir, 'chrony.conf');
  const all = [
    'port 0',
    `cmdport ${at.cmdport}`,
    'bindcmdaddress 127.0.0.1',
    `bindcmdaddress ${join(at.dir, 'chronyd.sock')}`,
    `pidfile ${join(at.dir, 'chronyd.pid')}`,
    ...lines, // which may say otherwise
  ];
  writeFileSync(file, `${all.join('\n')}\n`);
  return file;
};

/** The same of a ptp4l that is a slave with software time stamps. */
export const writePtpConf = (at: Place, { interface: name }: NetnsEnd, lines: readonly string[]): string => {
  const file = join(at.dir, 'ptp4l.conf');
  const all = [
    '[global]',
    'time_stamping software',
    'slaveOnly 1',
    'network_transport L2',
    `uds_address ${at.ptpSocket}`,
    'use_syslog 0',
    'verbose 1',
    ...lines,
    `[${name}]`,
  ];
  writeFileSync(file, `${all.join('\n')}\n`);
  return file;
};

/** A config of a unit that joins the hub as a plain client and reports each second. */
export const writeUnitConf = (at: Place, name: string, hubUrl: string, time: readonly string[]): string => {
  const file = join(at.dir, 'nunect');
  const text = `config agent 'agent'
	option unit '${name}'
	option interval_s '1'
	option traffic 'lan'

config leaf 'leaf'
	option mode 'external'
	option external_url '${hubUrl}'

config status 'status'
	option port '${at.statusPort}'

config time 'time'
	option chrony_port '${at.cmdport}'
	option chronyc '${need('chronyc')}'
	option pmc '${linuxptp('pmc')}'
	list ptp_socket '${at.ptpSocket}'
${time.map((line) => `\t${line}\n`).join('')}`;
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

/** Renders the config of a unit and runs the agent with it, until it is ready. */
export async function startAgent(owner: Cleanup, at: Place, config: string): Promise<Daemon> {
  const rendered = await nunect(['render', '--config', config, '--out', at.dir]);
  if (rendered.code !== 0) throw new Error(`render: ${rendered.stderr}`);
  const [program = '', ...words] = [...at.inside, runtime(), bundle, 'run', '--dir', at.dir];
  const agent = daemon(owner, program, words, { target: childOf });
  await eventually(`${config} READY`, () => agent.output().includes('READY ')).catch((error: Error) => {
    throw new Error(`${error.message}\n${agent.output()}`);
  });
  return agent;
}
