// A unit that has a token in its config and nothing else of the hub: it renders its config itself, and its leaf is started
// again whenever it ends.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KeptLeaf, keepLeaf } from '../leaf/leafkeeper.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { need, runtime } from '../process/tools.ts';
import { bundle } from './site.ts';

/** What differs between such units. */
export interface TokenUnitOptions {
  /** nats-server of its leaf. */
  readonly program: string;
  readonly token: string;
  /** Lines of the agent section, as UCI text. */
  readonly agent?: string;
  /** Its files on flash: those of a unit that was, or a copy of them. */
  readonly keep?: string;
  /** Default: 1. */
  readonly reconnect_s?: number;
  /** Its hardware is another than this machine, by that id; only root can. */
  readonly machine?: string;
}

/** A unit by its token. */
export interface TokenUnit {
  readonly dir: string;
  /** Its files on flash, with the folder `enrol`. */
  readonly keep: string;
  agent(): Daemon;
  leaf(): KeptLeaf;
  /** The state of the unit as its status server tells it. */
  status(): Promise<Record<string, never>>;
  problems(): Promise<string[]>;
  /** Ends both, as a power cut does. */
  end(): Promise<void>;
}

/** What stands before a command for it to see another machine's id. */
function onMachine(dir: string, id: string | undefined): readonly string[] {
  if (id === undefined) return [];
  const file = join(dir, 'machine-id');
  writeFileSync(file, `${id}\n`);
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/machine-id && exec "$@"', file];
}

/** Starts it; resolves when its leaf is ready. */
export async function tokenUnit(owner: Cleanup, options: TokenUnitOptions): Promise<TokenUnit> {
  const { program, token, agent: lines = '' } = options;
  const dir = tempDir(owner, 'token');
  const keep = options.keep ?? join(dir, 'keep');
  const [port, status, chrony] = [await reservePort(), await reservePort(), await reservePort()];
  const config = join(dir, 'nunect');
  writeFileSync(
    config,
    `config agent 'agent'
	option host 'bare'
	option interval_s '1'
	option traffic 'lan'
${lines}
config hub 'hub'
	option reconnect_s '${options.reconnect_s ?? 1}'
	option enrol_token '${token}'
config leaf 'leaf'
	option server '${program}'
	option port '${port}'
config status 'status'
	option port '${status}'
config time 'time'
	option chrony_port '${chrony}'
	list ptp_socket '${dir}/none'
`,
    { mode: 0o600 },
  );
  const out = join(dir, 'run');
  const run = [runtime(), bundle, 'run', '--config', config, '--dir', out, '--keep', keep];
  const agent = daemon(owner, need('env'), [...onMachine(dir, options.machine), ...run]);
  await eventually('leaf.conf', () => existsSync(join(out, 'leaf.conf')));
  const leaf = await keepLeaf(owner, out, program);
  const page = async () => (await fetch(`http://127.0.0.1:${status}/status.json`)).json();
  return {
    dir,
    keep,
    agent: () => agent,
    leaf: () => leaf,
    status: async () => (await page()) as Record<string, never>,
    problems: () =>
      page().then(
        (now) => (now as { problems: string[] }).problems,
        () => ['no page'],
      ),
    async end() {
      await Promise.all([agent.end('SIGKILL'), leaf.end('SIGKILL')]);
    },
  };
}
