// Everything around the agent is killed and brought back, one by one: it stays up, says what is missing, and recovers.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import { type Chronyd, chronyPair } from '../kit/clock/chrony.ts';
import { type Ptp4l, type PtpPair, ptpPair } from '../kit/clock/ptp.ts';
import { noNetns } from '../kit/net/netns.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { type Hub, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const { debian, newest } = natsServers();
const owner = newOwner();
type Json = Record<string, unknown>;
interface Status {
  readonly status: string;
  readonly problems: string[];
  readonly clock: { source: string; quality: string; reasons: string[]; holdover?: object };
  readonly ptp: {
    seen: string;
    gmIdentity?: string;
    ports: { portState: string }[];
    master_offset_ns?: number;
  };
  readonly ntp: { seen: string; selected?: string };
  readonly link: { connected: boolean; hub_up?: boolean };
  readonly spool: { state: string; records: number; stored: number; dropped: number };
}

let hub: Hub;
let site: RunningUnit;
let chrony: Chronyd;
let pair: PtpPair;
let slave: Ptp4l;
let agentPid: number;
const seen: Msg[] = [];

const status = async (): Promise<Status> => (await site.status()) as unknown as Status;
const until = (what: string, check: (now: Status) => boolean, timeoutMs = 90_000): Promise<Status> =>
  eventually(
    what,
    async () => {
      const now = await status();
      return check(now) && now;
    },
    timeoutMs,
    100,
  ).catch(async (error: Error) => {
    throw new Error(
      `${error.message}: ${JSON.stringify(await status())}\n${site.agent().output().slice(-3000)}`,
    );
  });
const isLocked = ({ clock }: Status): boolean => clock.source === 'ptp' && clock.quality === 'locked';
const pmcOfAgent = (): number =>
  Number(
    readdirSync('/proc').find((pid) => {
      if (!/^\d+$/.test(pid)) return false;
      try {
        const [, ppid = ''] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
        return Number(ppid) === agentPid && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'pmc';
      } catch {
        return false; // it ended meanwhile
      }
    }) ?? -1,
  );

const skip = noNetns();

describe('a unit whose surroundings fail', { skip: skip ?? false }, () => {
  before(async () => {
    const dir = tempDir(owner, 'recovery');
    const server = newest ?? debian ?? need('nats-server');
    hub = await startHub(owner, dir, server);
    hub.nc.subscribe('ops.>', { callback: (_error, message) => void seen.push(message) });
    pair = ptpPair(owner);
    slave = pair.slave;
    chrony = (await chronyPair(owner)).client;
    const time = [
      `option chrony_port '${chrony.cmdport}'`,
      `list ptp_socket '${slave.socket}'`,
      `option pmc '${need('pmc')}'`,
    ];
    // the oldest supported leaf at the newest hub
    site = await startUnit(owner, {
      dir,
      unit,
      server: debian ?? server,
      hubPort: hub.leafPort,
      time,
      interval_s: 1,
      traffic: 'lan', // every record has its figures
    });
    agentPid = site.agent().pid;
    await until('ptp locked', isLocked, 60_000);
  });
  after(() => owner.end());

  test('PTP figures are those that pmc gives by hand', async () => {
    const ask = (id: string): string =>
      execFileSync(
        need('pmc'),
        ['-u', '-b', '0', '-s', slave.socket, '-i', `${slave.socket}.test`, `GET ${id}`],
        { encoding: 'utf8' },
      );
    const gm = /grandmasterIdentity\s+(\S+)/.exec(ask('PARENT_DATA_SET'))?.[1];
    const state = /portState\s+(\S+)/.exec(ask('PORT_DATA_SET'))?.[1];
    const delay = Number(/meanPathDelay\s+(\S+)/.exec(ask('CURRENT_DATA_SET'))?.[1]);
    const now = await status();
    assert.equal(now.ptp.gmIdentity, gm);
    assert.equal(now.ptp.ports[0]?.portState, state);
    assert.equal(state, 'SLAVE');
    const time = seen.findLast(({ subject }) => subject === `ops.metric.time.${unit}`)?.json<Json>();
    assert.equal(time?.['ptp_master'], gm);
    assert.ok(Math.abs((time?.['ptp_path_delay_ns'] as number) - delay) < 10_000);
    assert.ok(Math.abs(time?.['ptp_offset_ns'] as number) < 1e6);
    assert.equal(time?.['active_source'], 'ptp');
  });

  test('chronyd is killed and restarted', async () => {
    await chrony.end();
    await until('chronyd absent', (now) => now.ntp.seen === 'absent');
    assert.ok(isLocked(await status()), 'PTP does not depend on it');
    chrony = chrony.restart();
    await until('chronyd back', (now) => now.ntp.seen === 'fresh' && now.ntp.selected !== undefined);
  });

  test('pmc is killed: another one takes its place, and the verdict stays', async () => {
    const first = await eventually('a pmc', () => pmcOfAgent() > 0 && pmcOfAgent());
    process.kill(first, 'SIGKILL');
    const second = await eventually(
      'another pmc',
      () => pmcOfAgent() > 0 && pmcOfAgent() !== first && pmcOfAgent(),
    );
    assert.notEqual(second, first);
    await until('still locked', (now) => isLocked(now) && now.ptp.seen === 'fresh');
  });

  test('ptp4l is killed: never locked without it, and locked again after it is back', async () => {
    await slave.end();
    await until('not locked', (now) => !isLocked(now), 10_000);
    const lost = await status();
    assert.notEqual(lost.clock.source, 'ptp');
    await until(
      'holdover over or none',
      (now) => now.clock.quality === 'freerun' || now.clock.source === 'ntp',
      40_000,
    );
    slave = slave.restart();
    await until('locked again', isLocked, 70_000);
  });

  test('through all of it the agent was one and the same process, and crashed nowhere', () => {
    assert.equal(site.agent().pid, agentPid);
    assert.doesNotMatch(site.agent().output(), /crashed|FATAL/);
    process.kill(agentPid, 0);
  });
});
