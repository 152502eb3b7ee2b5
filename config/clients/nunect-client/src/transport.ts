// What is used of nats.js: the package depends on none of its libraries, and works with each of them.

/** Headers to send: a value or several for each name. */
export type Headers = Readonly<Record<string, string | number | readonly string[]>>;

/** Headers as nats.js has them. */
export interface MessageHeaders extends Iterable<[string, string[]]> {
  get(name: string): string;
  append(name: string, value: string): void;
}

/** A message as nats.js hands it over. */
export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string;
  readonly headers?: MessageHeaders;
  respond(payload?: Uint8Array | string, opts?: { headers?: MessageHeaders }): boolean;
  string(): string;
  json<T>(): T;
}

/** What the server complains of: an operation on a subject that it does not permit, or something else. */
export interface Complaint extends Error {
  readonly operation?: string;
  readonly subject?: string;
}

/** A connection of nats.js. */
export interface Connection {
  publish(subject: string, payload?: Uint8Array | string, opts?: { headers?: MessageHeaders }): void;
  request(
    subject: string,
    payload?: Uint8Array | string,
    opts?: { timeout: number; headers?: MessageHeaders },
  ): Promise<Message>;
  subscribe(
    subject: string,
    opts: { callback: (refusal: Error | null, message: Message) => void },
  ): { unsubscribe(): void };
  flush(): Promise<void>;
  status(): AsyncIterable<{ readonly type: string; readonly error?: Complaint }>;
  closed(): Promise<unknown>;
  drain(): Promise<void>;
  close(): Promise<void>;
  isClosed(): boolean;
  getServer(): string;
  readonly info?: { readonly version: string } | undefined;
}

/**
 * The library that connects: all of `@nats-io/transport-node` or of `@nats-io/nats-core`. Its `connect` is for TCP and
 * TLS, its `wsconnect` for addresses that begin with `ws:` or `wss:`.
 */
export interface Nats {
  headers(): MessageHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: each library has a type of its own for options and authenticators
  readonly connect?: (options: any) => Promise<Connection>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly wsconnect?: (options: any) => Promise<Connection>;
  credsAuthenticator(creds: Uint8Array): unknown;
  nkeyAuthenticator(seed: Uint8Array): unknown;
}

/** Who logs in; `creds` is the content of a creds file, `nkeySeed` begins with `SU`. */
export interface Login {
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly creds?: string;
  readonly nkeySeed?: string;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
/** How long one attempt may take. */
const attemptLimit_ms = 5000;
/** Two of these without an answer end a connection. */
const ping_ms = 10_000;

/** Where to connect and as whom, and further options of nats.js, such as `tls`. */
export interface Target {
  readonly servers: readonly string[];
  readonly name: string;
  readonly inboxPrefix: string;
}

/** What connects there, once for each call; throws where the library has no transport for it. */
export function connectorTo(nats: Nats, target: Target): (login: Login) => Promise<Connection> {
  const isOver = (scheme: RegExp): boolean => target.servers.some((url) => scheme.test(url));
  const transport = isOver(/^wss?:/i) ? 'wsconnect' : 'connect';
  const connect = nats[transport];
  if (!connect) throw new Error(`${target.servers}: nats.js has no ${transport}`);
  return async ({ user, password: pass, token, creds, nkeySeed }) =>
    connect({
      timeout: attemptLimit_ms,
      pingInterval: ping_ms,
      maxPingOut: 2,
      noAsyncTraces: true,
      // nats.js takes no notice of the scheme, and would log in without TLS where the server offers none
      ...(isOver(/^tls:/i) && { tls: {} }),
      ...target,
      ...{ user, pass, token },
      ...(creds && { authenticator: nats.credsAuthenticator(encode(creds)) }),
      ...(nkeySeed && { authenticator: nats.nkeyAuthenticator(encode(nkeySeed)) }),
      // each attempt is a connection of its own: nats.js would give up after two refused logins, and keeps without
      // limit what is published meanwhile, only to discard it
      reconnect: false,
      ignoreAuthErrorAbort: true,
    });
}

/** The headers as nats.js sends them. */
export function optionsOf(nats: Nats, given: Headers | undefined): { headers: MessageHeaders } | undefined {
  if (!given) return undefined;
  const headers = nats.headers();
  for (const [name, values] of Object.entries(given))
    for (const value of [values].flat()) headers.append(name, String(value));
  return { headers };
}
