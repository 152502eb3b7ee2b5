// A hub in operator mode by the accounts, templates and streams of nunect-hub, on one nats-server without TLS.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, credsAuthenticator, type NatsConnection, nkeys } from '@nats-io/transport-node';
import { formatCreds } from '../../../agent/config/formats/creds.ts';
import type { IssuerHub } from '../../../agent/hub/enrol/answers.ts';
import { hubAccountJwt, hubAccounts } from '../../../agent/hub/kit/accounts.ts';
import {
  defaultHubPorts,
  type HubFile,
  type HubKey,
  hubKeys,
  hubUsers,
} from '../../../agent/hub/kit/hubdir.ts';
import { fullUserJwt, operatorJwt } from '../../../agent/hub/kit/jwt.ts';
import { streamsOf } from '../../../agent/hub/kit/streams.ts';
import { startServer } from '../leaf/leafdaemon.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { jetstream } from './fleet.ts';
import { seedOf } from './jwt.ts';

type Pair = ReturnType<typeof nkeys.createUser>;

/** A hub that runs. */
export interface BareHub {
  readonly issuer: IssuerHub;
  readonly keys: Readonly<Record<HubKey, Pair>>;
  readonly url: string;
  readonly leafUrl: string;
  readonly dir: string;
  /** Creds of the hub's own users, by account. */
  readonly creds: Readonly<Record<'sys' | 'fleet' | 'enrol', string>>;
  /** A plain client with those creds, which does not come back by itself. */
  client(creds: string, inboxPrefix?: string): Promise<NatsConnection>;
  start(): Promise<void>;
  kill(): Promise<void>;
}

const kept = { days: 1, bytes: 64 * 1024 ** 2 };

/** Makes the keys and starts the server, with the streams. */
export async function bareHub(owner: Cleanup, program: string): Promise<BareHub> {
  const dir = tempDir(owner, 'kithub');
  const [port, leafPort] = [await reservePort(), await reservePort()];
  const create = { operator: nkeys.createOperator, account: nkeys.createAccount };
  const names = Object.keys(hubKeys) as HubKey[];
  const keys = Object.fromEntries(names.map((name) => [name, create[hubKeys[name]]()])) as Record<
    HubKey,
    Pair
  >;
  const publicKeys = Object.fromEntries(
    names.map((name) => [name, keys[name].getPublicKey()]),
  ) as HubFile['publicKeys'];
  const file: HubFile = {
    v: 1,
    servers: ['127.0.0.1'],
    server: '127.0.0.1',
    tls: { by: 'own' },
    ports: { ...defaultHubPorts, client: port, leaf: leafPort },
    keysDir: join(dir, 'keys'),
    days: 90,
    kept,
    publicKeys,
  };
  const now_s = Math.floor(Date.now() / 1000);
  mkdirSync(join(dir, 'jwt'));
  for (const account of hubAccounts)
    writeFileSync(
      join(dir, 'jwt', `${publicKeys[account]}.jwt`),
      hubAccountJwt(account, file, {}, keys['operator-signing'], now_s),
    );
  const operator = operatorJwt(
    'nunect',
    keys.operator,
    { signingKey: keys['operator-signing'].getPublicKey(), systemAccount: keys.sys.getPublicKey() },
    now_s,
  );
  const conf = join(dir, 'hub.conf');
  writeFileSync(
    conf,
    `server_name: hub
listen: "127.0.0.1:${port}"
leafnodes { listen: "127.0.0.1:${leafPort}" }
jetstream { store_dir: "${dir}/js" }
operator: "${operator}"
system_account: ${publicKeys.sys}
resolver { type: full, dir: "${dir}/jwt", allow_delete: false, interval: "2m" }
`,
  );
  const credsOf = (account: 'sys' | 'fleet' | 'enrol', name: string): string => {
    const user = nkeys.createUser();
    const claims = { name, key: user.getPublicKey(), account: keys[account].getPublicKey() };
    return formatCreds({ jwt: fullUserJwt(claims, keys[account], now_s), seed: seedOf(user) });
  };
  const creds = Object.fromEntries(
    Object.entries(hubUsers).map(([name, account]) => [account, credsOf(account, name)]),
  ) as BareHub['creds'];
  const url = `nats://127.0.0.1:${port}`;
  let server: Daemon | undefined;
  const hub: BareHub = {
    issuer: { file, keys },
    keys,
    url,
    leafUrl: `nats://127.0.0.1:${leafPort}`,
    dir,
    creds,
    async client(login, inboxPrefix) {
      const nc = await connect({
        servers: url,
        reconnect: false,
        authenticator: credsAuthenticator(new TextEncoder().encode(login)),
        ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
      });
      owner.after(() => nc.close());
      return nc;
    },
    async start() {
      server = await startServer(owner, program, conf);
    },
    async kill() {
      await server?.end('SIGKILL');
    },
  };
  await hub.start();
  for (const { account, config } of streamsOf(kept, 1)) {
    const nc = await hub.client(creds[account]);
    const made = await jetstream(nc, `STREAM.CREATE.${config.name}`, config);
    if (made.error !== undefined) throw new Error(`${config.name}: ${made.error.description}`);
    await nc.close();
  }
  return hub;
}
