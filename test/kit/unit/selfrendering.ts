import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { type KeptLeaf, keepLeaf } from '../leaf/leafkeeper.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { natsServers, need, runtime } from '../process/tools.ts';
import { bundle } from './site.ts';

/** What differs between such units. */
interface SelfRenderingOptions {
  /** nats-server of its leaf. */
  readonly program?: string;
  /** `leaf.mode`; but in `managed` the leaf is the test's own affair. */
  readonly mode?: string;
  /** Further lines of the agent section, as UCI text; by default both log all. */
  readonly agent?: string;
  /** Its files on flash: those of a unit that was, or a copy of them. */
  readonly keep?: string;
  /** Its hardware is another than this machine, by that id; only root can. */
  readonly machine?: string;
}

/** A unit that renders its config itself. */
export interface SelfRendering {
  readonly dir: string;
  /** Its files on flash, and of those the folder of its enrolment. */
  readonly keep: string;
  readonly enrolDir: string;
  /** Replaces what its config has besides the test's own lines. */
  write(uci: string): void;
  agent(): Daemon;
  leaf(): KeptLeaf;
  page(path: string): Promise<string>;
  /** The state of the unit as its status server tells it. */
  status(): Promise<Record<string, never>>;
  problems(): Promise<string[]>;
  /** Ends its agent, has something done, and starts it again. */
  restart(meanwhile: () => void): Promise<void>;
  /** Ends both, as a power cut does. */
  end(): Promise<void>;
}

const loud = "\toption log_level 'debug'\n\toption log_publish 'debug'";

/** What stands before a command for it to see another machine's id. */
function onMachine(dir: string, id: string | undefined): readonly string[] {
  if (id === undefined) return [];
  const file = join(dir, 'machine-id');
  writeFileSync(file, `${id}\n`);
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/machine-id && exec "$@"', file];
}

/** Starts it, and its leaf, which is started again whenever it ends; resolves when that is ready. */
export async function selfRendering(
  owner: Cleanup,
  uci: string,
  options: SelfRenderingOptions = {},
): Promise<SelfRendering> {
  const { program = natsServers().newest ?? '', mode = 'managed', agent: lines = loud } = options;
  const dir = tempDir(owner, 'unit');
  const { keep = join(dir, 'keep') } = options;
  const [port, status, chrony] = [await reservePort(), await reservePort(), await reservePort()];
  const config = join(dir, 'nunect');
  const write = (more: string): void =>
    writeFileSync(
      config,
      `config agent 'agent'
	option host 'bare'
	option interval_s '1'
	option traffic 'lan'
${lines}
config leaf 'leaf'
	option server '${program}'
	option mode '${mode}'
	option log_debug '${lines === loud ? 1 : 0}'
	option port '${port}'
config status 'status'
	option port '${status}'
config time 'time'
	option chrony_port '${chrony}'
	list ptp_socket '${dir}/none'
${more}`,
      { mode: 0o600 },
    );
  write(uci);
  const out = join(dir, 'run');
  const run = [runtime(), bundle, 'run', '--config', config, '--dir', out, '--keep', keep];
  const start = (): Daemon => daemon(owner, need('env'), [...onMachine(dir, options.machine), ...run]);
  let agent = start();
  let leaf: KeptLeaf | undefined;
  if (mode === 'managed') {
    await eventually('leaf.conf', () => existsSync(join(out, 'leaf.conf')));
    leaf = await keepLeaf(owner, out, program);
  }
  const page = async (path: string) => (await fetch(`http://127.0.0.1:${status}/${path}`)).text();
  const told = async () => JSON.parse(await page('status.json')) as Record<string, never>;
  return {
    dir,
    keep,
    enrolDir: join(keep, 'enrol'),
    write,
    page,
    agent: () => agent,
    leaf() {
      if (leaf === undefined) throw new Error(`this unit has no leaf of its own: ${mode}`);
      return leaf;
    },
    status: told,
    problems: () =>
      told().then(
        (now) => now['problems'] ?? [],
        () => ['no page'],
      ),
    async restart(meanwhile) {
      await agent.endGently();
      meanwhile();
      agent = start();
    },
    async end() {
      await Promise.all([agent.end('SIGKILL'), leaf?.end('SIGKILL')]);
    },
  };
}

/** One that has a token in its config, and nothing else of the hub. */
export interface TokenUnit extends SelfRendering {
  /** Gives it another token, as an operator does who edits its config and reloads. */
  give(token: string): void;
}

/** Starts one. */
export async function tokenUnit(
  owner: Cleanup,
  { token, ...options }: SelfRenderingOptions & { readonly token: string },
): Promise<TokenUnit> {
  const uci = (one: string): string =>
    `config hub 'hub'\n\toption reconnect_s '1'\n\toption enrol_token '${one}'\n`;
  const unit = await selfRendering(owner, uci(token), options);
  return {
    ...unit,
    give(other) {
      unit.write(uci(other));
      unit.agent().kill('SIGHUP');
    },
  };
}

/** Whether a unit answers an echo. */
export async function answersEcho(nc: NatsConnection, unit: string): Promise<boolean> {
  try {
    return (await nc.request(`ops.echo.${unit}`, 'hello', { timeout: 500 })).string() === 'hello';
  } catch {
    return false;
  }
}
