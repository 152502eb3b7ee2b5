import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LinkBytes } from '../../../agent/leaf/watch/linkbook.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { runtime } from '../process/tools.ts';
import { bundle, nunect } from './site.ts';

/** What these tests read of /status.json. */
export interface AgentStatus {
  readonly status: string;
  readonly problems: string[];
  readonly link: {
    readonly connected: boolean;
    readonly bytes?: LinkBytes;
    readonly hub_up?: boolean;
    readonly last_error?: string;
    readonly cause?: string;
  };
  readonly spool: { readonly state: string; readonly records: number };
  readonly clock: { readonly source: string; readonly quality: string };
}

/** An agent without a leaf of its own. */
export interface LoneAgent {
  readonly agent: Daemon;
  readonly dir: string;
  readonly config: string;
  readonly url: string;
  status(): Promise<AgentStatus>;
}

export interface LoneOptions {
  readonly unit?: string;
  /** Lines of the time section besides those that keep it from the daemons of this machine. */
  readonly time?: readonly string[];
  /** Words that the command line of the agent begins with, such as prlimit and its limits. */
  readonly before?: readonly string[];
  readonly nodeFlags?: readonly string[];
}

/** Starts an agent from the UCI sections hub and leaf; `leaf.mode` must not be managed. */
export async function agentWith(
  owner: Cleanup,
  sections: string,
  { unit = 'demo-01', time = [], before = [], nodeFlags = [] }: LoneOptions = {},
): Promise<LoneAgent> {
  const dir = tempDir(owner, 'agent');
  const port = await reservePort();
  const config = join(dir, 'nunect');
  const ptp = time.some((line) => line.includes('ptp_socket')) ? '' : `\tlist ptp_socket '${dir}/none'\n`;
  const text = `config agent 'agent'\n\toption unit '${unit}'\n\toption host 'openwrt'\n\toption interval_s '1'\n${sections}
config status 'status'\n\toption port '${port}'
config time 'time'\n\toption chrony_port '${await reservePort()}'\n${ptp}${time.map((line) => `\t${line}\n`).join('')}`;
  writeFileSync(config, text, { mode: 0o600 });
  const rendered = await nunect(['render', '--config', config, '--out', dir]);
  assert.equal(rendered.code, 0, rendered.stderr);
  const words = [...before, runtime(), ...nodeFlags, bundle, 'run', '--dir', dir];
  const agent = daemon(owner, words[0] ?? '', words.slice(1));
  const url = `http://127.0.0.1:${port}/`;
  const status = async (): Promise<AgentStatus> =>
    (await (await fetch(`${url}status.json`)).json()) as AgentStatus;
  return { agent, status, dir, config, url };
}
