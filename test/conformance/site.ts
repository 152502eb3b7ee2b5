// A real nats-server for one client, with what watches it: the server's own view of its connections, all that is
// published, and a unit whose time is days away from that of this machine.
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { natsFleet } from '../kit/hub/nats.ts';
import type { Cleanup } from '../kit/process/cleanup.ts';
import { type Daemon, daemon, eventually } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';

/** The unit whose time a client may take, and what it says of its clock. */
export const timeUnit = 'conformance-unit';
export const unitClock = { source: 'ptp', quality: 'tracking', error_bound_ns: 250_000 } as const;
const away_us = 5 * 86_400e6 + 123_456;

/** Unix us by the clock of this machine. */
export const machine_us = (): number => (performance.timeOrigin + performance.now()) * 1000;
/** The same by the clock of the unit. */
export const unit_us = (): number => machine_us() + away_us;

const login = { user: 'client', password: 'conformance' };
export const maxPayload_bytes = 262_144;

/** A connection of the client, as the server sees it. */
export interface Seen {
  readonly name: string;
  /** From its subscription of ops.echo.<id>; undefined where it has none. */
  readonly id: string | undefined;
}

/** A client that runs, with all its processes. */
export type RunningClient = Daemon;

export interface Site {
  /** The connection of the tester; a new one after the server was killed. */
  nc(): NatsConnection;
  /** All that was published to ops.>, apart from requests and what the tester sent itself. */
  readonly records: Msg[];
  start(env: Readonly<Record<string, string>>): RunningClient;
  /** Connections of the client now. */
  seen(): Promise<Seen[]>;
  /** Kills the server and starts it again on the same ports. */
  killServer(): Promise<void>;
  /** From now on the login of the client is refused, or taken again. */
  refuse(isRefused: boolean): Promise<void>;
  /** How often the server has refused it so far. */
  refusals(): number;
}

const config = (websocket: number, password: string): string => `
max_payload: ${maxPayload_bytes}
websocket { listen: "127.0.0.1:${websocket}", no_tls: true }
accounts {
  APP { users: [ { user: ${login.user}, password: "${password}" }, { user: tester, password: tester } ] }
  SYS { users: [ { user: sys, password: sys } ] }
}
system_account: SYS
`;

interface Connz {
  readonly data: {
    readonly connections?: readonly {
      readonly name?: string;
      readonly authorized_user?: string;
      readonly subscriptions_list?: readonly string[];
    }[];
  };
}

/** Subjects of requests: a client that asks is not one that publishes a record. */
const isRequest = ({ subject }: Msg): boolean => /^ops\.(echo|time\.sync|cmd)\./.test(subject);

function answerTime(nc: NatsConnection): void {
  nc.subscribe(`ops.time.sync.${timeUnit}`, {
    callback: (_error, message) => {
      const t2_us = Math.round(unit_us());
      const { t1_us } = message.json<{ t1_us?: number }>();
      message.respond(JSON.stringify({ t1_us, t2_us, t3_us: Math.round(unit_us()), ...unitClock }));
    },
  });
}

/** Starts the server. `command` is a command line for sh. */
export async function startSite(owner: Cleanup, program: string, command: string): Promise<Site> {
  const fleet = natsFleet(program);
  owner.after(() => fleet.stop());
  const websocket = await reservePort();
  const right = config(websocket, login.password);
  const server = await fleet.server('conformance', right);
  await server.start();
  const records: Msg[] = [];
  const connections: NatsConnection[] = [];
  owner.after(() => Promise.all(connections.map((one) => one.close())));
  const join = async (user: string): Promise<NatsConnection> => {
    const nc = await connect({
      servers: server.url,
      user,
      pass: user,
      noAsyncTraces: true,
      reconnect: false,
    });
    connections.push(nc);
    return nc;
  };
  const watch = async () => {
    const nc = await join('tester');
    const note = (message: Msg): void => void (isRequest(message) || records.push(message));
    nc.subscribe('ops.>', { callback: (_error, message) => note(message) });
    answerTime(nc);
    await nc.flush();
    return { nc, sys: await join('sys') };
  };
  let watching = await watch();
  return {
    nc: () => watching.nc,
    records,
    start(env) {
      const { NUNECT_ID: _, ...rest } = process.env;
      const started = daemon(owner, 'sh', ['-c', command], {
        env: {
          ...rest,
          NUNECT_URL: server.url,
          NUNECT_WS_URL: `ws://127.0.0.1:${websocket}`,
          NUNECT_USER: login.user,
          NUNECT_PASSWORD: login.password,
          NUNECT_UNIT: timeUnit,
          ...env,
        },
        detached: true,
        target: (pid) => -pid, // its whole group: what it has started too
      });
      return started;
    },
    async seen() {
      const request = { subscriptions: true, auth: true, limit: 1000 };
      const answer = await watching.sys.request('$SYS.REQ.SERVER.PING.CONNZ', JSON.stringify(request));
      return (answer.json<Connz>().data.connections ?? [])
        .filter(({ authorized_user }) => authorized_user === login.user)
        .map(({ name = '', subscriptions_list = [] }) => ({
          name,
          id: subscriptions_list.map((one) => /^ops\.echo\.([^.*>]+)$/.exec(one)?.[1]).find(Boolean),
        }));
    },
    async killServer() {
      await server.kill('SIGKILL');
      await Promise.all([watching.nc.closed(), watching.sys.closed()]);
      await server.start();
      watching = await watch();
    },
    refuse: (isRefused) => server.reload(isRefused ? config(websocket, 'another one') : right),
    refusals: () =>
      server.log().match(new RegExp(`authentication error - User "${login.user}"`, 'g'))?.length ?? 0,
  };
}

/** Waits for a connection of the client that `fits`; undefined where none comes, or it has ended. */
export async function whenSeen(
  site: Site,
  patience_ms: number,
  clients: readonly RunningClient[],
  fits: (seen: readonly Seen[]) => boolean,
): Promise<Seen[] | undefined> {
  let running = clients.length;
  for (const one of clients) void one.exited.then(() => running--);
  try {
    return await eventually(
      'the client',
      async () => {
        const seen = await site.seen();
        if (running === 0) throw new Error('ended');
        return fits(seen) && seen;
      },
      patience_ms,
      50,
    );
  } catch {
    return undefined;
  }
}
