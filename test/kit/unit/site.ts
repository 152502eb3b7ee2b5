import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Traffic } from '../../../agent/config/traffic.ts';
import { exampleHub, startServer } from '../leaf/leafdaemon.ts';
import { keepLeaf } from '../leaf/leafkeeper.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { childOf, type Daemon, daemon, eventually, runToEnd } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { need, projectRoot, runtime } from '../process/tools.ts';

/** The operator of the example hub. */
export const operator = { user: 'operator', password: 'change-me-operator' };

export const bundle = join(projectRoot, 'dist/nunect.cjs');

/** The operator's program. */
export const hubBundle = join(projectRoot, 'dist/nunect-hub.cjs');

/** A running hub by config/hub/hub.conf, with the stream of config/hub/stream.json. */
export interface Hub {
  readonly url: string;
  readonly leafPort: number;
  /** The operator's connection. It comes back by itself after a restart. */
  readonly nc: NatsConnection;
  /** How many records the stream has. */
  stored(): Promise<number>;
  server(): Daemon;
  restart(): Promise<void>;
}

/** Starts the example hub in `dir`, as its README says. */
export async function startHub(owner: Cleanup, dir: string, program: string): Promise<Hub> {
  const ports = { client: await reservePort(), leaf: await reservePort() };
  const conf = exampleHub('hub', dir, ports);
  let server = await startServer(owner, program, conf);
  const url = `nats://127.0.0.1:${ports.client}`;
  const nc = await connect({
    servers: url,
    user: operator.user,
    pass: operator.password,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  owner.after(() => nc.close());
  const ask = async (
    api: string,
    body = '',
  ): Promise<{ error?: { description: string }; state?: { messages: number } }> =>
    (await nc.request(`$JS.API.STREAM.${api}.NUNECT`, body, { timeout: 10_000 })).json();
  const made = await ask('CREATE', readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8'));
  if (made.error !== undefined) throw new Error(`stream NUNECT: ${made.error.description}`);
  return {
    url,
    leafPort: ports.leaf,
    nc,
    stored: async () => (await ask('INFO')).state?.messages ?? 0,
    server: () => server,
    async restart() {
      await server.end('SIGKILL');
      server = await startServer(owner, program, conf);
    },
  };
}

/** What differs between the units that tests start. */
export interface UnitOptions {
  readonly dir: string;
  readonly unit: string;
  readonly server: string;
  readonly hubPort: number;
  /** Further lines of the leaf section. */
  readonly leaf?: readonly string[];
  /** Lines of the time section. */
  readonly time?: readonly string[];
  /** Further sections, as UCI text. */
  readonly more?: string;
  /** Default: 5; where `traffic` is set, what that means. */
  readonly interval_s?: number;
  /** `agent.traffic`; by default it is not set. */
  readonly traffic?: Traffic;
  /** The kind of host of which it gives the commands; default: openwrt, as where it is at home. */
  readonly host?: string;
  /** What runs the bundle, called as node is; default: that of all tests. */
  readonly runtime?: string;
  /** Flags of node for the agent. */
  readonly nodeFlags?: readonly string[];
  /**
   * The agent sees no processes but its own, in a pid namespace: whatever chronyd runs on this machine besides
   * is not taken for what steers the clock.
   */
  readonly alone?: boolean;
  /** False: `more` says how the hub is joined. */
  readonly plainHub?: boolean;
  /** The leaf is started by the installed starter, and again whenever it ends. */
  readonly kept?: boolean | { readonly pauseMs: number };
  /** `--keep` of render: where an enrolment is. */
  readonly keep?: string;
}

/** A unit from its UCI file on: leaf and agent, with what they print. */
export interface RunningUnit {
  readonly leafPort: number;
  readonly statusUrl: string;
  readonly config: string;
  /** Where the agent keeps its own files. */
  readonly stateDir: string;
  leaf(): Daemon;
  agent(): Daemon;
  restartLeaf(): Promise<void>;
  restartAgent(): Promise<void>;
  /** Starts it after it has ended. */
  startAgent(): Promise<void>;
  /** The state of the unit as its status server tells it. */
  status(): Promise<Record<string, never>>;
}

/** Runs a command of the unit's bundle to its end. */
export const nunect = (args: readonly string[], env: NodeJS.ProcessEnv = process.env, by = runtime()) =>
  runToEnd(by, [bundle, ...args], { env });

/** Runs a command of the operator's bundle to its end. */
export const nunectHub = (args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  runToEnd(runtime(), [hubBundle, ...args], { env });

const paceLines = ({ traffic, interval_s = traffic === undefined ? 5 : undefined }: UnitOptions): string =>
  Object.entries({ traffic, interval_s })
    .map(([name, value]) => (value === undefined ? '' : `\toption ${name} '${value}'\n`))
    .join('');

/** Writes the UCI file of a unit and gives its path. */
export async function writeUci(opts: UnitOptions, ports: { leaf: number; status: number }): Promise<string> {
  const file = join(opts.dir, 'nunect');
  const plain = `	list url 'nats://127.0.0.1:${opts.hubPort}'
	option user '${opts.unit}'
	option password 'change-me-${opts.unit}'
`;
  const text = `config agent 'agent'
	option unit '${opts.unit}'
	option host '${opts.host ?? 'openwrt'}'
${paceLines(opts)}
config hub 'hub'
${opts.plainHub === false ? '' : plain}	option reconnect_s '1'

config leaf 'leaf'
	option port '${ports.leaf}'
	option server '${opts.server}'
${(opts.leaf ?? []).map((line) => `\t${line}\n`).join('')}
config status 'status'
	option port '${ports.status}'

config time 'time'
${(opts.time ?? []).map((line) => `\t${line}\n`).join('')}
${opts.more ?? ''}`;
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** The words that run a program with process numbers of its own. */
const alone: readonly string[] = ['--pid', '--mount-proc', '--kill-child', '--fork'];

/** Renders the config, starts the leaf, starts the agent, and waits for its READY. */
export async function startUnit(owner: Cleanup, opts: UnitOptions): Promise<RunningUnit> {
  const { dir } = opts;
  const ports = { leaf: await reservePort(), status: await reservePort() };
  const config = await writeUci(opts, ports);
  const keep = opts.keep === undefined ? [] : ['--keep', opts.keep];
  const rendered = await nunect(
    ['render', '--config', config, '--out', dir, ...keep],
    process.env,
    opts.runtime,
  );
  if (rendered.code !== 0) throw new Error(`render: ${rendered.stderr}`);
  const startLeaf = (): Promise<Daemon> =>
    opts.kept
      ? keepLeaf(owner, dir, opts.server, opts.kept === true ? undefined : opts.kept.pauseMs)
      : startServer(owner, opts.server, join(dir, 'leaf.conf'));
  let leaf = await startLeaf();
  const startAgent = async (): Promise<Daemon> => {
    const words = [opts.runtime ?? runtime(), ...(opts.nodeFlags ?? []), bundle, 'run', '--dir', dir];
    const [program = '', ...args] = opts.alone === true ? [need('unshare'), ...alone, ...words] : words;
    const started = daemon(owner, program, args, opts.alone === true ? { target: childOf } : {});
    await eventually(
      `${opts.unit} READY`,
      () => started.output().includes(`READY ${opts.unit}`),
      90_000,
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${started.output()}`);
    });
    return started;
  };
  let agent = await startAgent();
  const statusUrl = `http://127.0.0.1:${ports.status}/`;
  return {
    leafPort: ports.leaf,
    statusUrl,
    config,
    stateDir: join(dir, 'state'),
    leaf: () => leaf,
    agent: () => agent,
    async restartLeaf() {
      await leaf.end('SIGKILL');
      leaf = await startLeaf();
    },
    async startAgent() {
      agent = await startAgent();
    },
    async restartAgent() {
      await agent.end('SIGTERM');
      agent = await startAgent();
    },
    async status() {
      const ask = (): Promise<Response> => fetch(`${statusUrl}status.json`);
      const answer = await ask().catch(() => new Promise((again) => setTimeout(again, 200)).then(ask)); // a reload moves it
      return (await answer.json()) as Record<string, never>;
    },
  };
}
