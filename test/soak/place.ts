// Where the chaos takes place: hub, path, leaf, agent and clock daemons, each of which can be broken.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { traffics } from '../../agent/config/traffic.ts';
import { known } from '../../agent/lib/known.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { type Chronyd, chronyd } from '../kit/clock/chrony.ts';
import { linuxptp, type Ptp4l, ptp4l } from '../kit/clock/ptp.ts';
import { type Gate, gateTo } from '../kit/net/gate.ts';
import { type HolePath, holePath } from '../kit/net/holepath.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import { slowPath } from '../kit/net/slowpath.ts';
import { type Cleanup, undoLater } from '../kit/process/cleanup.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { type Instrument, instrument } from '../kit/process/instrument.ts';
import { smallFlags } from '../kit/process/strain.ts';
import { need } from '../kit/process/tools.ts';
import { type Hub, nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

export const unit = 'demo-01';

/** What is broken is broken by these. */
export interface Place {
  readonly hub: Hub;
  readonly unit: RunningUnit;
  readonly gate: Gate;
  readonly hole: HolePath;
  /** Delay of each piece of data each way on the path to the hub, in ms. */
  readonly slow: { delay_ms: number };
  readonly instrument: Instrument;
  /** The tmpfs of the rendered and of the agent's own files; undefined where it could not be mounted. */
  readonly disk: string | undefined;
  /** The unit's chronyd and the grandmaster and slave of its PTP, replaced as they are started anew. */
  readonly clocks: { chronyd: Chronyd; gm?: Ptp4l; slave?: Ptp4l };
  /** Changes the UCI file to `changes` on what it was at the start, and does what the init scripts do then. */
  apply(changes: readonly Change[]): Promise<number>;
  status(): Promise<StatusSnapshot>;
}

/** One edit of the UCI file. */
export type Change = (text: string) => string;

/** Mounts a small tmpfs; gives whether it could. */
function mountSmall(owner: Cleanup, dir: string): boolean {
  mkdirSync(dir);
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync(need('mount'), ['-t', 'tmpfs', '-o', 'size=24m', 'none', dir], { stdio: 'pipe' });
  } catch {
    return false;
  }
  undoLater(owner, () => void execFileSync(need('umount'), ['-l', dir], { stdio: 'pipe' }));
  return true;
}

const sections = (dir: string): string => `config user 'lan'
	option password 'lan-secret'
	list publish 'app.>'
	list subscribe 'app.>'

config spool 'spool'
	option snapshot_file '${join(dir, 'state/waiting')}'
	option snapshot_s '60'
`;

/** Starts it all; `random` decides what an unreliable path does. PTP is there where there are network namespaces. */
export async function openPlace(
  owner: Cleanup,
  server: string,
  opts: { readonly ptp: boolean; readonly random: () => number },
): Promise<Place> {
  // else glibc keeps tens of MB of large payloads for itself that were freed, or gives them back: as it happens
  process.env['MALLOC_MMAP_THRESHOLD_'] ??= '131072';
  const home = tempDir(owner, 'chaos');
  const disk = join(home, 'run');
  const isSmall = mountSmall(owner, disk);
  const hub = await startHub(owner, home, server);
  const slow = { delay_ms: 0 };
  const path = { there: () => slow.delay_ms, back: () => slow.delay_ms };
  const hole = await holePath(owner, await slowPath(owner, hub.leafPort, path));
  const gate = await gateTo(owner, hole.port, opts.random);
  const truth = await chronyd(owner, { steering: true, serve: true, lines: ['local stratum 2'] });
  const near = `server 127.0.0.1 port ${truth.ntpPort} minpoll 0 maxpoll 0 iburst`;
  const clocks: Place['clocks'] = { chronyd: await chronyd(owner, { steering: true, lines: [near] }) };
  const time = [`option chrony_port '${clocks.chronyd.cmdport}'`, `option pmc '${linuxptp('pmc')}'`];
  if (opts.ptp && noNetns() === undefined) {
    const [far, here] = netnsPair(owner);
    clocks.gm = ptp4l(owner, far, { role: 'master' });
    clocks.slave = ptp4l(owner, here, { role: 'monitor' }); // two that steer would be a conflict
    time.push(`list ptp_socket '${clocks.slave.socket}'`);
  } else time.push(`list ptp_socket '${join(home, 'no-ptp4l')}'`);
  const tools = instrument(home, smallFlags);
  const one = await startUnit(owner, {
    dir: disk,
    unit,
    server,
    hubPort: gate.port,
    interval_s: 1,
    ...known({ traffic: traffics.find((one) => one === process.env['SOAK_TRAFFIC']) }),
    kept: true,
    time: [...time, `option chronyc '${need('chronyc')}'`],
    more: sections(disk),
    nodeFlags: tools.flags,
  });
  const asked = readFileSync(one.config, 'utf8').replace(
    "config leaf 'leaf'",
    "config leaf 'leaf'\n\toption confirm_s '5'",
  );
  const config = join(home, 'nunect'); // not on the disk that becomes full
  return {
    hub,
    unit: one,
    gate,
    hole,
    slow,
    instrument: tools,
    disk: isSmall ? disk : undefined,
    clocks,
    async apply(changes) {
      const text = changes.reduce((so, change) => change(so), asked);
      writeFileSync(config, text, { mode: 0o600 });
      const args = ['render', '--config', config, '--out', disk, '--keep', join(home, 'flash')];
      const { code, stdout } = await nunect(args);
      const todo = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (todo.includes('restart: leaf')) one.leaf().kill('SIGTERM');
      else if (/reload: (\S+ )*leaf/.test(todo)) one.leaf().kill('SIGHUP');
      one.agent().kill('SIGHUP');
      return code ?? -1;
    },
    async status() {
      const reply = await fetch(`${one.statusUrl}status.json`, { signal: AbortSignal.timeout(2000) });
      return (await reply.json()) as StatusSnapshot;
    },
  };
}
