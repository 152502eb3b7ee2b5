// A hub as an operator has it: made by `nunect-hub init`, run by `nunect-hub up`, asked by its commands, all of the bundle
// that ships.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { type HubUser, hubPaths } from '../../../agent/hub/kit/hubdir.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, daemon, eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { runtime } from '../process/tools.ts';
import { hubBundle, nunect, nunectHub } from '../unit/site.ts';

type Outcome = Awaited<ReturnType<typeof nunectHub>>;

const portNames = ['client', 'leaf', 'websocket', 'monitor', 'cluster'] as const;
type Ports = Readonly<Record<(typeof portNames)[number], number>>;

/** Ports for a hub that nobody has, also as words of `--port`. */
export async function reserveHubPorts(): Promise<{ ports: Ports; words: string[] }> {
  const taken = await Promise.all(portNames.map(async (name) => [name, await reservePort()] as const));
  return {
    ports: Object.fromEntries(taken) as Ports,
    words: taken.map(([name, port]) => `${name}=${port}`),
  };
}

/** Has the page of the hub of a folder take a port that nobody has; to be called before each `up` of a test. */
export function pageAnywhere(dir: string): void {
  const path = hubPaths(dir).page;
  if (existsSync(dir) && !existsSync(path)) writeFileSync(path, '{ "port": 0 }\n');
}

/** A hub in a folder of its own. */
export interface HubProgram {
  readonly dir: string;
  readonly ports: Ports;
  /** For clients. */
  readonly url: string;
  /** A command of nunect-hub on it. */
  run(command: string, ...args: readonly string[]): Promise<Outcome>;
  /** The same, which must end with code 0; gives its output. */
  done(command: string, ...args: readonly string[]): Promise<string>;
  /** Starts `up`, and gives it at once. */
  start(...args: readonly string[]): Daemon;
  /** The same once it is READY. */
  up(...args: readonly string[]): Promise<Daemon>;
  /** All that init and the other commands have printed, and `up`. */
  said(): string;
  /** Pid of its nats-server. */
  serverPid(): number;
  /** A client with the login of the operator, or of one of the hub's own users. */
  connect(user?: 'operator' | HubUser): Promise<NatsConnection>;
  /** `nunect enrol TOKEN` of a device of its own, which may have an id. */
  enrol(name: string, token: string, unit?: string): Promise<Outcome & { readonly keep: string }>;
}

/** Words of `init` for a hub that is found on this machine only. */
const onLoopback = ['--host', '127.0.0.1', '--store', '1'];

/** Makes the hub. `program` is its nats-server; `init` are the words besides its folder and ports. */
export async function hubProgram(
  owner: Cleanup,
  program: string,
  init: readonly string[] = onLoopback,
): Promise<HubProgram> {
  const parent = tempDir(owner, 'hub');
  const dir = join(parent, 'hub');
  const paths = hubPaths(dir);
  const { ports, words } = await reserveHubPorts();
  const printed: string[] = [];
  const ups: Daemon[] = [];
  const hub: HubProgram = {
    dir,
    ports,
    url: `tls://127.0.0.1:${ports.client}`,
    async run(command, ...args) {
      const outcome = await nunectHub([command, '--dir', dir, ...args]);
      printed.push(outcome.stdout, outcome.stderr);
      return outcome;
    },
    async done(command, ...args) {
      const { code, stdout, stderr } = await hub.run(command, ...args);
      if (code !== 0) throw new Error(`nunect-hub ${command} ${args.join(' ')}: ${code} ${stdout}${stderr}`);
      return stdout.trim();
    },
    start(...args) {
      pageAnywhere(dir);
      const up = daemon(owner, runtime(), [hubBundle, 'up', '--dir', dir, '--nats-server', program, ...args]);
      ups.push(up);
      return up;
    },
    async up(...args) {
      const up = hub.start(...args);
      let isOver = false;
      void up.exited.then(() => {
        isOver = true;
      });
      await eventually('the hub is READY', () => {
        if (isOver) throw new Error(`up has ended: ${up.output()}`);
        return /^READY /m.test(up.output());
      });
      return up;
    },
    said: () => [...printed, ...ups.map((up) => up.output())].join('\n'),
    serverPid: () => Number(readFileSync(paths.pid, 'utf8')),
    async connect(user = 'operator') {
      const nc = await connect({
        servers: hub.url,
        tls: { caFile: paths.ca },
        authenticator: credsAuthenticator(
          readFileSync(user === 'operator' ? paths.operatorCreds : paths.issuerCreds(user)),
        ),
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
      });
      owner.after(() => nc.close());
      return nc;
    },
    async enrol(name, token, unit) {
      const place = join(parent, name);
      const keep = join(place, 'keep');
      mkdirSync(keep, { recursive: true });
      writeFileSync(join(place, 'nunect.ini'), `[agent]\n${unit === undefined ? '' : `unit = ${unit}\n`}`);
      const to = ['--config', join(place, 'nunect.ini'), '--keep', keep, '--no-reload', '--wait', '60'];
      return { ...(await nunect(['enrol', token, ...to])), keep };
    },
  };
  await hub.done('init', ...words.flatMap((word) => ['--port', word]), ...init);
  return hub;
}
