import { readFileSync } from 'node:fs';
import { credsAuthenticator, type NodeConnectionOptions, nkeyAuthenticator } from '@nats-io/transport-node';
import { known } from '../lib/known.ts';

/** How the agent reaches its NATS server. Secrets are values, not files, and are never logged. */
export interface LinkOptions {
  /** Addresses such as `nats://127.0.0.1:4222`; an IP needs no DNS. */
  readonly servers: readonly string[];
  /** Connection name that the server shows. */
  readonly name: string;
  readonly inboxPrefix: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Content of a credentials file, or the file itself, which is read at each connection. */
  readonly creds?: string;
  readonly credsFile?: string;
  readonly nkeySeed?: string;
  /** TLS is demanded where this is set, and by an address that begins with `tls://`: see `connectionOptions`. */
  readonly tls?: {
    readonly caFile?: string;
    /** The same as PEM. */
    readonly ca?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
    readonly handshakeFirst?: true;
    /** Set where the certificate is not to be checked. */
    readonly rejectUnauthorized?: false;
  };
  /** How often the server is asked for a sign of life; three without an answer end the connection. Default 5 s. */
  readonly ping_ms?: number;
  /** How long one attempt to connect may take. Default 5 s. */
  readonly connectTimeout_ms?: number;
}

/** How long one attempt to connect may take. */
const attemptLimit_ms = (opts: LinkOptions): number => opts.connectTimeout_ms ?? 5000;

/** nats.js takes no notice of the scheme, and would log in without TLS where the server offers none. */
const isTls = (url: string): boolean => /^(tls|wss):/i.test(url);

/** The options of nats.js for one connection. Nothing is sent before TLS where it is demanded. */
export function connectionOptions(opts: LinkOptions): NodeConnectionOptions {
  const {
    user,
    password,
    token,
    creds,
    credsFile,
    nkeySeed,
    tls = opts.servers.some(isTls) ? {} : undefined,
  } = opts;
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const authenticator = [
    ...(creds === undefined ? [] : [credsAuthenticator(encode(creds))]),
    ...(credsFile === undefined ? [] : [credsAuthenticator(readFileSync(credsFile))]),
    ...(nkeySeed === undefined ? [] : [nkeyAuthenticator(encode(nkeySeed))]),
  ];
  return {
    servers: [...opts.servers],
    noRandomize: opts.servers.some((url) => url.includes('//127.0.0.1:')), // which is the last resort of a leaf
    name: opts.name,
    inboxPrefix: opts.inboxPrefix,
    timeout: attemptLimit_ms(opts),
    pingInterval: opts.ping_ms ?? 5000,
    maxPingOut: 2,
    // Reconnecting is done by the link, each time with a new connection: nats.js gives up after two auth errors,
    // discards what it buffered and keeps memory for every failed attempt (facts/nats.md 5, traps 2 to 4).
    reconnect: false,
    ignoreAuthErrorAbort: true,
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
    resolve: false,
    ...known({ user, pass: password, token, tls }),
    ...(authenticator.length === 0 ? {} : { authenticator }),
  };
}
