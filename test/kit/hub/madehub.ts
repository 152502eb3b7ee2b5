// A hub as an operator makes it: `nunect-hub init` and `up` of the bundle that ships, on ports of its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, eventually, runToEnd } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { runtime } from '../process/tools.ts';
import { hubBundle } from '../unit/site.ts';
import { jetstream } from './fleet.ts';

type Done = Awaited<ReturnType<typeof runToEnd>>;

/** A hub that `nunect-hub init` made in a folder. */
export interface MadeHub {
  readonly dir: string;
  readonly ports: { readonly client: number; readonly leaf: number; readonly websocket: number };
  /** Runs a command of nunect-hub for it. */
  run(command: string, ...more: readonly string[]): Promise<Done>;
  /** Starts `nunect-hub up`, and gives it at once. */
  start(...more: readonly string[]): Daemon;
  /** The same once it is READY. */
  up(...more: readonly string[]): Promise<Daemon>;
  /** Pid of its nats-server. */
  serverPid(): number;
  /** A connection by the credentials of the operator, or of one of the hub's own users. */
  connect(user?: 'operator' | 'hub-enrol' | 'hub-sys'): Promise<NatsConnection>;
}

/** Makes a hub in `dir`. `program` is its nats-server. */
export async function makeTestHub(
  owner: Cleanup,
  dir: string,
  program: string,
  initArgs: readonly string[] = ['--host', '127.0.0.1'],
  morePorts: readonly string[] = [],
): Promise<MadeHub> {
  const names = ['client', 'leaf', 'websocket', 'cluster', 'monitor'] as const;
  const taken = await Promise.all(names.map(async (name) => [name, await reservePort()] as const));
  const ports = Object.fromEntries(taken) as Record<(typeof names)[number], number>;
  const run = (command: string, ...more: readonly string[]): Promise<Done> =>
    runToEnd(runtime(), [hubBundle, command, '--dir', dir, ...more]);
  const portArgs = taken.flatMap(([name, port]) => ['--port', `${name}=${port}`]);
  const made = await run('init', ...initArgs, ...portArgs, ...morePorts);
  if (made.code !== 0) throw new Error(`init: ${made.stderr}`);
  const start = (...more: readonly string[]): Daemon =>
    daemon(owner, runtime(), [hubBundle, 'up', '--dir', dir, '--nats-server', program, ...more]);
  return {
    dir,
    ports,
    run,
    start,
    async up(...more) {
      const started = start(...more);
      let isOver = false;
      void started.exited.then(() => {
        isOver = true;
      });
      await eventually('the hub is READY', () => {
        if (isOver) throw new Error(`up has ended: ${started.output()}`);
        return /^READY /m.test(started.output());
      });
      return started;
    },
    serverPid: () => Number(readFileSync(join(dir, 'run/nats.pid'), 'utf8')),
    async connect(user = 'operator') {
      const file = user === 'operator' ? 'operator.creds' : `issuer/${user}.creds`;
      const nc = await connect({
        servers: `tls://127.0.0.1:${ports.client}`,
        tls: { caFile: join(dir, 'tls/ca.pem') },
        authenticator: credsAuthenticator(readFileSync(join(dir, file))),
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
      });
      owner.after(() => nc.close());
      return nc;
    },
  };
}

/** What JetStream says of a stream. */
export const streamInfo = async (
  nc: NatsConnection,
  name: string,
): Promise<{ config: Record<string, unknown>; state: { messages: number } }> =>
  (await jetstream(nc, `STREAM.INFO.${name}`)) as never;
