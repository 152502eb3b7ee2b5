// A hub in operator mode, and an issuer beside it that lets devices in: the real server, and no code of agent/hub.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, credsAuthenticator, type NatsConnection, nkeys } from '@nats-io/transport-node';
import { formatCreds } from '../../../agent/config/formats/creds.ts';
import {
  type EnrolAnswer,
  type EnrolRefusal,
  type EnrolRequest,
  enrolSubjects,
  parseEnrolRequest,
  sealed,
  tokenText,
} from '../../../agent/wire/enrol.ts';
import {
  answeredBy,
  inboxPrefixOf,
  peerInboxPrefixOf,
  publishedBy,
  subjectsOf,
} from '../../../agent/wire/subjects.ts';
import { authority, startServer } from '../leaf/leafdaemon.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { type Daemon, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { projectRoot } from '../process/tools.ts';
import { verifyNkey } from './enrolled.ts';
import { encodeJwt, type KeyPair, seedOf } from './jwt.ts';

const limits = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
};
const streams = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

/** What a scoped key lets its users say and hear. */
interface Template {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const unit = subjectsOf('{{name()}}', '{{tag(role)}}');
const templates = {
  unit: {
    publish: [
      ...publishedBy(unit),
      unit.echo,
      '_INBOX.>',
      enrolSubjects.request('{{subject()}}'),
      `${inboxPrefixOf('{{name()}}')}.>`,
    ],
    subscribe: [
      ...answeredBy(unit),
      `${inboxPrefixOf('{{name()}}')}.>`,
      `${peerInboxPrefixOf('{{name()}}')}.>`,
      enrolSubjects.answer('{{subject()}}'),
    ],
  },
  token: {
    publish: [enrolSubjects.request('{{name()}}')],
    subscribe: [`${inboxPrefixOf('{{name()}}')}.>`, 'ops.enrolled.*'],
  },
} as const satisfies Record<string, Template>;

/** An account with one key for each template. */
function account(operator: KeyPair, name: string, of: Readonly<Record<string, Template>>, more: object = {}) {
  const identity = nkeys.createAccount();
  const keys = Object.fromEntries(Object.keys(of).map((role) => [role, nkeys.createAccount()]));
  const signing_keys = Object.entries(of).map(([role, { publish, subscribe }]) => ({
    kind: 'user_scope',
    key: keys[role]?.getPublicKey(),
    role,
    template: { pub: { allow: publish }, sub: { allow: subscribe }, subs: -1, data: -1, payload: -1 },
  }));
  const nats = { limits: { ...limits, ...more }, signing_keys, type: 'account', version: 2 };
  const jwt = encodeJwt(operator, identity, { name, nats });
  return {
    identity,
    preload: `  ${identity.getPublicKey()}: "${jwt}"`,
    /** A user JWT by a template; without one it may do everything. */
    user(name: string, key: Pick<KeyPair, 'getPublicKey'>, role?: string, claims: object = {}): string {
      const issuer = role === undefined ? identity : keys[role];
      if (issuer === undefined) throw new Error(`no key ${role}`);
      const rights = role === undefined ? { subs: -1, data: -1, payload: -1 } : {};
      const tags = role === 'unit' ? { tags: ['role:leaf'] } : {};
      const nats = {
        ...rights,
        ...tags,
        ...(role !== undefined && { issuer_account: identity.getPublicKey() }),
        type: 'user',
        version: 2,
      };
      return encodeJwt(issuer, key, { name, nats, ...claims });
    },
  };
}

/** What the issuer does with requests; a test may change it at any time. */
export interface Issuer {
  /** `asleep`: requests wait in the stream. */
  mode: 'accept' | 'pending' | 'asleep' | EnrolRefusal;
  /** How long the JWT of the link is good for. */
  life_s: number;
  /** The id that it gives to a device that names none. */
  unit: string;
  readonly requests: EnrolRequest[];
  /** By which account each came. */
  readonly by: ('FLEET' | 'ENROL')[];
  /** Answers all requests that there were, as a person does who approves. */
  answerAll(): void;
  /** What it answers, changed by a hostile one. */
  change(answer: EnrolAnswer): EnrolAnswer;
  /** Signs the answers. */
  signer: KeyPair;
}

export interface EnrolHub {
  readonly port: number;
  readonly leafPort: number;
  readonly wsPort: number;
  readonly issuer: Issuer;
  readonly pin: string;
  /** Where its files are. */
  readonly dir: string;
  server(): Daemon;
  restart(): Promise<void>;
  token(id: string, more?: object, claims?: object): string;
  /** A connection to the fleet's account with all rights. */
  readonly fleet: NatsConnection;
  readonly enrol: NatsConnection;
  /** Public key of the fleet's account. */
  readonly account: string;
  readonly systemCreds: string;
}

const s_now = (): number => Math.floor(Date.now() / 1000);

/** Starts it; with TLS unless `plain`. */
export async function enrolHub(owner: Cleanup, program: string, { plain = false } = {}): Promise<EnrolHub> {
  const dir = tempDir(owner, 'enrolhub');
  const [port, leafPort, wsPort] = [await reservePort(), await reservePort(), await reservePort()];
  const { ca, issue } = authority(dir);
  const own = issue('hub', '/CN=hub');
  const caPem = readFileSync(ca, 'utf8');
  const chain = join(dir, 'chain.pem');
  writeFileSync(chain, readFileSync(own.cert, 'utf8') + caPem);
  const der = Buffer.from(caPem.replace(/-----[^-]*-----|\s/g, ''), 'base64');
  const pin = createHash('sha256').update(der).digest('base64url');
  const operator = nkeys.createOperator();
  const system = account(operator, 'SYS', {});
  const fleet = account(operator, 'FLEET', { unit: templates.unit }, streams);
  const enrol = account(operator, 'ENROL', { token: templates.token }, streams);
  const tls = plain ? '' : `tls { cert_file: "${chain}", key_file: "${own.key}", timeout: 5 }`;
  const conf = join(dir, 'hub.conf');
  writeFileSync(
    conf,
    `server_name: hub
listen: "127.0.0.1:${port}"
${tls}
jetstream { store_dir: "${dir}/js", max_memory_store: 16MB, max_file_store: 64MB }
leafnodes { listen: "127.0.0.1:${leafPort}", advertise: "127.0.0.1:${leafPort}"\n${tls}\n}
websocket { listen: "127.0.0.1:${wsPort}"\n${plain ? 'no_tls: true' : tls}\n}
operator: "${encodeJwt(operator, operator, { name: 'nunect', nats: { type: 'operator', version: 2 } })}"
system_account: ${system.identity.getPublicKey()}
resolver: MEMORY
resolver_preload: {\n${[system, fleet, enrol].map((one) => one.preload).join('\n')}\n}
`,
  );
  let server = await startServer(owner, program, conf);
  const credsOf = (of: typeof fleet): string => {
    const user = nkeys.createUser();
    return formatCreds({ jwt: of.user('admin', user), seed: seedOf(user) });
  };
  const admin = async (of: typeof fleet): Promise<NatsConnection> => {
    const nc = await connect({
      servers: `127.0.0.1:${port}`,
      authenticator: credsAuthenticator(new TextEncoder().encode(credsOf(of))),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      ...(plain ? {} : { tls: { ca: caPem } }),
    });
    owner.after(() => nc.close());
    return nc;
  };
  const [ofFleet, ofEnrol] = [await admin(fleet), await admin(enrol)];
  const stream = async (nc: NatsConnection, name: string, config: object): Promise<void> => {
    const text = JSON.stringify({ name, ...config });
    const made = await nc.request(`$JS.API.STREAM.CREATE.${name}`, text, { timeout: 10_000 });
    const { error } = made.json<{ error?: { description: string } }>();
    if (error !== undefined) throw new Error(`stream ${name}: ${error.description}`);
  };
  const records = JSON.parse(readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8')) as object;
  await stream(ofFleet, 'NUNECT', { ...records, max_bytes: 33_554_432 });
  for (const nc of [ofFleet, ofEnrol])
    await stream(nc, 'ENROL', { subjects: ['ops.enrol.>'], storage: 'file', max_bytes: 1_048_576 });
  const signer = nkeys.createAccount();
  const issuer: Issuer = {
    mode: 'accept',
    life_s: 90 * 86_400,
    unit: 'given-01',
    requests: [],
    by: [],
    answerAll: () => {},
    change: (answer) => answer,
    signer,
  };
  const answerTo = (request: EnrolRequest): EnrolAnswer => {
    const { key, nonce } = request;
    const { mode } = issuer;
    const about = { v: 1, key, nonce } as const;
    if (mode === 'pending') return { ...about, state: 'pending' };
    if (mode !== 'accept' && mode !== 'asleep')
      return { ...about, state: 'refused', code: mode, why: `because of ${mode}` };
    const name = request.unit ?? issuer.unit;
    const subject = { getPublicKey: () => key };
    const until_s = s_now() + issuer.life_s;
    const scheme = plain ? 'nats' : 'tls';
    return {
      ...about,
      state: 'accepted',
      unit: name,
      jwt: fleet.user(name, subject, 'unit', { exp: until_s }),
      renew_jwt: enrol.user(key, subject, 'token', { exp: s_now() + 3650 * 86_400 }),
      leaf_urls: [`${scheme}://127.0.0.1:${leafPort}`],
      urls: [`${scheme}://127.0.0.1:${port}`],
      ...(plain ? {} : { ca: caPem }),
      until_s,
    };
  };
  const answer = (nc: NatsConnection, request: EnrolRequest): void =>
    nc.publish(enrolSubjects.answer(request.key), sealed(issuer.change(answerTo(request)), issuer.signer));
  for (const nc of [ofFleet, ofEnrol])
    nc.subscribe('ops.enrol.>', {
      callback(error, message) {
        const read = error ? undefined : parseEnrolRequest(message.string(), verifyNkey);
        if (read?.ok !== true || issuer.mode === 'asleep') return;
        issuer.requests.push(read.value);
        issuer.by.push(nc === ofFleet ? 'FLEET' : 'ENROL');
        answer(nc, read.value);
      },
    });
  issuer.answerAll = () => {
    for (const request of issuer.requests) answer(ofEnrol, request);
  };
  return {
    port,
    leafPort,
    wsPort,
    issuer,
    pin,
    dir,
    fleet: ofFleet,
    enrol: ofEnrol,
    account: fleet.identity.getPublicKey(),
    systemCreds: credsOf(system),
    server: () => server,
    async restart() {
      await server.end('SIGKILL');
      server = await startServer(owner, program, conf);
    },
    token(id, more = {}, claims = {}) {
      const user = nkeys.createUser();
      return tokenText({
        v: 1,
        id,
        urls: [`${plain ? 'nats' : 'tls'}://127.0.0.1:${port}`],
        ...(plain ? {} : { ca: pin }),
        hub: signer.getPublicKey(),
        jwt: enrol.user(id, user, 'token', claims),
        seed: seedOf(user),
        until_s: s_now() + 7 * 86_400,
        ...('exp' in claims && { until_s: claims.exp as number }),
        ...more,
      });
    },
  };
}
