// The socket under nats.js with bounds that it lacks. Without them a server that speaks garbage, or does not read,
// takes memory and CPU without limit: an INFO line is gathered for ever, what cannot be parsed ends the reader
// but not the reading, an attempt that timed out keeps its socket, and replies pile up.
import { type LookupAddress, lookup } from 'node:dns';
import { createConnection, type LookupFunction, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  type NatsConnection,
  NatsConnectionImpl,
  type NodeConnectionOptions,
  Parser,
  type ProtocolHandler,
  type ServerInfo,
  type Subscription,
  setTransportFactory,
} from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport';
import { runtime } from '../lib/version.ts';
import { FrameReader, longestLine_bytes } from './frames/reader.ts';
import { type FramedHandler, Replies } from './frames/replies.ts';
import { FaultError, type LinkFault } from './linkerror.ts';

/** While more than this waits to be sent, nothing is read: the requests that cause it wait at the server. */
const mostUnsent_bytes = 64 * 1024;
/** After this much was read, timers and files have their turn: libuv would read on for as long as more is there. */
const mostAtOnce_bytes = 64 * 1024;
/** What waits for more of it in the memory that is read into: a message that is answered where it lies. */
const mostWaiting_bytes = 72 * 1024;
/** The same where it is copied each time. */
const mostCopied_bytes = 16 * 1024;
/** Bun has memory of its own for what is read. */
const canReuse = !('bun' in runtime);
const greeting = Buffer.from('INFO ');

type Found = Parameters<LookupFunction>[2];
const asking = new Map<string, Found[]>();
let lastAsked = Promise.resolve();

/**
 * Names are looked up one after another, and each once for all who wait for it: a lookup that gets no answer holds one
 * of the few threads that files are read by, and not being bound to the attempt it outlives it by half a minute.
 */
const lookupInTurn: LookupFunction = (hostname, options, done) => {
  const key = `${hostname} ${JSON.stringify(options)}`;
  const waiting = asking.get(key);
  if (waiting !== undefined) return void waiting.push(done);
  asking.set(key, [done]);
  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      lookup(hostname, options, (error, address: string | LookupAddress[], family?: number) => {
        const all = asking.get(key) ?? [];
        asking.delete(key);
        resolve();
        for (const answer of all) answer(error, address, family);
      });
    });
  lastAsked = lastAsked.then(ask);
};

const noServer = (why: string, fault: LinkFault = 'not_nats'): Error =>
  new FaultError(fault, `no NATS server answers there: ${why}`);

interface WireBytes {
  readonly in_bytes: number;
  readonly out_bytes: number;
}

class BoundedTransport extends NodeTransport {
  /** Of what comes in memory of its own, since reading last paused. */
  #read_bytes = 0;
  /** Under TLS, where there is any: it counts what is on the wire. */
  #tcp: Socket | undefined;
  #parser: Parser | undefined;
  readonly #reader = new FrameReader(this, new Replies((bytes) => this.#write(bytes)));
  /** What is read into, and how much at its begin waits for more. */
  readonly #memory = canReuse ? Buffer.allocUnsafeSlow(mostWaiting_bytes + mostAtOnce_bytes) : undefined;
  #waiting_bytes = 0;
  #window_at = -1;
  /** What waits for more where what is read comes in memory of its own. */
  #waiting: Buffer | undefined;

  get isOver(): boolean {
    return this.done || this.socket?.destroyed !== false;
  }

  /** Where TLS comes first, it is over a connection of `dial` too. */
  override async tlsFirst(server: Parameters<NodeTransport['tlsFirst']>[0]): Promise<TLSSocket> {
    await this.dial(server);
    return super.tlsFirst(server);
  }

