import { messageOf } from './errors.ts';
import type { Log } from './log.ts';
import { type Connection, type Headers, headersOf, type Message, type Nats } from './transport.ts';

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

/** A client over all its connections: each is a new one of nats.js, on which everything is subscribed anew. */
export class Session {
  state: ClientState = 'connecting';
  readonly #nats: Nats;
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  readonly #entries = new Set<Entry>();
  #connection: Connection | undefined;
  #connects = 0;
  /** What the server has complained of last, on this connection. */
  #complaint: unknown;

  constructor(nats: Nats) {
    this.#nats = nats;
  }

  readonly on = (listener: (event: ClientEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly #tell = (event: ClientEvent): void => {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        console.error(error);
      }
    }
  };

  /** Follows what the server complains of on a connection. */
  async #watchErrors(connection: Connection): Promise<void> {
    for await (const { error } of connection.status()) {
      const { operation, subject } = error ?? {};
      if (operation && subject) this.#tell({ type: 'denied', operation, subject });
      else if (error) this.#complaint = error;
    }
  }

  #attach(entry: Entry): void {
    const { subject, callback } = entry;
    try {
      entry.live = this.#connection?.subscribe(subject, { callback });
    } catch (error) {
      this.#tell({ type: 'handler_failed', subject, error });
    }
  }

  /** Lives with a connection until that ends. */
  async serve(connection: Connection, log: Log): Promise<void> {
    this.#connection = connection;
    this.state = 'connected';
    this.#complaint = undefined;
    void this.#watchErrors(connection);
    for (const entry of this.#entries) this.#attach(entry);
    this.#tell({ type: 'connected', server: connection.getServer(), reconnects: this.#connects++ });
    log.connected();
    const reason = await connection.closed();
    this.#connection = undefined;
    log.disconnected();
    if (this.#isClosed()) return;
    this.state = 'connecting';
    this.#tell({ type: 'disconnected', why: messageOf(this.#complaint ?? reason) });
  }

  #isClosed(): boolean {
    return this.state === 'closed';
  }

  /** An attempt to connect did not come through. */
  failed(error: unknown, retry_ms: number): void {
    const refused = isRefusal(error);
    this.state = refused ? 'refused' : 'connecting';
    this.#tell({ type: refused ? 'refused' : 'failed', why: messageOf(error), retry_ms });
  }

  readonly publish = (subject: string, payload?: Payload, headers?: Headers): boolean => {
    if (this.#connection?.isClosed() !== false) return false;
    this.#connection.publish(subject, payload, headers && { headers: headersOf(this.#nats, headers) });
    return true;
  };

  readonly subscribe = (subject: string, handler: Handler): (() => void) => {
    const tell = this.#tell;
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
    this.#attach(entry);
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
      entry.live?.unsubscribe();
    };
  };

  readonly request = async (
    subject: string,
    payload?: Payload,
    { timeout = 2000, headers }: RequestOptions = {},
  ): Promise<Message> => {
    if (!this.#connection) throw notConnected();
    return this.#connection.request(subject, payload, {
      timeout,
      ...(headers && { headers: headersOf(this.#nats, headers) }),
    });
  };

  /** Resolves when the server has all that was published. */
  readonly flush = async (): Promise<void> => {
    if (!this.#connection) throw notConnected();
    return this.#connection.flush();
  };

  readonly connected = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.state === 'connected') resolve();
        else if (this.#isClosed()) reject(notConnected());
        else return;
        end();
      };
      const end = this.on(look);
      look();
    });

  async close(): Promise<void> {
    if (this.#isClosed()) return;
    const connection = this.#connection;
    this.state = 'closed';
    const late = new Promise((resolve) => setTimeout(resolve, closeLimit_ms));
    await Promise.race([connection?.drain().catch(() => {}), late]);
    await connection?.close();
    this.#tell({ type: 'closed' });
  }
}
