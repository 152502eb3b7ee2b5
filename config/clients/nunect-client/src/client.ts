import { keepTrying } from './attempts.ts';
import { keepClock, type UnitClock } from './clock.ts';
import { answerEcho } from './echo.ts';
import { type Health, keepHeartbeat } from './heartbeat.ts';
import { checkedId, clientId } from './id.ts';
import { keepLog, type Logger } from './log.ts';
import { type ClientEvent, type ClientState, keepSession, type RequestOptions } from './session.ts';
import { connectorTo, type Headers, type Login, type Message, type Nats, optionsOf } from './transport.ts';
import { wallClock } from './wallclock.ts';

export interface ClientOptions {
  /** Addresses such as `nats://hub:4222`, `tls://hub:4222` or `wss://hub/nats`, all for the same transport. */
  readonly servers: string | readonly string[];
  /** Instead of `clientId()`; 1 to 64 of A-Z, a-z, 0-9, _ and -. */
  readonly id?: string;
  /** A function is asked before each attempt: a login that was renewed is used without a new start. */
  readonly login?: Login | (() => Login | Promise<Login>);
  /** Where the client awaits replies; default `_INBOX`. */
  readonly inboxPrefix?: string;
  /** Further options of nats.js, such as `tls`. */
  readonly connection?: Readonly<Record<string, unknown>>;
  /** The part of the app that log records name; default `app`. */
  readonly comp?: string;
  /** Unit from whose time the client keeps a clock, which its records and echoes then use. */
  readonly clock?: string;
  /** Whether echo requests are answered; default true. */
  readonly echo?: boolean;
  /** Seconds between two heartbeats, 0.1 to 86400; without it there are none. */
  readonly heartbeat_s?: number;
  /** What heartbeats say of the app; default `healthy`. */
  readonly health?: () => Health;
  /** Version of the app, for heartbeats. */
  readonly version?: string;
}

/** A connection that is made again for ever, until it is closed, and what this client does over it. */
export interface Client {
  readonly id: string;
  state(): ClientState;
  /** Resolves when the client is connected, at once where it is; rejects when it is closed. */
  connected(): Promise<void>;
  /** Called with each event from now on. Returns its end. */
  on(listener: (event: ClientEvent) => void): () => void;
  /**
   * Sends at once, or gives false where there is no connection: nothing is kept for later. Throws where nats.js would:
   * subject or header are not possible, the payload is larger than the server takes.
   */
  publish(subject: string, payload?: Uint8Array | string, headers?: Headers): boolean;
  /** Lasts over reconnections; wildcards as NATS has them. The handler may throw or reject. Returns its end. */
  subscribe(subject: string, handler: (message: Message) => unknown): () => void;
  /** Rejects where there is no connection, no reply in time, or nobody who could reply. */
  request(subject: string, payload?: Uint8Array | string, options?: RequestOptions): Promise<Message>;
  readonly logger: Logger;
  /** Log records that wait for the server, and those that were dropped because too many waited: it may not have them. */
  logged(): { readonly waiting: number; readonly dropped: number };
  /** The clock of the option `clock`. */
  readonly clock: UnitClock | undefined;
  /** Unix time in us, by the clock of the unit where it is known, else by that of the machine. */
  now_us(): number;
  /** Makes the next attempt now; in a browser: `addEventListener('online', client.retryNow)`. */
  retryNow(): void;
  /** Sends what is under way, for at most half a second, and ends everything. */
  close(): Promise<void>;
}

/** Opens a client and returns at once; the first connection follows when the server is there. */
export function openClient(nats: Nats, options: ClientOptions): Client {
  const { login = {}, inboxPrefix = '_INBOX', connection: more = {}, echo = true } = options;
  const { heartbeat_s, version, health = () => ({ status: 'healthy' as const }) } = options;
  const id = checkedId(options.id ?? clientId());
  // a timer of more than 24 days, or of no number, would run each millisecond
  if (heartbeat_s !== undefined && !(heartbeat_s >= 0.1 && heartbeat_s <= 86_400))
    throw new Error(`heartbeat_s ${heartbeat_s}: allowed are 0.1 to 86400`);
  const servers = [options.servers].flat() as string[];
  const connect = connectorTo(nats, { ...more, servers, name: id, inboxPrefix });
  const session = keepSession(nats);
  const { publish, request, subscribe, flush, connected, on, state } = session;
  const clock = options.clock === undefined ? undefined : keepClock(session, options.clock);
  const wall_us = wallClock();
  const now_us = (): number => Math.round(clock?.now_us() ?? wall_us());
  const parts = { id, inboxPrefix, version, clock, now_us, publish, flush, health };
  const log = keepLog(parts);
  const { retryNow, end } = keepTrying({
    connect: async () => connect(typeof login === 'function' ? await login() : login),
    serve: (connection) => session.serve(connection, log),
    failed: session.failed,
  });
  const subject = `ops.echo.${id}`;
  const respond = (message: Message, payload: Uint8Array, headers: Headers): void =>
    void message.respond(payload, optionsOf(nats, headers));
  if (echo) subscribe(subject, (message) => answerEcho({ ...parts, respond }, message));
  const heartbeat =
    heartbeat_s && keepHeartbeat({ ...parts, interval_s: heartbeat_s, echo: () => request(subject) });
  if (heartbeat) connected().then(heartbeat.beat, () => {});
  return {
    id,
    clock,
    now_us,
    publish,
    request,
    subscribe,
    connected,
    on,
    retryNow,
    state,
    logger: log.logger(options.comp ?? 'app'),
    logged: log.counts,
    close() {
      clock?.stop();
      if (heartbeat) heartbeat.stop();
      end();
      return session.close();
    },
  };
}
