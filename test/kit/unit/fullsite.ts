import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Chronyd, chronyd } from '../clock/chrony.ts';
import { type ClockSite, clockSite } from '../clock/clocksite.ts';
import { linuxptp, type Ptp4l, ptp4l, quickServo } from '../clock/ptp.ts';
import { type NetnsEnd, netnsPair } from '../net/netns.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { natsServers, need } from '../process/tools.ts';
import { type Hub, startHub } from './site.ts';

/** A unit with all that a unit can have: a hub, and when they are started, PTP in software and chronyd. */
export interface FullSite {
  readonly hub: Hub;
  readonly unit: ClockSite;
  /** Management socket of the ptp4l that the unit asks. */
  readonly ptpSocket: string;
  /** Starts chronyd and a server for it. Beside PTP it may select nothing: two that steer are a conflict. */
  startNtp(select: boolean): Promise<Chronyd>;
  /** Starts the grandmaster and the unit's ptp4l. */
  startPtp(): Promise<{ readonly gm: Ptp4l; readonly slave: Ptp4l }>;
}

/** A name that chronyd gives one of its sources, and that is markup in HTML. */
export const hostileRefid = '<s>&';

/** What a grandmaster says that is tied to UTC; without the PTP timescale, as it serves the clock of this machine. */
const traceable =
  'SET GRANDMASTER_SETTINGS_NP clockClass 135 clockAccuracy 0x21 offsetScaledLogVariance 0x4e5d currentUtcOffset 37 leap61 0 leap59 0 currentUtcOffsetValid 1 ptpTimescale 0 timeTraceable 1 frequencyTraceable 1 timeSource 0x20';

/** Starts hub, leaf and agent. */
export async function fullSite(owner: Cleanup): Promise<FullSite> {
  const server = natsServers().newest ?? need('nats-server');
  const hub = await startHub(owner, tempDir(owner, 'hub'), server);
  const ptpSocket = join(tempDir(owner, 'unit'), 'ptp4l');
  const cmdport = await reservePort();
  const time = [
    `list ptp_socket '${ptpSocket}'`,
    `option chrony_port '${cmdport}'`,
    "option locked_sw_ns '1000000'", // the page is what matters here, not how a busy machine stamps packets
    "option tracking_ns '10000000'",
  ];
  const unit = await clockSite(owner, hub, { unit: 'demo-01', server, time });
  const [far, near]: readonly NetnsEnd[] = netnsPair(owner);
  if (far === undefined || near === undefined) throw new Error('no cable');
  return {
    hub,
    unit,
    ptpSocket,
    async startNtp(select) {
      const upstream = await chronyd(owner, {
        serve: true,
        address: '127.0.0.2',
        steering: true, // under another name: agents of other tests look for a chronyd of this machine
        lines: ['local stratum 2'],
      });
      const line = `server 127.0.0.2 port ${upstream.ntpPort} minpoll 0 maxpoll 0 iburst`;
      return chronyd(owner, {
        cmdport,
        steering: true,
        lines: [
          select ? line : `${line} noselect`,
          `refclock SOCK ${join(tempDir(owner, 'sock'), 'sock')} refid ${hostileRefid} noselect`,
        ],
      });
    },
    async startPtp() {
      const gm = ptp4l(owner, far, { role: 'master', extra: ['logAnnounceInterval 0'] });
      const slave = ptp4l(owner, near, { role: 'slave', socket: ptpSocket, extra: quickServo });
      const pmc = ['-u', '-b', '0', '-s', gm.socket, '-i', join(tempDir(owner, 'pmc'), 's')];
      await eventually('the grandmaster vouches for its time', async () => {
        const { stdout } = await promisify(execFile)(linuxptp('pmc'), [...pmc, traceable]).catch(() => ({
          stdout: '',
        }));
        return stdout.includes('RESPONSE');
      });
      return { gm, slave };
    },
  };
}
