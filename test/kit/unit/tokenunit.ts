// A unit of a hub that `nunect-hub` made: its agent and its leaf, with nothing of the hub in its config but a token.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { keepLeaf } from '../leaf/leafkeeper.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { runtime } from '../process/tools.ts';
import { bundle } from './site.ts';

/** Such a unit. */
export interface TokenUnit {
  /** The folder of its enrolment. */
  readonly enrolDir: string;
  agent(): Daemon;
  /** Gives it another token, as an operator does who edits its config and reloads. */
  give(token: string): void;
  /** Ends its agent, has something done, and starts it again. */
  restart(meanwhile: () => void): Promise<void>;
  problems(): Promise<string[]>;
}

/** Starts one. `program`: the nats-server of its leaf. */
export async function tokenUnit(t: Cleanup, program: string, first: string): Promise<TokenUnit> {
  const dir = tempDir(t, 'whole');
  const [port, status, chrony] = [await reservePort(), await reservePort(), await reservePort()];
  const config = join(dir, 'nunect');
  const write = (token: string): void =>
    writeFileSync(
      config,
      `config agent 'agent'
	option host 'bare'
	option interval_s '1'
	option traffic 'lan'
config hub 'hub'
	option reconnect_s '1'
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
  write(first);
  const [out, keep] = [join(dir, 'run'), join(dir, 'keep')];
  const start = (): Daemon =>
    daemon(t, runtime(), [bundle, 'run', '--config', config, '--dir', out, '--keep', keep]);
  let agent = start();
  await eventually('leaf.conf', () => existsSync(join(out, 'leaf.conf')));
  await keepLeaf(t, out, program);
  return {
    enrolDir: join(keep, 'enrol'),
    agent: () => agent,
    give(token) {
      write(token);
      agent.kill('SIGHUP');
    },
    async restart(meanwhile) {
      await agent.endGently();
      meanwhile();
      agent = start();
    },
    async problems() {
      const page = await fetch(`http://127.0.0.1:${status}/status.json`).catch(() => undefined);
      return page === undefined ? ['no page'] : ((await page.json()) as { problems: string[] }).problems;
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
