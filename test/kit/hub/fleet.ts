import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type Log, type LogEntry, logTo } from '../../../agent/lib/log.ts';
import { systemTicker } from '../../../agent/lib/ticker.ts';
import { type Link, openLink } from '../../../agent/nats/link.ts';
import type { LinkOptions } from '../../../agent/nats/session.ts';
import { eventually } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { natsServers } from '../process/tools.ts';
import {
  agentLogin,
  hubConfig,
  leafConfig,
  type NatsProcess,
  natsFleet,
  operatorLogin,
  unitId,
} from './nats.ts';

const leafJetstream = (storeDir: string, domain: string): string =>
  `jetstream { store_dir: "${storeDir}", max_mem: 16M, max_file: 64M${domain === '' ? '' : `, domain: "${domain}"`} }\n`;

/** The server programs to test against, by name; those that are not there are left out. */
export const serversToTest = (): { name: string; program: string }[] =>
  Object.entries(natsServers()).flatMap(([name, program]) =>
    program === undefined ? [] : [{ name, program }],
  );

/** A hub with JetStream and a leaf joined to it, with ways in for an agent and an operator. */
export interface HubAndLeaf {
  readonly hub: NatsProcess;
  readonly leaf: NatsProcess;
  /** What the agent under test has logged. */
  readonly logged: LogEntry[];
  readonly log: Log;
  readonly leafConfig: (agentPermissions?: string) => string;
  agent(options?: Partial<LinkOptions>): Link;
  /** A plain client with all rights; reconnects by itself, closed by `stop`. */
  operator(at: NatsProcess): Promise<NatsConnection>;
  joined(): Promise<void>;
  stop(): Promise<void>;
}

/** `leafDomain`: the leaf has streams of its own, in that JetStream domain, or with '' in none. */
export async function hubAndLeaf(program: string, leafDomain?: string): Promise<HubAndLeaf> {
  const fleet = natsFleet(program);
  const leafPort = await reservePort();
  const hub = await fleet.server('hub', hubConfig(leafPort, join(fleet.dir, 'js')));
  const ofLeaf = leafDomain === undefined ? '' : leafJetstream(join(fleet.dir, 'leaf-js'), leafDomain);
  const config = (permissions = ''): string => {
    const plain = leafConfig(leafPort, permissions);
    return ofLeaf === '' ? plain : `${plain.replace('APP {', 'APP { jetstream: enabled,')}${ofLeaf}`;
  };
  const leaf = await fleet.server('leaf', config());
  const logged: LogEntry[] = [];
  const log = logTo((entry) => logged.push(entry));
  const controller = new AbortController();
  const links: Link[] = [];
  const operators: NatsConnection[] = [];
  await hub.start();
  await leaf.start();
  const joined = async (): Promise<void> => {
    await eventually('leaf joined', () => leaf.log().includes('Leafnode connection created'));
  };
  await joined();
  return {
    hub,
    leaf,
    logged,
    log,
    leafConfig: config,
    joined,
    agent(options) {
      const link = openLink(
        { ticker: systemTicker(), log },
        { servers: [leaf.url], name: 'agent', inboxPrefix: `_INBOX_${unitId}`, ...agentLogin, ...options },
        controller.signal,
      );
      links.push(link);
      return link;
    },
    async operator(at) {
      const nc = await connect({
        servers: [at.url],
        user: operatorLogin.user,
        pass: operatorLogin.password,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        ignoreAuthErrorAbort: true,
        ignoreClusterUpdates: true,
      });
      operators.push(nc);
      return nc;
    },
    async stop() {
      controller.abort();
      await Promise.all(links.map((link) => link.stop()));
      await Promise.all(operators.map((nc) => nc.close().catch(() => {})));
      await fleet.stop();
    },
  };
}

/** Calls a JetStream API and gives its answer, for as long as it takes until there is one. */
export async function jetstream(nc: NatsConnection, api: string, body: object = {}): Promise<JsAnswer> {
  return eventually(`$JS.API.${api}`, async () => {
    try {
      const reply = await nc.request(`$JS.API.${api}`, JSON.stringify(body), { timeout: 2000 });
      const answer = reply.json() as JsAnswer;
      return answer.error?.code === 503 ? undefined : answer;
    } catch {
      return undefined;
    }
  });
}

/** What JetStream says of a stream. */
export const streamInfo = async (
  nc: NatsConnection,
  name: string,
): Promise<{ config: Record<string, unknown>; state: { messages: number } }> =>
  (await jetstream(nc, `STREAM.INFO.${name}`)) as never;

export interface JsAnswer {
  readonly error?: { readonly code: number; readonly description: string };
  readonly state?: { readonly messages: number; readonly last_seq: number };
}

/** Creates the stream FLEET that stores what units publish, or gives it other settings. */
export const createStream = (
  nc: NatsConnection,
  more: object = {},
  how: 'CREATE' | 'UPDATE' = 'CREATE',
): Promise<JsAnswer> =>
  jetstream(nc, `STREAM.${how}.FLEET`, {
    name: 'FLEET',
    subjects: ['ops.heartbeat.>', 'ops.metric.>', 'ops.log.>', 'ops.status.>'],
    storage: 'file',
    duplicate_window: 3_600_000_000_000,
    ...more,
  });
