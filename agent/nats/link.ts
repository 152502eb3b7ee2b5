import {
  connect,
  credsAuthenticator,
  type Msg,
  MsgHdrsImpl,
  type MsgImpl,
  type NatsConnection,
  type NodeConnectionOptions,
  NoRespondersError,
  nkeyAuthenticator,
  PermissionViolationError,
  type Subscription,
  TimeoutError,
} from '@nats-io/transport-node';
import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';
import { watchDenials } from './denials.ts';
import { knock } from './knock.ts';
import type { Headers } from './wire.ts';

/** How the agent reaches its NATS server. Secrets are values, not files, and are never logged. */
export interface LinkOptions {
  /** Addresses such as `nats://127.0.0.1:4222`; an IP needs no DNS. */
  readonly servers: readonly string[];
  /** Connection name that the server shows. */
  readonly name: string;
  readonly inboxPrefix: string;
  readonly user?: string;
  readonly password?: string;
  /** Content of a credentials file. */
  readonly creds?: string;
  readonly nkeySeed?: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** How often the server is asked for a sign of life; three without an answer end the connection. Default 5 s. */
  readonly ping_ms?: number;
  /** How long one attempt to connect may take. Default 5 s. */
  readonly connectTimeout_ms?: number;
}

/** A message that came in. `headers` is decoded on first use and may throw on garbage. */
export interface Incoming {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string | undefined;
  readonly headers?: Iterable<[string, string[]]> | undefined;
  /** Bytes of subject, reply, headers and payload together. */
  size(): number;
}

export interface PublishOptions {
  readonly headers?: Headers;
  readonly reply?: string;
}

/** What became of a request. Only `reply` carries an answer. */
export type Answer =
  | { readonly kind: 'reply'; readonly message: Incoming }
  /** The server says that nobody listens on the subject, or the leaf that its hub is gone. */
  | { readonly kind: 'no_responders' }
  | { readonly kind: 'timeout' }
  /** The server does not permit this user to publish there. */
  | { readonly kind: 'denied' }
  /** Larger than the server's max_payload. */
  | { readonly kind: 'too_large' }
  /** Not connected, or no longer when the answer was due. */
  | { readonly kind: 'closed' };

export interface LinkState {
  readonly connected: boolean;
  /** Monotonic ms since when. */
  readonly since_ms: number;
  readonly server?: { readonly name: string; readonly version: string; readonly max_payload: number };
  /** Why the last connection ended or the last attempt failed. */
  readonly lastError?: string;
}

/** Totals since the link was opened, over all its connections. Bytes are payload and headers. */
export interface LinkCounters {
  readonly in_msgs: number;
  readonly in_bytes: number;
  readonly out_msgs: number;
  readonly out_bytes: number;
  readonly reconnects: number;
  /** Publications refused because there was no connection or the server would not take them. */
  readonly dropped: number;
  readonly callback_errors: number;
}

/** One guarded connection to the local server, made again for ever until it is stopped. */
export interface Link {
  state(): LinkState;
  counters(): LinkCounters;
  /** Sends at once, or gives false: nothing is kept for later. */
  publish(subject: string, payload: Uint8Array | string, options?: PublishOptions): boolean;
  /** Never rejects. */
  request(
    subject: string,
    payload: Uint8Array | string,
    options: PublishOptions & { readonly timeout_ms: number },
  ): Promise<Answer>;
  /** Lasts over reconnections. The callback may throw or reject: that is counted and logged. Returns its end. */
  subscribe(subject: string, callback: (message: Incoming) => void | Promise<void>): () => void;
  /** PING to PONG of the local server by the monotonic clock; undefined when there was none in time. */
  flushRtt_us(timeout_ms: number): Promise<number | undefined>;
  /** Called at every connect and disconnect. Returns its end. */
  onChange(listener: (state: LinkState) => void): () => void;
  /** Subjects that the server refuses, as `publish ops.x` or `subscription ops.y`. */
  denied(): string[];
  /** Sends what is under way and closes; takes at most about half a second. */
  stop(): Promise<void>;
}

export interface LinkDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  /** [0, 1), for the jitter of reconnections. */
  readonly random?: () => number;
}

const firstPause_ms = 250;
const longestPause_ms = 5000;
const stopLimit_ms = 500;
/** A connection that lived this long resets the pause between attempts. */
const settled_ms = 10_000;

