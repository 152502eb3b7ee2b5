// Other programs that tell an operator how a machine and its clock are, set up as their documentation advises.
import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { type CountingProxy, countingProxy } from '../kit/hub/countingproxy.ts';
import type { Cleanup } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { projectRoot } from '../kit/process/tools.ts';
import { CannotMeasure } from './section.ts';

/** A peer that runs, and what it has sent and been sent so far. */
export interface Peer {
  readonly pid: number;
  bytes(): number;
}

/** One of them. */
export interface PeerKind {
  readonly name: string;
  /** Its interval where nobody sets one, by its documentation. */
  readonly default_s: number;
  /** Starts it with an interval, on a chronyd whose command port is given; `natsPort` is of a hub with the login ops. */
  start(owner: Cleanup, interval_s: number, chronyPort: number, natsPort: number): Promise<Peer>;
}

const debian = join(projectRoot, '.tools/peers/debian');

/** A program that build/benchtools.sh got. */
function got(path: string): string {
  const file = join(projectRoot, '.tools/peers', path);
  if (!existsSync(file)) throw new CannotMeasure(`${path} is not there: build/benchtools.sh says why`);
  return file;
}

/** Counts what is sent to a port of loopback over UDP. */
async function sink(owner: Cleanup): Promise<{ readonly port: number; bytes(): number }> {
  const socket = createSocket('udp4');
  let bytes = 0;
  socket.on('message', (data) => {
    bytes += data.length;
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  owner.after(() => socket.close());
  return { port: socket.address().port, bytes: () => bytes };
}

const both = (proxy: CountingProxy): number => proxy.carried().there + proxy.carried().back;

/** Gives it back once it has sent something: one that does not run costs nothing. */
async function sending(what: string, program: Daemon, bytes: () => number): Promise<Peer> {
  await eventually(`${what} sends`, () => bytes() > 0, 30_000).catch((error: Error) => {
    throw new Error(`${error.message}: ${program.output().slice(-300)}`);
  });
  return { pid: program.pid, bytes };
}

const collectd: PeerKind = {
  name: 'collectd',
  default_s: 10,
  async start(owner, interval_s, chronyPort) {
    const program = got('debian/usr/sbin/collectd');
    const dir = tempDir(owner, 'collectd');
    const to = await sink(owner);
    const config = `Hostname "bench-01"
FQDNLookup false
BaseDir "${dir}"
PIDFile "${dir}/pid"
PluginDir "${debian}/usr/lib/collectd"
TypesDB "${debian}/usr/share/collectd/types.db"
Interval ${interval_s}
LoadPlugin cpu
LoadPlugin interface
LoadPlugin load
LoadPlugin memory
LoadPlugin chrony
LoadPlugin network
<Plugin chrony>
  Host "127.0.0.1"
  Port "${chronyPort}"
</Plugin>
<Plugin network>
  Server "127.0.0.1" "${to.port}"
</Plugin>
`;
    writeFileSync(join(dir, 'collectd.conf'), config);
    return sending('collectd', daemon(owner, program, ['-f', '-C', join(dir, 'collectd.conf')]), to.bytes);
  },
};

/** Asks as Prometheus does, which takes what is compressed. */
async function scrape(port: number): Promise<void> {
  const accept = 'text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  await new Promise<void>((resolve, reject) => {
    const headers = { accept, 'accept-encoding': 'gzip', 'user-agent': 'Prometheus/2.42.0' };
    get({ port, host: '127.0.0.1', path: '/metrics', headers, agent: keptOpen }, (reply) => {
      reply.resume().once('end', resolve).once('error', reject);
    }).on('error', reject);
  });
}
const keptOpen = new Agent({ keepAlive: true });

const nodeExporter: PeerKind = {
  name: 'node_exporter',
  default_s: 15, // of the scraper: as the example of Prometheus has it
  async start(owner, interval_s) {
    const program = got('debian/usr/bin/prometheus-node-exporter');
    const port = await reservePort();
    const exporter = daemon(owner, program, [`--web.listen-address=127.0.0.1:${port}`]);
    const proxy = await countingProxy(owner, port);
    await eventually('node_exporter', () => exporter.output().includes('istening'), 20_000).catch(
      (error: Error) => {
        throw new Error(`${error.message}: ${exporter.output().slice(-300)}`);
      },
    );
    const ask = (): void => void scrape(proxy.port).catch(() => {});
    ask();
    const timer = setInterval(ask, interval_s * 1000);
    owner.after(() => clearInterval(timer));
    return sending('node_exporter', exporter, () => both(proxy));
  },
};

const telegraf: PeerKind = {
  name: 'Telegraf',
  default_s: 10,
  async start(owner, interval_s, chronyPort, natsPort) {
    const program = got('telegraf/telegraf');
    const dir = tempDir(owner, 'telegraf');
    const proxy = await countingProxy(owner, natsPort);
    const config = `[agent]
  interval = "${interval_s}s"
  flush_interval = "${interval_s}s"
  hostname = "bench-01"
[[inputs.chrony]]
  server = "udp://127.0.0.1:${chronyPort}"
  metrics = ["tracking", "sources"]
[[inputs.cpu]]
[[inputs.mem]]
[[inputs.system]]
[[inputs.net]]
[[outputs.nats]]
  servers = ["nats://127.0.0.1:${proxy.port}"]
  subject = "telegraf"
  username = "ops"
  password = "ops"
`;
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'telegraf.conf'), config);
    const started = daemon(owner, program, ['--config', join(dir, 'telegraf.conf')]);
    return sending('Telegraf', started, () => both(proxy));
  },
};

export const peerKinds: readonly PeerKind[] = [collectd, nodeExporter, telegraf];
