import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startServer } from '../leaf/leafdaemon.ts';
import { type NetnsEnd, netnsSwitch } from '../net/netns.ts';
import { slowPath } from '../net/slowpath.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { newOwner } from '../process/cleanup.ts';
import { tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { natsServers, need } from '../process/tools.ts';
import { buildTruthlab, type Truthlab } from './build.ts';
import { type MeasuringHub, measureUnits, measuringHub } from './measuring.ts';
import type { TimeRecord } from './records.ts';
import { type GmLies, grandmaster, type Liar, type NtpLies, type NtpServer, ntpServer } from './servers.ts';
import { type TruthUnit, type TruthUnitOptions, truthUnit } from './unit.ts';
import { hostEpoch_ns } from './vclock.ts';

/** What the labs of one process share: the compiled program and a hub. */
export interface LabHall {
  readonly truthlab: Truthlab;
  readonly hubUrl: string;
  readonly nc: NatsConnection;
  readonly measuring: MeasuringHub;
}

/** Where one scenario is played. All that it starts ends with it. */
export interface Lab {
  readonly name: string;
  /** It ends with the lab. */
  readonly owner: Cleanup;
  /** Makes a unit of which nothing runs yet; its name is that of the lab, with a number from the second on. */
  unit(opts?: TruthUnitOptions): Promise<TruthUnit>;
  /** Starts an NTP server on an address of loopback of its own, and a port of its own or this one. */
  ntp(lies?: NtpLies, port?: number): Promise<NtpServer>;
  /** Lays a network of cables to one switch, in which PTP can be spoken. */
  network(ends: number): readonly NetnsEnd[];
  /** Writes into the logs of its units what happens now. */
  mark(what: string): void;
  /** Starts a grandmaster at one end. */
  gm(at: NetnsEnd, lies?: GmLies, transport?: 'L2' | 'UDPv4'): Promise<Liar<GmLies>>;
}

/** Why a scenario cannot be played on this machine. */
export class LeftOut extends Error {
  readonly code = 'left_out';
}

/** A scenario of the lab. */
export interface Scenario {
  readonly name: string;
  /** What it is, in one line. */
  readonly what: string;
  /** How long it takes, about. */
  readonly seconds: number;
  /** Rejects with LeftOut where the machine lacks something for it. */
  run(lab: Lab): Promise<void>;
}

/** Compiles the lab and starts its hub. */
export async function openHall(owner: Cleanup): Promise<LabHall> {
  const truthlab = buildTruthlab(owner);
  const port = await reservePort();
  const conf = join(tempDir(owner, 'hub'), 'hub.conf');
  writeFileSync(conf, `listen: "127.0.0.1:${port}"\n`);
  await startServer(owner, natsServers().newest ?? need('nats-server'), conf);
  const hubUrl = `nats://127.0.0.1:${port}`;
  const nc = await connect({ servers: hubUrl });
  owner.after(() => nc.close());
  return { truthlab, hubUrl, nc, measuring: await measuringHub(owner, hubUrl) };
}

/** Of NTP servers so far: labs are played side by side, and some want a port that is the same for all. */
let addresses = 0;

/** The host's clock must not be set while a lab runs: it is the truth. */
const mostHostStep_ns = 100_000n;

function labOf(owner: Cleanup, hall: LabHall, name: string, epoch_ns: bigint, units: TruthUnit[]): Lab {
  const { truthlab, hubUrl, nc } = hall;
  return {
    name,
    owner,
    async unit(opts = {}) {
      const unitName = units.length === 0 ? name : `${name}-${units.length + 1}`;
      const port = opts.link && (await slowPath(owner, Number(new URL(hubUrl).port), opts.link));
      const at = port === undefined ? hubUrl : `nats://127.0.0.1:${port}`;
      const unit = await truthUnit(owner, truthlab, { ...opts, name: unitName, hubUrl: at, epoch_ns });
      units.push(unit);
      const heard = nc.subscribe(`ops.metric.time.${unitName}`, {
        callback: (_error, message) => unit.hear(message.json<TimeRecord>()),
      });
      owner.after(() => heard.unsubscribe());
      await nc.flush();
      return unit;
    },
    async ntp(lies = {}, port) {
      addresses += 1;
      const address = `127.9.${addresses >> 8}.${addresses & 255}`;
      const at = { address, port: port ?? (await reservePort()) };
      return ntpServer(owner, truthlab, at, lies);
    },
    mark: (what) => {
      for (const unit of units) unit.mark(what);
    },
    network: (ends) => netnsSwitch(owner, ends),
    gm: (at, lies = {}, transport) => grandmaster(owner, truthlab, at, lies, transport),
  };
}

/** Plays a scenario and gives its units, with all that they told. Rejects when it could not be played. */
export async function play(hall: LabHall, scenario: Scenario): Promise<readonly TruthUnit[]> {
  const owner = newOwner();
  const units: TruthUnit[] = [];
  const epoch_ns = hostEpoch_ns(hall.truthlab);
  const endMeasuring = measureUnits(hall.measuring, units);
  try {
    await scenario.run(labOf(owner, hall, scenario.name, epoch_ns, units));
  } finally {
    endMeasuring(); // before the clocks that it looks at
    await owner.end();
  }
  const moved_ns = hostEpoch_ns(hall.truthlab) - epoch_ns;
  if (moved_ns > mostHostStep_ns || moved_ns < -mostHostStep_ns)
    throw new Error(`the clock of this machine was set by ${moved_ns} ns, and it was to be the truth`);
  return units;
}