function messageOf(error: unknown): string {
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return one instanceof Error ? one.message : String(one);
}

function connectionOptions(opts: LinkOptions): NodeConnectionOptions {
  const { creds, nkeySeed, tls } = opts;
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  return {
    servers: [...opts.servers],
    name: opts.name,
    inboxPrefix: opts.inboxPrefix,
    timeout: opts.connectTimeout_ms ?? 5000,
    pingInterval: opts.ping_ms ?? 5000,
    maxPingOut: 2,
    // Reconnecting is done here, each time with a new connection: nats.js gives up after two auth errors,
    // discards what it buffered and keeps memory for every failed attempt (facts/nats.md 5, traps 2 to 4).
    reconnect: false,
    ignoreAuthErrorAbort: true,
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
    resolve: false,
    ...(opts.user === undefined ? {} : { user: opts.user }),
    ...(opts.password === undefined ? {} : { pass: opts.password }),
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(encode(creds)) }),
    ...(nkeySeed === undefined ? {} : { authenticator: nkeyAuthenticator(encode(nkeySeed)) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** Opens the link and returns at once; the first connection follows when the server is there. */
export function openLink(deps: LinkDeps, opts: LinkOptions, signal: AbortSignal): Link {
  const { ticker, log, random = Math.random } = deps;
  const subscriptions = new Set<{
    readonly subject: string;
    readonly callback: (message: Incoming) => void | Promise<void>;
    live?: Subscription;
  }>();
  const listeners = new Set<(state: LinkState) => void>();
  const totals = { in_msgs: 0, in_bytes: 0, out_msgs: 0, out_bytes: 0 };
  let current: NatsConnection | undefined;
  let state: LinkState = { connected: false, since_ms: ticker.now_ms() };
  let connections = 0;
  let dropped = 0;
  let callbackErrors = 0;
  let stopping = false;
  let wake = (): void => {};
  const denials = watchDenials(ticker, log);

  const trouble = (subject: string, error: unknown): void => {
    callbackErrors += 1;
    if (callbackErrors === 1) log.error('a message handler failed', { subject, error: messageOf(error) });
  };

  /** nats.js lets an exception of a callback kill its read loop: none may get out. */
  const guarded =
    (subject: string, callback: (message: Incoming) => void | Promise<void>) =>
    (error: Error | null, message: Msg): void => {
      if (error !== null) return; // a refused subscription: reported through the status of the connection
      try {
        const pending = callback(message as MsgImpl);
        if (pending instanceof Promise) pending.catch((reason: unknown) => trouble(subject, reason));
      } catch (reason) {
        trouble(subject, reason);
      }
    };

  const change = (next: LinkState): void => {
    state = next;
    for (const listener of listeners) {
      try {
        listener(state);
      } catch (error) {
        trouble('link state', error);
      }
    }
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = ticker.after(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });

  async function serve(nc: NatsConnection): Promise<void> {
    current = nc;
    connections += 1;
    void (async () => {
      for await (const status of nc.status()) {
        if (status.type !== 'error') continue;
        if (status.error instanceof PermissionViolationError) denials.refused(status.error);
        else state = { ...state, lastError: status.error.message };
      }
    })();
    for (const one of subscriptions) {
      one.live = nc.subscribe(one.subject, { callback: guarded(one.subject, one.callback) });
    }
    denials.connected(() => nc.flush());
    const { server_name = '', version = '', max_payload = 0 } = nc.info ?? {};
    log.info('connected', { server: nc.getServer(), name: server_name, version });
    change({
      connected: true,
      since_ms: ticker.now_ms(),
      server: { name: server_name, version, max_payload },
    });
    const reason = await nc.closed();
    current = undefined;
    const counted = nc.stats();
    totals.in_msgs += counted.inMsgs;
    totals.in_bytes += counted.inBytes;
    totals.out_msgs += counted.outMsgs;
    totals.out_bytes += counted.outBytes;
    const lastError = reason instanceof Error ? reason.message : (state.lastError ?? 'closed by the server');
    if (!stopping) log.warn('disconnected', { server: nc.getServer(), why: lastError });
    change({ connected: false, since_ms: ticker.now_ms(), lastError });
  }

  async function keepConnected(): Promise<void> {
    let wait_ms = firstPause_ms;
    let hung = false;
    while (!stopping) {
      const begun = ticker.now_ms();
      try {
        if (hung) await knock(opts.servers, opts.connectTimeout_ms ?? 5000);
        const nc = await connect(connectionOptions(opts));
        hung = false;
        if (stopping) await nc.close();
        else await serve(nc);
        if (ticker.now_ms() - begun > settled_ms) wait_ms = firstPause_ms;
      } catch (error) {
        hung ||= error instanceof TimeoutError;
        const why = messageOf(error) || 'connection failed';
        if (why !== state.lastError && !stopping) log.warn('cannot connect', { why });
        state = { ...state, lastError: why };
      }
      if (stopping) return;
      await pause(wait_ms * (1 + random() / 2));
      wait_ms = Math.min(longestPause_ms, wait_ms * 1.5);
    }
  }
  const done = keepConnected();

  const publish = (subject: string, payload: Uint8Array | string, options: PublishOptions = {}): boolean => {
    if (current === undefined) {
      dropped += 1;
      return false;
    }
    try {
      const { headers, reply } = options;
      current.publish(subject, payload, {
        ...(headers === undefined ? {} : { headers: MsgHdrsImpl.fromRecord(headers) }),
        ...(reply === undefined ? {} : { reply }),
      });
      denials.used(subject);
      return true;
    } catch {
      dropped += 1;
      return false;
    }
  };

  const stop = async (): Promise<void> => {
    if (!stopping) {
      stopping = true;
      wake();
      const nc = current;
      const limit = new Promise<void>((resolve) => setTimeout(resolve, stopLimit_ms).unref());
      if (nc !== undefined) {
        await Promise.race([nc.drain().catch(() => {}), limit]);
        await Promise.race([nc.close().catch(() => {}), limit]);
      }
    }
    await Promise.race([done, new Promise<void>((resolve) => setTimeout(resolve, stopLimit_ms))]);
  };
  signal.addEventListener('abort', () => void stop(), { once: true });

  return {
    state: () => state,
    counters() {
      const now = current?.stats() ?? { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 };
      return {
        in_msgs: totals.in_msgs + now.inMsgs,
        in_bytes: totals.in_bytes + now.inBytes,
        out_msgs: totals.out_msgs + now.outMsgs,
        out_bytes: totals.out_bytes + now.outBytes,
        reconnects: Math.max(0, connections - 1),
        dropped,
        callback_errors: callbackErrors,
      };
    },
    publish,
    async request(subject, payload, { headers, timeout_ms }) {
      if (current === undefined) return { kind: 'closed' };
      const nc = current;
      try {
        const message = await nc.request(subject, payload, {
          timeout: timeout_ms,
          ...(headers === undefined ? {} : { headers: MsgHdrsImpl.fromRecord(headers) }),
        });
        denials.used(subject);
        return { kind: 'reply', message: message as MsgImpl };
      } catch (error) {
        return { kind: failureKind(error) };
      }
    },
    subscribe(subject, callback) {
      const one: typeof subscriptions extends Set<infer T> ? T : never = { subject, callback };
      if (current !== undefined)
        one.live = current.subscribe(subject, { callback: guarded(subject, callback) });
      subscriptions.add(one);
      return () => {
        subscriptions.delete(one);
        if (current !== undefined) one.live?.unsubscribe();
      };
    },
    async flushRtt_us(timeout_ms) {
      if (current === undefined) return undefined;
      const begun = ticker.now_ms();
      let cancel = (): void => {};
      const late = new Promise<undefined>((resolve) => {
        cancel = ticker.after(timeout_ms, () => resolve(undefined));
      });
      const back = current.flush().then(
        () => (ticker.now_ms() - begun) * 1000,
        () => undefined,
      );
      const rtt_us = await Promise.race([back, late]);
      cancel();
      return rtt_us;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    denied: denials.list,
    stop,
  };
}

function failureKind(error: unknown): Exclude<Answer['kind'], 'reply'> {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof NoRespondersError) return 'no_responders';
  if (cause instanceof TimeoutError) return 'timeout';
  if (cause instanceof PermissionViolationError) return 'denied';
  return messageOf(error).includes('max_payload') ? 'too_large' : 'closed';
}
