import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { freePort, natsFleet } from '../kit/nats.ts';
import { natsServers, need, projectRoot, tool } from '../kit/tools.ts';

/** What is measured, and everything around it: a hub, a leaf from a rendered config, both real nats-servers. */
export interface Stage {
  /** A client at the hub. */
  readonly hub: NatsConnection;
  readonly unit: string;
  /** Echo subject of the Go responder, which is a client of the same leaf. */
  readonly goSubject: string;
  /** Starts the bundle; it is subscribed when its echo is answered. */
  agent(): ChildProcess;
  /** A node process that does nothing but stay. */
  bareNode(): ChildProcess;
  /** Builds and starts the Go responder, ready when resolved; undefined where there is no Go. */
  goResponder(): Promise<ChildProcess | undefined>;
  stop(): Promise<void>;
}

const unit = 'bench-01';
const goSubject = 'ops.echo.bench-go';
const bundle = join(projectRoot, 'dist/nunect.cjs');

const hubConfig = (leafPort: number): string => `
leafnodes { listen: "127.0.0.1:${leafPort}" }
accounts { FLEET { users: [ { user: leaf, password: leaf }, { user: ops, password: ops } ] } }
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

/** Resolves when `child` prints `line`; rejects with what it said when it ends before that. */
function said(child: ChildProcess, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (data: string) => {
      text += data;
      if (text.includes(line)) resolve();
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}: ${text}`)));
  });
}

export async function setUpStage(): Promise<Stage> {
  const server = natsServers().newest ?? need('nats-server');
  const fleet = natsFleet(server);
  const children: ChildProcess[] = [];
  const start = (command: string, args: readonly string[]): ChildProcess => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: fleet.dir });
    children.push(child);
    return child;
  };

  const [joinPort, leafPort, statusPort] = [await freePort(), await freePort(), await freePort()];
  const hubServer = await fleet.server('hub', hubConfig(joinPort));
  await hubServer.start();
  const run = join(fleet.dir, 'run');
  mkdirSync(run);
  const config = join(fleet.dir, 'nunect');
  writeFileSync(config, uciConfig(joinPort, leafPort, statusPort, server), { mode: 0o600 });
  execFileSync(process.execPath, [bundle, 'render', '--config', config, '--out', run]);
  start(server, ['-c', join(run, 'leaf.conf'), '-l', join(fleet.dir, 'leaf.log')]);
  const hub = await connect({ servers: hubServer.url, user: 'ops', pass: 'ops', noAsyncTraces: true });

  return {
    hub,
    unit,
    goSubject,
    agent: () => start(process.execPath, [bundle, 'run', '--dir', run]),
    bareNode: () => start(process.execPath, ['-e', 'setInterval(() => {}, 5000)']),
    async goResponder() {
      const go = tool('go');
      if (go === undefined) return undefined;
      const program = join(fleet.dir, 'responder');
      const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
      execFileSync(go, ['build', '-o', program, '.'], { cwd: join(__dirname, 'responder'), env });
      const child = start(program, [`nats://responder:responder@127.0.0.1:${leafPort}`, goSubject]);
      await said(child, 'READY');
      return child;
    },
    async stop() {
      await hub.close();
      const alive = children.filter((child) => child.exitCode === null && child.signalCode === null);
      const gone = alive.map((child) => new Promise((resolve) => child.once('exit', resolve)));
      for (const child of alive) child.kill('SIGKILL');
      await Promise.all(gone);
      await fleet.stop();
    },
  };
}
