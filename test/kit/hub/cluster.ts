// A hub of three servers with its stream on each of them, whose servers a test kills, starts again and robs.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { exampleHub, startServer } from '../leaf/leafdaemon.ts';
import { type Gate, gateTo } from '../net/gate.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, eventually } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { projectRoot } from '../process/tools.ts';
import { operator } from '../unit/site.ts';
import { jetstream } from './fleet.ts';

const names = ['hub-1', 'hub-2', 'hub-3'] as const;
export type HubServer = (typeof names)[number];

/** What the leader of a stream says of its copies. */
interface ClusterInfo {
  readonly leader?: string;
  readonly replicas?: readonly {
    readonly name: string;
    readonly current: boolean;
    readonly offline?: boolean;
    readonly lag?: number;
  }[];
}

/** Three servers by config/hub/hub.conf, and the stream of config/hub/stream.json with three replicas. */
export interface HubCluster {
  readonly servers: readonly HubServer[];
  /** The way of leafs to each server, in the same order. */
  readonly gates: readonly Gate[];
  /** The operator's connection. It goes to whichever server is there. */
  readonly nc: NatsConnection;
  /** The leader of the stream; waits until there is one. */
  leader(): Promise<HubServer>;
  /** How many records the stream has. */
  stored(): Promise<number>;
  /** Has the leader of the stream hand over, and waits until another has taken over. */
  stepDown(): Promise<HubServer>;
  kill(server: HubServer): Promise<void>;
  start(server: HubServer): Promise<void>;
  /** Takes all that a server has stored; it must not run. */
  loseStore(server: HubServer): void;
  /** Waits until each server has the whole stream. */
  whole(): Promise<void>;
}

/** Starts it in `dir`. */
export async function startHubCluster(owner: Cleanup, dir: string, program: string): Promise<HubCluster> {
  const ports = [];
  for (const name of names) {
    const [client, leaf, route] = [await reservePort(), await reservePort(), await reservePort()];
    ports.push({ name, client, leaf, route, gate: await gateTo(owner, leaf, Math.random) });
  }
  const routes = ports.map(({ route }) => `"nats://127.0.0.1:${route}"`).join(', ');
  const running = new Map<HubServer, Daemon>();
  const home = (server: HubServer): string => join(dir, server);
  for (const { name, client, leaf, route, gate } of ports) {
    mkdirSync(home(name), { recursive: true });
    const conf = exampleHub('hub', home(name), { client, leaf });
    const cluster = `cluster { name: "HUB", listen: "127.0.0.1:${route}", routes: [ ${routes} ] }\n`;
    writeFileSync(
      conf,
      readFileSync(conf, 'utf8')
        .replace('server_name: "hub"', `server_name: "${name}"`)
        .replace(/advertise: ".*"/, `advertise: "127.0.0.1:${gate.port}"`) + cluster,
    );
  }
  const start = async (server: HubServer): Promise<void> => {
    running.set(server, await startServer(owner, program, join(home(server), 'hub.conf')));
  };
  await Promise.all(names.map(start));
  const nc = await connect({
    servers: ports.map(({ client }) => `nats://127.0.0.1:${client}`),
    user: operator.user,
    pass: operator.password,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    ignoreClusterUpdates: true,
  });
  owner.after(() => nc.close());
  const stream = JSON.parse(readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8')) as object;
  await eventually('the stream is made', async () => {
    const { error } = await jetstream(nc, 'STREAM.CREATE.NUNECT', { ...stream, num_replicas: 3 });
    return error === undefined || /already in use/.test(error.description);
  });
  const info = async (): Promise<ClusterInfo> =>
    ((await jetstream(nc, 'STREAM.INFO.NUNECT')) as { cluster?: ClusterInfo }).cluster ?? {};
  const leader = (): Promise<HubServer> =>
    eventually('the stream has a leader', async () => (await info()).leader as HubServer | undefined);
  return {
    servers: names,
    gates: ports.map(({ gate }) => gate),
    nc,
    leader,
    stored: async () => (await jetstream(nc, 'STREAM.INFO.NUNECT')).state?.messages ?? 0,
    async stepDown() {
      const before = await leader();
      await jetstream(nc, 'STREAM.LEADER.STEPDOWN.NUNECT');
      return eventually('another leads', async () => {
        const next = await leader();
        return next !== before && next;
      });
    },
    async kill(server) {
      await running.get(server)?.end('SIGKILL');
      running.delete(server);
    },
    start,
    loseStore: (server) => rmSync(join(home(server), 'hub-js'), { recursive: true }),
    whole: () =>
      eventually('each server has the whole stream', async () => {
        const { leader: first, replicas = [] } = await info();
        const current = replicas.filter((one) => one.current && one.offline !== true && (one.lag ?? 0) === 0);
        return first !== undefined && current.length === names.length - 1;
      }).then(() => {}),
  };
}
