// What is measured, and all that is around it: a hub, a counted link, a leaf from a rendered config, the agent by its launcher.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type CountingProxy, countingProxy } from '../kit/hub/countingproxy.ts';
import { type NatsProcess, natsFleet } from '../kit/hub/nats.ts';
import { type Cleanup, newOwner } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need, projectRoot, runtime } from '../kit/process/tools.ts';
import type { Build } from './build.ts';
import { untilAnswered } from './echoes.ts';

/** How a unit of the bench differs from one with its defaults. */
export interface StageOptions {
  /** Lines of the section agent: `option interval_s '5'`. */
  readonly agent?: readonly string[];
  /** Lines of the section time. */
  readonly time?: readonly string[];
  /** Further sections, as UCI text. */
  readonly more?: string;
  /** The memory that the device seems to have to the launcher, which chooses node's flags by it. */
  readonly memory_mb?: number;
}

/** One unit with its hub. */
export interface Stage {
  /** Undoes with the stage. */
  readonly owner: Cleanup;
  readonly dir: string;
  readonly build: Build;
  readonly unit: string;
  readonly server: string;
  /** A client at the hub. */
  readonly hub: NatsConnection;
  readonly hubServer: NatsProcess;
  /** The path from the leaf to the hub, on which payload is counted. */
  readonly link: CountingProxy;
  readonly statusUrl: string;
  /** URL of a client of the leaf, of any of the users `peer`, which may answer every echo that is not the unit's. */
  readonly peerUrl: string;
  /**
   * Starts the agent by its launcher, as on a unit; with `flags` of node, even none, without it. It is subscribed when its
   * echo is answered.
   */
  agent(flags?: readonly string[]): Daemon;
  /** The same, and waits until its echo is answered. */
  startedAgent(flags?: readonly string[]): Promise<Daemon>;
}

const unit = 'bench-01';

const hubConfig = (leafPort: number, storeDir: string): string => `
jetstream { store_dir: "${storeDir}" }
leafnodes { listen: "127.0.0.1:${leafPort}" }
accounts { FLEET { jetstream: enabled, users: [ { user: leaf, password: leaf }, { user: ops, password: ops } ] } }
`;

const lines = (of: readonly string[] = []): string => of.map((line) => `\t${line}\n`).join('');

const uciConfig = (
  ports: { link: number; leaf: number; status: number },
  server: string,
  opts: StageOptions,
): string => `
config agent 'agent'
	option unit '${unit}'
	option log_level 'warn'
${lines(opts.agent)}
config hub 'hub'
	list url 'nats://127.0.0.1:${ports.link}'
	option user 'leaf'
	option password 'leaf'
config leaf 'leaf'
	option port '${ports.leaf}'
	option server '${server}'
config user 'peer'
	option password 'peer'
	list publish '_INBOX.>'
	list publish 'bench.>'
	list subscribe 'ops.echo.*'
config status 'status'
	option port '${ports.status}'
config time 'time'
${lines(opts.time)}
${opts.more ?? ''}`;

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

/** The words that run the launcher, where asked on a machine that seems to have another memory. */
function launchWords(dir: string, launcher: string, memory_mb: number | undefined): readonly string[] {
  if (memory_mb === undefined) return [launcher];
  const meminfo = join(dir, 'meminfo');
  const real = readFileSync('/proc/meminfo', 'utf8');
  writeFileSync(meminfo, real.replace(/^MemTotal:.*$/m, `MemTotal:       ${memory_mb * 1024} kB`));
  const script = 'mount --bind "$1" /proc/meminfo; shift; exec "$@"';
  return [need('unshare'), '--mount', 'sh', '-euc', script, 'sh', meminfo, launcher];
}

/** Builds the stage, hands it to `measure`, and takes it down however that ends. */
export async function onStage<T>(
  build: Build,
  opts: StageOptions,
  measure: (stage: Stage) => Promise<T>,
): Promise<T> {
  const server = natsServers().newest ?? need('nats-server');
  const fleet = natsFleet(server);
  const owner = newOwner();
  try {
    const [joinPort, leaf, status] = [await reservePort(), await reservePort(), await reservePort()];
    const hubServer = await fleet.server('hub', hubConfig(joinPort, join(fleet.dir, 'store')));
    await hubServer.start();
    const link = await countingProxy(owner, joinPort);
    const run = join(fleet.dir, 'run');
    mkdirSync(run);
    const config = join(fleet.dir, 'nunect');
    writeFileSync(config, uciConfig({ link: link.port, leaf, status }, server, opts), { mode: 0o600 });
    execFileSync(process.execPath, [build.bundle, 'render', '--config', config, '--out', run], {
      stdio: 'pipe',
    });
    daemon(owner, server, ['-c', join(run, 'leaf.conf'), '-l', join(fleet.dir, 'leaf.log')]);
    const login = { servers: hubServer.url, user: 'ops', pass: 'ops', noAsyncTraces: true };
    // a server gives a client 2 s to log in, which a busy machine may not
    const hub = await eventually('a client at the hub', () => connect(login).catch(() => undefined));
    owner.after(() => hub.close());
    await storeRecords(hub);
    await eventually('the leaf has joined', () => link.carried().back > 0 && link.connections() > 0);
    const words = ['run', '--dir', run];
    const env = { ...process.env, NUNECT_RUNTIME: runtime() };
    const [program = '', ...first] = launchWords(fleet.dir, build.launcher, opts.memory_mb);
    const started: Daemon[] = [];
    const agent: Stage['agent'] = (flags) => {
      const one =
        flags === undefined
          ? daemon(owner, program, [...first, ...words], { env })
          : daemon(owner, runtime(), [...flags, build.bundle, ...words], { env });
      started.push(one);
      return one;
    };
    const stage: Stage = {
      owner,
      dir: fleet.dir,
      build,
      unit,
      server,
      hub,
      hubServer,
      link,
      statusUrl: `http://127.0.0.1:${status}/`,
      peerUrl: `nats://peer:peer@127.0.0.1:${leaf}`,
      agent,
      async startedAgent(flags) {
        const one = agent(flags);
        await untilAnswered(hub, `ops.echo.${unit}`);
        return one;
      },
    };
    return await measure(stage).catch((error: Error) => {
      const said = [...started.entries()].map(
        ([at, one]) => `agent ${at + 1} said: ${one.output().slice(-300)}`,
      );
      throw new Error([error.message, ...said].join('; '));
    });
  } finally {
    await owner.end();
    await fleet.stop();
  }
}
