import {
  MsgHdrsImpl,
  type MsgImpl,
  type NatsConnection,
  PermissionViolationError,
  type Subscription,
} from '@nats-io/transport-node';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { type Ticker, within } from '../lib/ticker.ts';
import type { Headers } from '../wire/values.ts';
import { keepTrying } from './attempts.ts';
import { blameClock } from './clocknote.ts';
import { watchDenials } from './denials.ts';
import { guardHandlers } from './guard.ts';
import type { Handler, Incoming } from './incoming.ts';
import { failureKind, type LinkOptions } from './session.ts';

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
  /** Lasts over reconnections. The handler may throw or reject: that is counted and logged. Returns its end. */
  subscribe(subject: string, handler: Handler): () => void;
  /** PING to PONG of the local server by the monotonic clock; undefined when there was none in time. */
  flushRtt_us(timeout_ms: number): Promise<number | undefined>;
  /** Called at every connect and disconnect. Returns its end. */
  onChange(listener: (state: LinkState) => void): () => void;
  /** Subjects that the server refuses, as `publish ops.x` or `subscription ops.y`. */
  denied(): string[];
  /** Connects anew with other options, if they are others; subscriptions and counters stay. */
  configure(options: LinkOptions): void;
  /** Sends what is under way and closes; takes at most about half a second. */
  stop(): Promise<void>;
}

export interface LinkDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  /** [0, 1), for the jitter of reconnections. */
  readonly random?: () => number;
  /** What is to be said of a certificate's date by a clock that nobody vouches for; undefined when it is right. */
  readonly clockDoubt?: () => string | undefined;
}

const stopLimit_ms = 500;

interface Subscribed {
  readonly subject: string;
  readonly handler: Handler;
  /** The subscription of the present connection. */
  live?: Subscription;
}

/** Opens the link and returns at once; the first connection follows when the server is there. */
export function openLink(deps: LinkDeps, firstOptions: LinkOptions, signal: AbortSignal): Link {
  const { ticker, log, clockDoubt = () => undefined } = deps;
  const subscriptions = new Set<Subscribed>();
  const listeners = new Set<(state: LinkState) => void>();
  const totals = { in_msgs: 0, in_bytes: 0, out_msgs: 0, out_bytes: 0 };
  const denials = watchDenials(ticker, log);
  const guard = guardHandlers(log);
  let opts = firstOptions;
  let current: NatsConnection | undefined;
  let state: LinkState = { connected: false, since_ms: ticker.now_ms() };
  let connections = 0;
  let dropped = 0;
  let stopping = false;

  const change = (next: LinkState): void => {
    state = next;
    for (const listener of listeners) {
      try {
        listener(state);
      } catch (error) {
        guard.failed('link state', error);
      }
    }
  };

  async function heed(nc: NatsConnection): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type !== 'error') continue;
      if (status.error instanceof PermissionViolationError) denials.refused(status.error);
      else state = { ...state, lastError: status.error.message };
    }
  }

  const subscribeNow = (nc: NatsConnection, one: Subscribed): void => {
    one.live = nc.subscribe(one.subject, { callback: guard.guarded(one.subject, one.handler) });
  };

  /** Lives with one connection until it ends. */
  async function serve(nc: NatsConnection): Promise<void> {
    current = nc;
    connections += 1;
    void heed(nc);
    for (const one of subscriptions) subscribeNow(nc, one);
    denials.connected(() => nc.flush());
    const { server_name = '', version = '', max_payload = 0 } = nc.info ?? {};
    const server = { name: server_name, version, max_payload };
    log.info('connected', { server: nc.getServer(), name: server_name, version });
    change({ connected: true, since_ms: ticker.now_ms(), server });
    const reason = await nc.closed();
    current = undefined;
    const { inMsgs, inBytes, outMsgs, outBytes } = nc.stats();
    totals.in_msgs += inMsgs;
    totals.in_bytes += inBytes;
    totals.out_msgs += outMsgs;
    totals.out_bytes += outBytes;
    const lastError = reason instanceof Error ? reason.message : (state.lastError ?? 'closed by the server');
    if (!stopping) log.warn('disconnected', { server: nc.getServer(), why: lastError });
    change({ connected: false, since_ms: ticker.now_ms(), lastError });
  }

  const attempts = keepTrying(
    { ticker, random: deps.random ?? Math.random },
    {
      options: () => opts,
      serve,
      failed(error) {
        const why = blameClock(messageOf(error) || 'connection failed', clockDoubt());
        if (why !== state.lastError && !stopping) log.warn('cannot connect', { why });
        state = { ...state, lastError: why };
      },
    },
  );

  async function stop(): Promise<void> {
    if (!stopping) {
      stopping = true;
      attempts.end();
      const nc = current;
      if (nc !== undefined) {
        await within(ticker, stopLimit_ms, nc.drain());
        void nc.close().catch(() => {});
      }
    }
    await within(ticker, stopLimit_ms, attempts.ended);
  }
  signal.addEventListener('abort', () => void stop(), { once: true });

  return {
    state: () => state,
    counters() {
      const { inMsgs, inBytes, outMsgs, outBytes } = current?.stats() ?? noTraffic;
      return {
        in_msgs: totals.in_msgs + inMsgs,
        in_bytes: totals.in_bytes + inBytes,
        out_msgs: totals.out_msgs + outMsgs,
        out_bytes: totals.out_bytes + outBytes,
        reconnects: Math.max(0, connections - 1),
        dropped,
        callback_errors: guard.failures(),
      };
    },
    publish(subject, payload, { headers, reply } = {}) {
      try {
        if (current === undefined) throw new Error('not connected');
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
    },
    async request(subject, payload, { headers, timeout_ms }) {
      if (current === undefined) return { kind: 'closed' };
      try {
        const message = await current.request(subject, payload, {
          timeout: timeout_ms,
          ...(headers === undefined ? {} : { headers: MsgHdrsImpl.fromRecord(headers) }),
        });
        denials.used(subject);
        return { kind: 'reply', message: message as MsgImpl };
      } catch (error) {
        return { kind: failureKind(error) };
      }
    },
    subscribe(subject, handler) {
      const one: Subscribed = { subject, handler };
      if (current !== undefined) subscribeNow(current, one);
      subscriptions.add(one);
      return () => {
        subscriptions.delete(one);
        if (current !== undefined) one.live?.unsubscribe();
      };
    },
    async flushRtt_us(timeout_ms) {
      if (current === undefined) return undefined;
      const begun = ticker.now_ms();
      const pong = current.flush().then(() => (ticker.now_ms() - begun) * 1000);
      return within(ticker, timeout_ms, pong);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    denied: denials.list,
    configure(next) {
      if (JSON.stringify(next) === JSON.stringify(opts)) return;
      opts = next;
      attempts.hurry();
      void current?.close().catch(() => {});
    },
    stop,
  };
}

const noTraffic = { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 };
