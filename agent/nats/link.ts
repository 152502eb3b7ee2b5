import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import type { Log } from '../lib/log.ts';
import { type Ticker, within } from '../lib/ticker.ts';
import { type Attempts, keepTrying } from './attempts.ts';
import { type Denials, watchDenials } from './denials.ts';
import type { FramedHandler } from './frames/replies.ts';
import { type Guard, guardHandlers } from './guard.ts';
import type { Handler } from './incoming.ts';
import { type LinkError, linkErrorOf } from './linkerror.ts';
import {
  type Answer,
  type Payload,
  type PublishOptions,
  publishOn,
  type RequestOptions,
  requestOn,
} from './outgoing.ts';
import type { LinkOptions } from './session.ts';
import { keepSubscriptions, type Subscriptions } from './subscriptions.ts';
import { wireBytesOf } from './transport.ts';

/** The server that the link is to, as it says of itself. */
export interface LinkServer {
  readonly name: string;
  readonly version: string;
  readonly max_payload: number;
  /** Missing when it has no JetStream; its domain when that has one. */
  readonly jetstream?: { readonly domain: string | undefined };
}

export interface LinkState {
  readonly connected: boolean;
  /** Monotonic ms since when. */
  readonly since_ms: number;
  readonly server?: LinkServer;
  /** Why the last connection ended or the last attempt failed. */
  readonly lastError?: LinkError;
}

/** Totals since the link was opened, over all its connections. Bytes are those on the wire, with protocol and TLS. */
export interface LinkCounters {
  readonly in_msgs: number;
  readonly in_bytes: number;
  readonly out_msgs: number;
  readonly out_bytes: number;
  readonly reconnects: number;
  /** Publications refused because there was no connection or the server would not take them. */
  readonly dropped: number;
}

/** One guarded connection to the local server, made again for ever until it is stopped. */
export interface Link {
  state(): LinkState;
  counters(): LinkCounters;
  /** Sends at once, or gives false: nothing is kept for later. */
  publish(subject: string, payload: Payload, options?: PublishOptions): boolean;
  /** Never rejects. */
  request(subject: string, payload: Payload, options: RequestOptions): Promise<Answer>;
  /**
   * Lasts over reconnections. The handler may throw or reject: that is counted and logged. `framed` is asked before it,
   * for each message that comes in one piece. Returns its end.
   */
  subscribe(subject: string, handler: Handler, framed?: FramedHandler): () => void;
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
  /** The text of an error for the log; its own text by default. */
  readonly textOf?: (error: LinkError) => string;
}

const stopLimit_ms = 500;
const noReason: LinkError = { text: 'closed by the server', fault: 'closed' };

type Traffic = Pick<LinkCounters, 'in_msgs' | 'in_bytes' | 'out_msgs' | 'out_bytes'>;
const noTraffic: Traffic = { in_msgs: 0, in_bytes: 0, out_msgs: 0, out_bytes: 0 };

function trafficOf(nc: NatsConnection | undefined): Traffic {
  if (nc === undefined) return noTraffic;
  const { inMsgs, outMsgs } = nc.stats();
  return { in_msgs: inMsgs, out_msgs: outMsgs, ...wireBytesOf(nc) };
}

const sum = (a: Traffic, b: Traffic): Traffic => ({
  in_msgs: a.in_msgs + b.in_msgs,
  in_bytes: a.in_bytes + b.in_bytes,
  out_msgs: a.out_msgs + b.out_msgs,
  out_bytes: a.out_bytes + b.out_bytes,
});

/** A link over all its connections. */
interface Life {
  readonly deps: LinkDeps;
  readonly guard: Guard;
  readonly denials: Denials;
  readonly subscriptions: Subscriptions;
  readonly listeners: Set<(state: LinkState) => void>;
  options: LinkOptions;
  connection: NatsConnection | undefined;
  state: LinkState;
  /** Of the connections that have ended. */
  past: Traffic;
  connections: number;
  dropped: number;
  isStopping: boolean;
}

function newLife(deps: LinkDeps, options: LinkOptions): Life {
  const { ticker, log } = deps;
  const guard = guardHandlers(log);
  const denials = watchDenials(ticker, log);
  return {
    deps,
    guard,
    denials,
    subscriptions: keepSubscriptions(guard, denials),
    listeners: new Set(),
    options,
    connection: undefined,
    state: { connected: false, since_ms: ticker.now_ms() },
    past: noTraffic,
    connections: 0,
    dropped: 0,
    isStopping: false,
  };
}

function change(life: Life, next: LinkState): void {
  life.state = next;
  for (const listener of life.listeners) {
    try {
      listener(next);
    } catch (error) {
      life.guard.failed('link state', error);
    }
  }
}