  override dial({ hostname, port }: { hostname: string; port: number }): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const options = { host: hostname, port, noDelay: true, lookup: lookupInTurn };
      const socket = createConnection({ ...options, ...this.#onread() });
      this.#tcp = socket;
      this.socket = socket; // known from the start, so that it can be ended
      socket.once('error', reject);
      socket.once('close', () => reject(new FaultError('closed', 'closed while connecting')));
      socket.once('connect', () => {
        socket.removeAllListeners();
        resolve(socket);
      });
    });
  }

  override peekInfo(): Promise<ServerInfo> {
    const { socket, yields } = this;
    let bytes = 0;
    return new Promise((resolve, reject) => {
      socket.on('data', (frame: Buffer) => {
        yields.push(frame);
        const end = frame.indexOf(10);
        const begun = Buffer.concat(yields.slice(0, 5)).subarray(0, greeting.length);
        if (!greeting.subarray(0, begun.length).equals(begun)) reject(noServer('it does not say INFO'));
        else if (bytes + Math.max(end, 0) > longestLine_bytes) reject(noServer('its INFO has no end'));
        else if (end >= 0) {
          try {
            const line = Buffer.concat(yields).subarray(greeting.length, bytes + end);
            resolve(JSON.parse(line.toString('utf8')) as ServerInfo);
          } catch {
            reject(noServer('its INFO cannot be read'));
          }
        }
        bytes += frame.length;
        if (end >= 0) socket.removeAllListeners();
      });
      socket.once('error', reject);
      socket.once('close', () => reject(noServer('it closes the connection', 'closed')));
    });
  }

  /** Bytes of the TCP stream, of TLS too; also after it has ended. */
  wireBytes(): WireBytes {
    return { in_bytes: this.#tcp?.bytesRead ?? 0, out_bytes: this.#tcp?.bytesWritten ?? 0 };
  }

  /** Also ends the socket of an attempt that did not come through. */
  override close(error?: Error): Promise<void> {
    if (this.connected) return super.close(error);
    this.done = true;
    this.socket?.destroy();
    return Promise.resolve();
  }

  /** From the first parse on frames go to the parser at once: the iterator of nats.js takes several promises for each. */
  override setupHandlers(): void {
    super.setupHandlers();
    this.socket.removeAllListeners('data');
    this.socket.on('data', (frame: Buffer) => {
      if (this.#parser !== undefined) return this.take(this.#parser, frame);
      this.yields.push(frame);
      this.signal.resolve();
    });
  }

  /** Reads into the same memory again and again, behind what waits there. TLS takes the socket without this. */
  #onread() {
    const memory = this.#memory;
    if (memory === undefined) return {};
    const window = (): Uint8Array => {
      if (this.#window_at === this.#waiting_bytes) return undefined as never; // as it is
      this.#window_at = this.#waiting_bytes;
      return memory.subarray(this.#window_at, this.#window_at + mostAtOnce_bytes);
    };
    const callback = (count: number): boolean => {
      const begin = this.#waiting_bytes;
      const end = begin + count;
      if (this.#parser === undefined || this.#waiting !== undefined) {
        this.#waiting_bytes = 0;
        this.socket.emit('data', Buffer.from(memory.subarray(0, end)));
      } else if (!this.isOver) {
        const taken = this.#reader.take(this.#parser, memory, end, true, mostWaiting_bytes);
        if (taken > 0) memory.copyWithin(0, taken, end);
        this.#waiting_bytes = end - taken;
        if (count === mostAtOnce_bytes) this.#pauseReading(); // after less than it had room for libuv reads no further
      }
      return true;
    };
    return { onread: { buffer: window, callback } };
  }

  /** Takes a frame that nobody writes into again. */
  take(parser: Parser, frame: Buffer): void {
    if (this.isOver) return;
    this.#parser = parser;
    const bytes = this.#waiting === undefined ? frame : Buffer.concat([this.#waiting, frame]);
    const taken = this.#reader.take(parser, bytes, bytes.length, false, mostCopied_bytes);
    this.#waiting = taken < bytes.length ? Buffer.from(bytes.subarray(taken)) : undefined;
    this.#took(frame.length);
  }

  /** From now on `handler` is asked first for what comes for the subscription; returns its end. */
  answer(subscription: Subscription, handler: FramedHandler): () => void {
    const id = subscription.getID();
    this.#reader.handlers.set(id, handler);
    return () => this.#reader.handlers.delete(id);
  }

  override send(frame: Uint8Array): void {
    super.send(frame);
    this.#limitUnsent();
  }

  /** Says whether the memory may be used again: what is not written at once is kept, and TLS encrypts later. */
  #write(bytes: Buffer): boolean {
    if (this.isOver) return true;
    const { socket } = this;
    const isCopied = this.isEncrypted() || socket.writableLength > 0; // where few bytes would hold all of it
    socket.write(isCopied ? Buffer.from(bytes) : bytes);
    this.#limitUnsent();
    return isCopied || socket.writableLength === 0;
  }

  #limitUnsent(): void {
    if (!this.isOver && this.socket.writableLength >= mostUnsent_bytes) this.#pauseReading();
  }

  /** Counts what was read and answered. */
  #took(bytes: number): void {
    this.#read_bytes += bytes;
    if (this.#read_bytes >= mostAtOnce_bytes) this.#pauseReading();
  }

  /** Reads on in the next turn of the event loop, and not before what waits to be sent has become less. */
  #pauseReading(): void {
    const { socket } = this;
    if (this.isOver || socket.isPaused()) return;
    this.#read_bytes = 0;
    socket.pause();
    const goOn = (): void => {
      if (socket.writableLength < mostUnsent_bytes) socket.resume();
      else socket.once('drain', goOn);
    };
    setImmediate(goOn);
  }

  /** Ends a connection on which something came that is no NATS. */
  refuse(): void {
    this.socket?.destroy(new FaultError('not_nats', 'the server does not keep to the NATS protocol'));
  }
}

const { parse } = Parser.prototype;
Parser.prototype.parse = function (this: Parser, frame: Uint8Array): void {
  const { transport } = this.dispatcher as ProtocolHandler;
  if (transport instanceof BoundedTransport) transport.take(this, frame as Buffer);
  else parse.call(this, frame);
};

/** From now on `handler` is asked first for what comes for the subscription; returns its end. */
export function answerFramed(
  nc: NatsConnection,
  subscription: Subscription,
  handler: FramedHandler,
): () => void {
  const { transport } = (nc as NatsConnectionImpl).protocol;
  return transport instanceof BoundedTransport ? transport.answer(subscription, handler) : () => {};
}

/** Connects as nats.js does, over a socket whose memory is bounded. */
export function connectBounded(options: NodeConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new BoundedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

/** What a connection of `connectBounded` has sent and received, as it is on the wire. */
export function wireBytesOf(nc: NatsConnection): WireBytes {
  const { transport } = (nc as NatsConnectionImpl).protocol;
  return transport instanceof BoundedTransport ? transport.wireBytes() : { in_bytes: 0, out_bytes: 0 };
}
