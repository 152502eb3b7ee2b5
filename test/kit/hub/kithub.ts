// A hub as `nunect-hub init` makes it: its folders, its servers, and creds for whom its keys sign.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { formatCreds } from '../../../agent/config/formats/creds.ts';
import { exportHub } from '../../../agent/hub/kit/export.ts';
import {
  type HubFile,
  type HubUser,
  hubKeysDir,
  hubPaths,
  leafUrls,
  trustedCa,
} from '../../../agent/hub/kit/hubdir.ts';
import { makeHub } from '../../../agent/hub/kit/hubfiles.ts';
import { scopedUserJwt } from '../../../agent/hub/kit/jwt.ts';
import { type HubKeyPairs, hubKeysIn, readKey, seedText } from '../../../agent/hub/kit/keys.ts';
import { natsConf } from '../../../agent/hub/kit/natsconf.ts';
import { hubPlan, type PlanGiven } from '../../../agent/hub/kit/plan.ts';
import { streamsOf } from '../../../agent/hub/kit/streams.ts';
import { roleTag } from '../../../agent/hub/kit/templates.ts';
import { createUser } from '../../../agent/lib/nkeys/nkeymakers.ts';
import { startServer } from '../leaf/leafdaemon.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, eventually } from '../process/daemon.ts';
import { jetstream } from './fleet.ts';
import { reserveHubPorts } from './hubprogram.ts';

/** Creds that one of the hub's keys signed, and whose they are. */
export interface IssuedCreds {
  readonly publicKey: string;
  readonly text: string;
}

/** A hub's folder, before anything runs. */
export interface KitHub {
  readonly dir: string;
  readonly hub: HubFile;
  readonly keys: HubKeyPairs;
  /** The folder of each server; of a hub of one server that is `dir`. */
  readonly dirs: readonly string[];
  /** Starts the server of a folder. */
  start(program: string, dir?: string): Promise<Daemon>;
  /** Of a unit, or of a token or a renewal, whose name is the token's id or the public key. */
  unit(name: string, role?: string, until_s?: number): IssuedCreds;
  enrolling(key: 'token' | 'renew', name: string): IssuedCreds;
  /** A client of that server's listener; with creds as text. */
  client(creds: string, more?: NodeConnectionOptions, server?: string): Promise<NatsConnection>;
  /** One of the hub's own users. */
  as(user: HubUser, server?: string): Promise<NatsConnection>;
  /** Makes all streams. */
  makeStreams(): Promise<void>;
  /** The lines of a leaf's config that join it with these creds, by the addresses that units are told. */
  remote(creds: IssuedCreds): string;
}

/** Makes a hub in `dir` as init does; where no host is given, on 127.0.0.1, with ports that nobody has. */
export async function kitHub(owner: Cleanup, dir: string, given: PlanGiven = {}): Promise<KitHub> {
  const { words } = await reserveHubPorts();
  const where = given.cluster === undefined ? { host: '127.0.0.1' } : {};
  const plan = hubPlan(
    { ...where, store: '0.25', ...given, port: [...words, ...(given.port ?? [])] },
    undefined,
  );
  const { hub } = makeHub(dir, plan, Date.now());
  const keys = hubKeysIn(hubKeysDir(hub, dir), hub.publicKeys);
  const out = `${dir}-servers`;
  const io = { stdout: () => undefined, stderr: () => undefined };
  const dirs = hub.servers.length === 1 ? [dir] : hub.servers.map((server) => join(out, server));
  if (dirs.length > 1) {
    exportHub(['--dir', dir, '--out', out, '--issuer'], io);
    const jwt = readFileSync(hubPaths(dir).operatorJwt, 'utf8');
    // as if each lay in its place on a machine of its own
    for (const [at, to] of dirs.entries())
      writeFileSync(hubPaths(to).conf, natsConf({ ...hub, server: hub.servers[at] ?? '' }, to, jwt));
  }
  const caFile = trustedCa(hub, dir);
  const tls =
    hub.tls.by === 'proxy'
      ? {}
      : // such a hub is asked past its proxy here
        { tls: caFile === undefined ? {} : { caFile } };
  const paths = hubPaths(dir);
  const now_s = Math.floor(Date.now() / 1000);
  const issue = (
    key: 'unit' | 'token' | 'renew',
    name: string,
    more: { tags?: string[]; until_s?: number },
  ): IssuedCreds => {
    const user = createUser();
    const account = hub.publicKeys[key === 'unit' ? 'fleet' : 'enrol'];
    const publicKey = user.getPublicKey();
    const jwt = scopedUserJwt(
      { name: name === '' ? publicKey : name, key: publicKey, account, until_s: now_s + 3600, ...more },
      readKey(paths.issuerSeed(key)),
      now_s,
    );
    return { publicKey, text: formatCreds({ jwt, seed: seedText(user) }) };
  };
  const client: KitHub['client'] = async (creds, more = {}, server = hub.server) => {
    const nc = await connect({
      servers: `${server}:${hub.ports.client}`,
      authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      ...tls,
      ...more,
    });
    owner.after(() => nc.close());
    return nc;
  };
  const as: KitHub['as'] = (user, server) =>
    client(readFileSync(paths.issuerCreds(user), 'utf8'), {}, server);
  return {
    ...{ dir, hub, keys, dirs, client, as },
    start: (program, of = dirs[0] ?? dir) => startServer(owner, program, hubPaths(of).conf),
    unit: (name, role = 'leaf', until_s = now_s + 3600) =>
      issue('unit', name, { tags: [roleTag(role)], until_s }),
    enrolling: (key, name) => issue(key, name, {}),
    async makeStreams() {
      const ways = { fleet: await as('hub-fleet'), enrol: await as('hub-enrol'), book: await as('hub-book') };
      for (const { account, config } of streamsOf(hub.kept, hub.servers.length))
        await eventually(`stream ${config.name} of ${account}`, async () => {
          const { error } = await jetstream(ways[account], `STREAM.CREATE.${config.name}`, config);
          if (error !== undefined && !/already in use|no suitable peers|temporarily/.test(error.description))
            throw new Error(`${config.name}: ${error.description}`);
          return error === undefined || /already in use/.test(error.description);
        });
    },
    remote({ text, publicKey }) {
      const file = join(dir, `${publicKey}.creds`);
      writeFileSync(file, text, { mode: 0o600 });
      const urls = leafUrls(hub).map((url) => `"${url}"`);
      const trust = caFile === undefined ? '' : `, tls { ca_file: "${caFile}" }`;
      return `leafnodes { reconnect: 1, remotes: [{ urls: [${urls.join(', ')}], credentials: "${file}"${trust} }] }\n`;
    },
  };
}