/** Follows what the server complains of on a connection. */
async function watchErrors(life: Life, nc: NatsConnection): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type !== 'error') continue;
    if (status.error instanceof PermissionViolationError) life.denials.refused(status.error);
    else life.state = { ...life.state, lastError: linkErrorOf(status.error) };
  }
}

function serverOf(info: NatsConnection['info']): LinkServer {
  const { server_name: name = '', version = '', max_payload = 0, jetstream } = info ?? {};
  const { domain } = { ...info } as { domain?: string }; // which the client library does not know of
  return { name, version, max_payload, ...(jetstream === true ? { jetstream: { domain } } : {}) };
}

function begin(life: Life, nc: NatsConnection): void {
  life.connection = nc;
  life.connections += 1;
  void watchErrors(life, nc);
  life.subscriptions.attach(nc);
  life.denials.connected(() => nc.flush());
  const { log, ticker } = life.deps;
  const server = serverOf(nc.info);
  log.info('connected', { server: nc.getServer(), name: server.name, version: server.version });
  change(life, { connected: true, since_ms: ticker.now_ms(), server });
}

function end(life: Life, nc: NatsConnection, reason: unknown): void {
  life.connection = undefined;
  life.subscriptions.detach();
  life.past = sum(life.past, trafficOf(nc));
  const { log, ticker } = life.deps;
  const lastError = reason instanceof Error ? linkErrorOf(reason) : (life.state.lastError ?? noReason);
  if (!life.isStopping) log.warn('disconnected', { server: nc.getServer(), why: lastError.text });
  change(life, { connected: false, since_ms: ticker.now_ms(), lastError });
}

function failed(life: Life, error: unknown): void {
  const { log, textOf = ({ text }) => text } = life.deps;
  const lastError = linkErrorOf(error);
  if (lastError.text !== life.state.lastError?.text && !life.isStopping)
    log.warn('cannot connect', { why: textOf(lastError) });
  life.state = { ...life.state, lastError };
}

function publish(life: Life, subject: string, payload: Payload, options: PublishOptions): boolean {
  try {
    if (life.connection === undefined) throw new Error('not connected');
    publishOn(life.connection, subject, payload, options);
    life.denials.used(subject);
    return true;
  } catch {
    life.dropped += 1;
    return false;
  }
}

async function request(life: Life, subject: string, payload: Payload, options: RequestOptions) {
  if (life.connection === undefined) return { kind: 'closed' } as const;
  const answer = await requestOn(life.connection, subject, payload, options);
  if (answer.kind === 'reply') life.denials.used(subject);
  return answer;
}

async function flushRtt_us({ connection, deps: { ticker } }: Life, timeout_ms: number) {
  if (connection === undefined) return undefined;
  const begun = ticker.now_ms();
  const pong = connection.flush().then(() => (ticker.now_ms() - begun) * 1000);
  return within(ticker, timeout_ms, pong);
}

async function stop(life: Life, attempts: Attempts): Promise<void> {
  const { ticker } = life.deps;
  if (!life.isStopping) {
    life.isStopping = true;
    attempts.end();
    const nc = life.connection;
    if (nc !== undefined) {
      await within(ticker, stopLimit_ms, nc.drain());
      void nc.close().catch(() => {});
    }
  }
  await within(ticker, stopLimit_ms, attempts.ended);
}

/** Opens the link and returns at once; the first connection follows when the server is there. */
export function openLink(deps: LinkDeps, options: LinkOptions, signal: AbortSignal): Link {
  const { ticker, random = Math.random } = deps;
  const life = newLife(deps, options);
  const attempts = keepTrying(
    { ticker, random },
    {
      options: () => life.options,
      async serve(nc) {
        begin(life, nc);
        end(life, nc, await nc.closed());
      },
      failed: (error) => failed(life, error),
    },
  );
  const stopLink = (): Promise<void> => stop(life, attempts);
  signal.addEventListener('abort', () => void stopLink(), { once: true });
  return {
    state: () => life.state,
    counters: () => ({
      ...sum(life.past, trafficOf(life.connection)),
      reconnects: Math.max(0, life.connections - 1),
      dropped: life.dropped,
    }),
    publish: (subject, payload, given = {}) => publish(life, subject, payload, given),
    request: (subject, payload, given) => request(life, subject, payload, given),
    subscribe: life.subscriptions.add,
    flushRtt_us: (timeout_ms) => flushRtt_us(life, timeout_ms),
    onChange(listener) {
      life.listeners.add(listener);
      return () => life.listeners.delete(listener);
    },
    denied: life.denials.list,
    configure(next) {
      if (JSON.stringify(next) === JSON.stringify(life.options)) return;
      life.options = next;
      attempts.retryNow();
      void life.connection?.close().catch(() => {});
    },
    stop: stopLink,
  };
}
