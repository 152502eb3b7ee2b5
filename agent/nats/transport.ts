// The socket under nats.js with bounds that it lacks. Without them a server that speaks garbage, or does not read,
// takes memory and CPU without limit: an INFO line is gathered for ever, what cannot be parsed ends the reader
// but not the reading, an attempt that timed out keeps its socket, and replies pile up.
import { type LookupAddress, lookup } from 'node:dns';
import { createConnection, type LookupFunction, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  Kind,
  type NatsConnection,
  NatsConnectionImpl,
  type NodeConnectionOptions,
  Parser,
  type ProtocolHandler,
  type ServerInfo,
  State,
  setTransportFactory,
} from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport';
import { known } from '../lib/known.ts';
import { tooLargeStatus } from './incoming.ts';
import { FaultError, type LinkFault } from './linkerror.ts';

/** Longer than the INFO of any cluster, or a subject with its reply. */
const longestLine_bytes = 64 * 1024;
/** While more than this waits to be sent, nothing is read: the requests that cause it wait at the server. */
const mostUnsent_bytes = 64 * 1024;
/** After this much was read, timers and files have their turn: libuv would read on for as long as more is there. */
const mostAtOnce_bytes = 64 * 1024;
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
  /** Since reading last paused. */
  #read_bytes = 0;
  #skip_bytes = 0;
  /** Under TLS, where there is any: it counts what is on the wire. */
  #tcp: Socket | undefined;

  /** Where TLS comes first, it is over a connection of `dial` too. */
  override async tlsFirst(server: Parameters<NodeTransport['tlsFirst']>[0]): Promise<TLSSocket> {
    await this.dial(server);
    return super.tlsFirst(server);
  }

  override dial({ hostname, port }: { hostname: string; port: number }): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host: hostname, port, noDelay: true, lookup: lookupInTurn });
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

  override send(frame: Uint8Array): void {
    super.send(frame);
    if (!this.done && this.socket.writableLength >= mostUnsent_bytes) this.#pauseReading();
  }

  /** Counts what was read and answered. */
  took(bytes: number): void {
    this.#read_bytes += bytes;
    if (this.#read_bytes >= mostAtOnce_bytes) this.#pauseReading();
  }

  /** Reads on in the next turn of the event loop, and not before what waits to be sent has become less. */
  #pauseReading(): void {
    const { socket } = this;
    if (socket.isPaused()) return;
    this.#read_bytes = 0;
    socket.pause();
    const goOn = (): void => {
      if (socket.writableLength < mostUnsent_bytes) socket.resume();
      else socket.once('drain', goOn);
    };
    setImmediate(goOn);
  }

  /** Takes what is still to be skipped off a frame. */
  skipIn(frame: Uint8Array): Uint8Array {
    const skipped = Math.min(this.#skip_bytes, frame.length);
    this.#skip_bytes -= skipped;
    return frame.subarray(skipped);
  }

  /** So many bytes that come next are read and forgotten. */
  skip(bytes: number): void {
    this.#skip_bytes = bytes;
  }

  /** Ends a connection on which something came that is no NATS. */
  refuse(): void {
    this.socket?.destroy(new FaultError('not_nats', 'the server does not keep to the NATS protocol'));
  }
}

const tooLarge = Buffer.from(`NATS/1.0 ${tooLargeStatus} Payload Too Large\r\n\r\n`);

/**
 * A hub lets larger messages through to a leaf than the leaf lets its clients send: what is more than that is not
 * gathered, and the message comes without headers and payload, with a status that says so.
 */
function leaveOut(parser: Parser, transport: BoundedTransport, info: ServerInfo | undefined): void {
  const { msgBuf, ma, dispatcher } = parser;
  if (msgBuf === undefined || info === undefined || ma.size <= info.max_payload) return;
  transport.skip(ma.size - msgBuf.length);
  const { sid, subject, reply } = ma;
  const size = tooLarge.length;
  dispatcher.push({
    kind: Kind.MSG,
    msg: { sid, subject, ...known({ reply }), hdr: size, size },
    data: tooLarge,
  });
  delete parser.argBuf;
  delete parser.msgBuf;
  parser.state = State.MSG_END;
}

/** Between a message and what follows: nats.js would pass over all up to the next end of a line. */
const isAstray = ({ state }: Parser, [next]: Uint8Array): boolean =>
  state === State.MSG_END && next !== undefined && next !== 13 && next !== 10;

const { parse } = Parser.prototype;
// an exception that got out would end the reading of nats.js, whose connection would look alive
Parser.prototype.parse = function (this: Parser, frame: Uint8Array): void {
  const { transport, info } = this.dispatcher as ProtocolHandler;
  if (!(transport instanceof BoundedTransport)) {
    parse.call(this, frame);
    return;
  }
  const { socket } = transport;
  if (transport.done || socket === undefined || socket.destroyed) return;
  socket.cork(); // a thousand PONGs are one write
  try {
    const unread = transport.skipIn(frame);
    const isLost = isAstray(this, unread);
    if (!isLost) parse.call(this, unread);
    transport.took(frame.length);
    leaveOut(this, transport, info);
    if (isLost || (this.argBuf?.length ?? 0) > longestLine_bytes) transport.refuse();
  } catch {
    transport.refuse();
  } finally {
    socket.uncork();
  }
};

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
