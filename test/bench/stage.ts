import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { natsFleet } from '../kit/hub/nats.ts';
import { type Cleanup, newOwner } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need, projectRoot, runtime, tool } from '../kit/process/tools.ts';

/** What is measured, and everything around it: a hub, a leaf from a rendered config, both real nats-servers. */
export interface Stage {
  /** A client at the hub. */
  readonly hub: NatsConnection;
  readonly unit: string;
  /** Echo subject of the Go responder, which is a client of the same leaf. */
  readonly goSubject: string;
  /** Starts the bundle, under NUNECT_RUNTIME where that is set; it is subscribed when its echo is answered. */
  agent(): Daemon;
  /** A node process that does nothing but stay. */
  bareNode(): Daemon;
  /** Builds and starts the Go responder, ready when resolved; undefined where there is no Go. */
  goResponder(): Promise<Daemon | undefined>;
}

const unit = 'bench-01';
const goSubject = 'ops.echo.bench-go';
const bundle = join(projectRoot, 'dist/nunect.cjs');

const hubConfig = (leafPort: number, storeDir: string): string => `
jetstream { store_dir: "${storeDir}" }
leafnodes { listen: "127.0.0.1:${leafPort}" }
accounts { FLEET { jetstream: enabled, users: [ { user: leaf, password: leaf }, { user: ops, password: ops } ] } }
`;

const uciConfig = (hubPort: number, leafPort: number, statusPort: number, server: string): string => `
config agent 'agent'
	option unit '${unit}'
	option log_level 'warn'
config hub 'hub'
	list url 'nats://127.0.0.1:${hubPort}'
	option user 'leaf'
	option password 'leaf'
config leaf 'leaf'
	option port '${leafPort}'
	option server '${server}'
config user 'responder'
	option password 'responder'
	list publish '_INBOX.>'
	list subscribe '${goSubject}'
config status 'status'
	option port '${statusPort}'
`;

/** The stream of the example hub, kept in memory: storing is not what is measured. */
async function storeRecords(hub: NatsConnection): Promise<void> {
  const { name, subjects } = JSON.parse(readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8'));
  const reply = await hub.request(
    `$JS.API.STREAM.CREATE.${name}`,
    JSON.stringify({ name, subjects, storage: 'memory' }),
  );
  const { error } = reply.json<{ error?: { description: string } }>();
  if (error) throw new Error(`the hub refuses stream ${name}: ${error.description}`);
}

/** Go's answer to the echo: built into `cwd`, started and ready; undefined where there is no Go. */
async function goResponder(owner: Cleanup, cwd: string, leafPort: number): Promise<Daemon | undefined> {
  const go = tool('go');
  if (go === undefined) return undefined;
  const program = join(cwd, 'responder');
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  execFileSync(go, ['build', '-o', program, '.'], { cwd: join(__dirname, 'responder'), env });
  const responder = daemon(owner, program, [`nats://responder:responder@127.0.0.1:${leafPort}`, goSubject]);
  await eventually('the Go responder', () => responder.output().includes('READY'));
  return responder;
}

/** Builds the stage, hands it to `measure`, and takes it down however that ends. */
export async function onStage<T>(measure: (stage: Stage) => Promise<T>): Promise<T> {
  const server = natsServers().newest ?? need('nats-server');
  const fleet = natsFleet(server);
  const owner = newOwner();
  try {
    const [joinPort, leafPort, statusPort] = [await reservePort(), await reservePort(), await reservePort()];
    const hubServer = await fleet.server('hub', hubConfig(joinPort, join(fleet.dir, 'store')));
    await hubServer.start();
    const run = join(fleet.dir, 'run');
    mkdirSync(run);
    const config = join(fleet.dir, 'nunect');
    writeFileSync(config, uciConfig(joinPort, leafPort, statusPort, server), { mode: 0o600 });
    execFileSync(process.execPath, [bundle, 'render', '--config', config, '--out', run]);
    daemon(owner, server, ['-c', join(run, 'leaf.conf'), '-l', join(fleet.dir, 'leaf.log')]);
    const hub = await connect({ servers: hubServer.url, user: 'ops', pass: 'ops', noAsyncTraces: true });
    try {
      await storeRecords(hub);
      return await measure({
        hub,
        unit,
        goSubject,
        agent: () => daemon(owner, runtime(), [bundle, 'run', '--dir', run]),
        bareNode: () => daemon(owner, process.execPath, ['-e', 'setInterval(() => {}, 5000)']),
        goResponder: () => goResponder(owner, fleet.dir, leafPort),
      });
    } finally {
      await hub.close();
    }
  } finally {
    await owner.end();
    await fleet.stop();
  }
}
