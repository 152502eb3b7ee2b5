// A hub as an operator has it: made by `nunect-hub init`, run by `nunect-hub up`, asked by its commands.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { type HubUser, hubPaths } from '../../../agent/hub/kit/hubdir.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { runtime } from '../process/tools.ts';
import { hubBundle, nunect, nunectHub } from '../unit/site.ts';

type Outcome = Awaited<ReturnType<typeof nunectHub>>;

/** A hub in a folder of its own. */
export interface HubProgram {
  readonly dir: string;
  readonly url: string;
  readonly leafUrl: string;
  /** Starts `up` and waits until it is ready. */
  up(): Promise<Daemon>;
  /** A command of nunect-hub on it. */
  run(command: string, ...args: readonly string[]): Promise<Outcome>;
  /** The same, which must end with code 0; gives its output. */
  done(command: string, ...args: readonly string[]): Promise<string>;
  /** A client with the login of one of the hub's own users. */
  asUser(user: HubUser): Promise<NatsConnection>;
  /** `nunect enrol TOKEN` of a device of its own, which may have an id. */
  enrol(name: string, token: string, unit?: string): Promise<Outcome & { readonly keep: string }>;
}

/** Makes the hub. */
export async function hubProgram(
  owner: Cleanup,
  program: string,
  ...args: readonly string[]
): Promise<HubProgram> {
  const parent = tempDir(owner, 'hub');
  const dir = join(parent, 'hub');
  const names = ['client', 'leaf', 'websocket', 'monitor', 'cluster'] as const;
  const ports: Record<string, number> = {};
  for (const name of names) ports[name] = await reservePort();
  const given = names.map((name) => `--port=${name}=${ports[name]}`);
  const hub: HubProgram = {
    dir,
    url: `tls://127.0.0.1:${ports['client']}`,
    leafUrl: `tls://127.0.0.1:${ports['leaf']}`,
    async up() {
      const up = daemon(owner, runtime(), [hubBundle, 'up', '--dir', dir, '--nats-server', program]);
      await eventually('the hub is ready', () => up.output().includes('READY'));
      return up;
    },
    run: (command, ...more) => nunectHub([command, '--dir', dir, ...more]),
    async done(command, ...more) {
      const { code, stdout, stderr } = await hub.run(command, ...more);
      if (code !== 0) throw new Error(`nunect-hub ${command} ${more.join(' ')}: ${code} ${stdout}${stderr}`);
      return stdout.trim();
    },
    async asUser(user) {
      const nc = await connect({
        servers: hub.url,
        tls: { caFile: hubPaths(dir).ca },
        authenticator: credsAuthenticator(readFileSync(hubPaths(dir).issuerCreds(user))),
      });
      owner.after(() => nc.close());
      return nc;
    },
    async enrol(name, token, unit) {
      const place = join(parent, name);
      mkdirSync(join(place, 'keep'), { recursive: true });
      writeFileSync(join(place, 'nunect.ini'), `[agent]\n${unit === undefined ? '' : `unit = ${unit}\n`}`);
      const keep = join(place, 'keep');
      const to = ['--config', join(place, 'nunect.ini'), '--keep', keep, '--no-reload', '--wait', '60'];
      return { ...(await nunect(['enrol', token, ...to])), keep };
    },
  };
  await hub.done('init', '--host', '127.0.0.1', '--store', '1', ...given, ...args);
  return hub;
}
