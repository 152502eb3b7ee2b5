// The servers of a hub as init makes it, with its streams, for issuers that run in the test.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import type { IssuerHub } from '../../../agent/hub/enrol/answers.ts';
import { readIssuerHub } from '../../../agent/hub/enrol/issuerhub.ts';
import { type HubUser, hubPaths } from '../../../agent/hub/kit/hubdir.ts';
import { logTo } from '../../../agent/lib/log.ts';
import { systemTicker } from '../../../agent/lib/ticker.ts';
import { type Link, openLink } from '../../../agent/nats/link.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, tempDir } from '../process/daemon.ts';
import { type KitHub, kitHub } from './kithub.ts';

/** A hub whose servers run. */
export interface IssuingHub {
  readonly kit: KitHub;
  readonly issuer: IssuerHub;
  /** A client with those creds, of the first server or of another, which does not come back by itself. */
  client(creds: string, inboxPrefix?: string, server?: string): Promise<NatsConnection>;
  as(user: HubUser): Promise<NatsConnection>;
  /** A link of one of the hub's own users, which does. */
  link(owner: Cleanup, user: HubUser, servers?: readonly string[]): Link;
  /** Of the first server, or of another by its number. */
  kill(server?: number): Promise<void>;
  start(server?: number): Promise<void>;
}

/** Makes the hub and starts its servers: one, or three of a cluster. */
export async function issuingHub(owner: Cleanup, program: string, cluster?: string): Promise<IssuingHub> {
  const kit = await kitHub(
    owner,
    join(tempDir(owner, 'issuing'), 'hub'),
    cluster === undefined ? {} : { cluster },
  );
  const { hub: file, dir } = kit;
  const running: (Daemon | undefined)[] = [];
  const tls = { caFile: hubPaths(dir).ca };
  const credsOf = (user: HubUser): string => readFileSync(hubPaths(dir).issuerCreds(user), 'utf8');
  const url = (server: string): string => `tls://${server}:${file.ports.client}`;
  const hub: IssuingHub = {
    kit,
    issuer: readIssuerHub({ dir, file }),
    client: (creds, inboxPrefix = '_INBOX', server = file.server) =>
      kit.client(creds, { inboxPrefix, reconnect: false }, server),
    as: (user) => hub.client(credsOf(user)),
    link(holder, user, servers = file.servers) {
      const ending = new AbortController();
      const link = openLink(
        { ticker: systemTicker(), log: logTo(() => {}) },
        { servers: servers.map(url), tls, name: 'test', inboxPrefix: '_INBOX', creds: credsOf(user) },
        ending.signal,
      );
      holder.after(async () => {
        await link.stop();
        ending.abort();
      });
      return link;
    },
    async kill(server = 0) {
      await running[server]?.end('SIGKILL');
    },
    async start(server = 0) {
      running[server] = await kit.start(program, kit.dirs[server]);
    },
  };
  await Promise.all(kit.dirs.map((_, server) => hub.start(server)));
  await kit.makeStreams();
  return hub;
}
