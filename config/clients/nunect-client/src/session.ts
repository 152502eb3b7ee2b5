import { guarded, messageOf } from './errors.ts';
import type { Log } from './log.ts';
import { type Connection, type Headers, type Message, type Nats, optionsOf } from './transport.ts';

/** What happens to a client. `why` is a sentence for people. */
export type ClientEvent =
  | { readonly type: 'connected'; readonly server: string; readonly reconnects: number }
  | { readonly type: 'disconnected'; readonly why: string }
  /** An attempt to connect failed; the next one is made in `retry_ms`. */
  | { readonly type: 'failed'; readonly why: string; readonly retry_ms: number }
  /** The same: the server refuses the login. */
  | { readonly type: 'refused'; readonly why: string; readonly retry_ms: number }
  /** The server does not permit to publish or to subscribe this. */
  | { readonly type: 'denied'; readonly operation: string; readonly subject: string }
  /** A handler of a subscription threw or rejected, or its subject is not possible. */
  | { readonly type: 'handler_failed'; readonly subject: string; readonly error: unknown }
  | { readonly type: 'closed' };

/** `refused`: the last attempt was, and the next one follows. */
export type ClientState = 'connecting' | 'connected' | 'refused' | 'closed';

export interface RequestOptions {
  /** In ms; default 2000. */
  readonly timeout?: number;
  readonly headers?: Headers;
}

type Payload = Uint8Array | string;
type Handler = (message: Message) => unknown;

/** A subscription that lasts over connections. */
interface Entry {
  readonly subject: string;
  readonly callback: (refusal: Error | null, message: Message) => void;
  live?: { unsubscribe(): void } | undefined;
}

const closeLimit_ms = 500;
const notConnected = (): Error => new Error('not connected');
/** AuthorizationError and UserAuthenticationExpiredError. */
const isRefusal = (error: unknown): boolean => error instanceof Error && /^(User)?Auth/.test(error.name);

/** What a client does over its connections, whichever of them is there. */
export interface Session {
  readonly on: (listener: (event: ClientEvent) => void) => () => void;
  readonly publish: (subject: string, payload?: Payload, headers?: Headers) => boolean;
  readonly subscribe: (subject: string, handler: Handler) => () => void;
  readonly request: (subject: string, payload?: Payload, options?: RequestOptions) => Promise<Message>;
  /** Resolves when the server has all that was published. */
  readonly flush: () => Promise<void>;
  readonly connected: () => Promise<void>;
  readonly state: () => ClientState;
  /** Lives with a connection until that ends. */
  serve(connection: Connection, log: Log): Promise<void>;
  /** An attempt to connect did not come through. */
  failed(error: unknown, retry_ms: number): void;
  close(): Promise<void>;
}

/** A client over all its connections: each is a new one of nats.js, on which everything is subscribed anew. */
export function keepSession(nats: Nats): Session {
  const listeners = new Set<(event: ClientEvent) => void>();
  const entries = new Set<Entry>();
  let state: ClientState = 'connecting';
  let connection: Connection | undefined;
  let connects = 0;
  /** What the server has complained of last, on this connection. */
  let complaint: unknown;

  const isClosed = (): boolean => state === 'closed';
  const live = (): Connection => {
    if (connection) return connection;
    throw notConnected();
  };

  function on(listener: (event: ClientEvent) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  function tell(event: ClientEvent): void {
    for (const listener of [...listeners]) void guarded(() => listener(event));
  }

  /** Follows what the server complains of on a connection. */
  async function watchErrors(of: Connection): Promise<void> {
    for await (const { error } of of.status()) {
      const { operation, subject } = error ?? {};
      if (operation && subject) tell({ type: 'denied', operation, subject });
      else if (error) complaint = error;
    }
  }

  function attach(entry: Entry): void {
    const { subject, callback } = entry;
    try {
      entry.live = connection?.subscribe(subject, { callback });
    } catch (error) {
      tell({ type: 'handler_failed', subject, error });
    }
  }

  return {
    on,
    state: () => state,
    async serve(fresh, log) {
      connection = fresh;
      state = 'connected';
      complaint = undefined;
      void watchErrors(fresh);
      entries.forEach(attach);
      tell({ type: 'connected', server: fresh.getServer(), reconnects: connects++ });
      log.connected();
      const reason = await fresh.closed();
      connection = undefined;
      log.disconnected();
      if (isClosed()) return;
      state = 'connecting';
      tell({ type: 'disconnected', why: messageOf(complaint ?? reason) });
    },
    failed(error, retry_ms) {
      const refused = isRefusal(error);
      state = refused ? 'refused' : 'connecting';
      tell({ type: refused ? 'refused' : 'failed', why: messageOf(error), retry_ms });
    },
    publish(subject, payload, headers) {
      if (connection?.isClosed() !== false) return false;
      connection.publish(subject, payload, optionsOf(nats, headers));
      return true;
    },
    subscribe(subject, handler) {
      const entry: Entry = {
        subject,
        // an exception that got out would end the reader of nats.js, and nothing would be heard any more
        async callback(refusal, message) {
          if (refusal) return; // the event `denied` tells of it
          try {
            await handler(message);
          } catch (error) {
            tell({ type: 'handler_failed', subject, error });
          }
        },
      };
      attach(entry);
      entries.add(entry);
      return () => {
        entries.delete(entry);
        entry.live?.unsubscribe();
      };
    },
    request: async (subject, payload, { timeout = 2000, headers } = {}) =>
      live().request(subject, payload, { timeout, ...optionsOf(nats, headers) }),
    flush: async () => live().flush(),
    connected: () =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (state === 'connected') resolve();
          else if (isClosed()) reject(notConnected());
          else return;
          end();
        };
        const end = on(look);
        look();
      }),
    async close() {
      if (isClosed()) return;
      state = 'closed';
      const last = connection;
      const late = new Promise((resolve) => setTimeout(resolve, closeLimit_ms));
      await Promise.race([last?.drain().catch(() => {}), late]);
      await last?.close();
      tell({ type: 'closed' });
    },
  };
}
