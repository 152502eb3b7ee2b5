import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { authority, type Certificate, startServer } from '../leaf/leafdaemon.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { projectRoot } from '../process/tools.ts';
import { newOperator, type Operator, type Permissions } from './jwt.ts';

/** How a hub knows its units. */
export type HubKind = 'login' | 'certificate' | 'jwt';

/** The password whose bcrypt hash stands in config/hub/hub.conf; every unit of these hubs has it. */
export const unitPassword = 'change-me-demo-01';

const example = readFileSync(join(projectRoot, 'config/hub/hub.conf'), 'utf8');
const [demoUser = ''] = /\{ user: "demo-01"[\s\S]*?\n {6}\}/.exec(example) ?? [];
const [hash = ''] = /\$2a\$[^"]+/.exec(demoUser) ?? [];

/**
 * What config/hub/hub.conf permits a unit. One that is itself a client of the hub asks its own echo there and
 * answers it, as the README says.
 */
export function permissionsOf(unit: string, isClient = false): Permissions {
  const [publish = '', subscribe = ''] = demoUser.split('subscribe: [');
  const subjects = (text: string): string[] =>
    [...text.replaceAll('demo-01', unit).matchAll(/"((?:ops|_INBOX|\$SRV)[^"]*)"/g)].map(
      ([, one = '']) => one,
    );
  const own = isClient ? [`ops.echo.${unit}`, `_INBOX_${unit}.>`] : [];
  return { publish: [...subjects(publish), ...own], subscribe: subjects(subscribe) };
}

/** A user of the hub as its config has it: by password, public nkey or the name in a certificate. */
export type HubUser = { readonly unit: string; readonly isClient?: boolean } & (
  | { readonly by: 'password' }
  | { readonly by: 'nkey'; readonly nkey: string }
  | { readonly by: 'certificate'; readonly name: string }
);

function userLine(user: HubUser): string {
  const { publish, subscribe } = permissionsOf(user.unit, user.isClient);
  const login =
    user.by === 'password'
      ? `user: "${user.unit}", password: "${hash}"`
      : user.by === 'nkey'
        ? `nkey: ${user.nkey}`
        : `user: "${user.name}"`;
  const permissions = `publish: ${JSON.stringify(publish)}, subscribe: ${JSON.stringify(subscribe)}`;
  return `      { ${login}, permissions: { ${permissions} } }`;
}

/** A real hub that can be made to know its units or not. */
export interface AuthHub {
  readonly port: number;
  readonly leafPort: number;
  readonly ca: string;
  readonly operator: Operator;
  issue(name: string, subject: string): Certificate;
  server(): Daemon;
  /** Starts it anew with these users; of kind `jwt`, with the account of the units when there is any. */
  knowing(users: readonly HubUser[]): Promise<void>;
  /** Flags with which the nats CLI has all rights. */
  readonly cli: readonly string[];
  /** A connection with all rights. It comes back by itself. */
  admin(): Promise<NatsConnection>;
}

/** Starts a hub of that kind which knows no unit, only who administers it. */
export async function authHub(owner: Cleanup, program: string, kind: HubKind): Promise<AuthHub> {
  const dir = tempDir(owner, `authhub-${kind}`);
  const [port, leafPort] = [await reservePort(), await reservePort()];
  const { ca, issue } = authority(dir);
  const own = issue('hub', '/CN=hub');
  const admin = issue('admin', '/CN=admin');
  const operator = newOperator();
  const tls =
    kind === 'certificate'
      ? `tls { cert_file: "${own.cert}", key_file: "${own.key}", ca_file: "${ca}", verify_and_map: true, timeout: 5 }`
      : '';
  const conf = join(dir, 'hub.conf');
  const write = (users: readonly HubUser[]): void => {
    const adminUser =
      kind === 'certificate' ? '{ user: "CN=admin" }' : '{ user: "admin", password: "admin-secret" }';
    const accounts = `accounts {
  FLEET { jetstream: enabled, users: [\n      ${adminUser}\n${users.map(userLine).join('\n')}\n  ] }
  SYS { users: [{ user: "system", password: "system-secret" }] }
}
system_account: SYS`;
    writeFileSync(
      conf,
      `server_name: hub
listen: "127.0.0.1:${port}"
${tls}
jetstream { store_dir: "${dir}/js", max_memory_store: 16MB, max_file_store: 64MB }
leafnodes { listen: "127.0.0.1:${leafPort}", advertise: "127.0.0.1:${leafPort}"\n${tls}\n}
${kind === 'jwt' ? operator.config(users.length > 0) : accounts}
`,
    );
  };
  write([]);
  const adminCreds = join(dir, 'admin.creds');
  writeFileSync(adminCreds, operator.creds('admin'), { mode: 0o600 });
  const flags: Record<HubKind, readonly string[]> = {
    login: ['--user', 'admin', '--password', 'admin-secret'],
    certificate: ['--tlsca', ca, '--tlscert', admin.cert, '--tlskey', admin.key],
    jwt: ['--creds', adminCreds],
  };
  let server = await startServer(owner, program, conf);
  return {
    port,
    leafPort,
    ca,
    operator,
    issue,
    server: () => server,
    cli: ['--server', `nats://127.0.0.1:${port}`, ...flags[kind]],
    async knowing(users) {
      write(users);
      await server.end('SIGKILL');
      server = await startServer(owner, program, conf);
    },
    async admin() {
      const how: Record<HubKind, NodeConnectionOptions> = {
        login: { user: 'admin', pass: 'admin-secret' },
        certificate: { tls: { caFile: ca, certFile: admin.cert, keyFile: admin.key } },
        jwt: { authenticator: credsAuthenticator(readFileSync(adminCreds)) },
      };
      const nc = await connect({ port, maxReconnectAttempts: -1, reconnectTimeWait: 100, ...how[kind] });
      owner.after(() => nc.close());
      const stream = readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8').replace(
        /"max_bytes": \d+/,
        '"max_bytes": 33554432',
      );
      const made = (await nc.request('$JS.API.STREAM.CREATE.NUNECT', stream, { timeout: 10_000 })).json<{
        error?: { description: string };
      }>();
      if (made.error !== undefined) throw new Error(`stream NUNECT: ${made.error.description}`);
      return nc;
    },
  };
}
