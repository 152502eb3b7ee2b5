// Lets a NATS client reach a hub that takes websockets only, as one behind a proxy does: for each connection to a port of
// loopback it opens a websocket (RFC 6455). The login is signed within it, so that nobody on this device can use that port.
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createServer, isIP, type Socket } from 'node:net';
import { reasonOf } from '../lib/errors.ts';

export interface WsRelay {
  /** Where the client connects. */
  readonly url: string;
  /** Why the last websocket could not be opened. */
  trouble(): string | undefined;
  stop(): void;
}

const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const;
const final = 0x80;
const masked = 0x80;
/** Larger than anything that enrolment is sent. */
const longestFrame_bytes = 256 * 1024;
const openLimit_ms = 8000;

/** A frame of a client, which has to be masked. */
function frameOf(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = final | opcode;
  head[1] = masked | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, Buffer.from(payload).map((byte, at) => byte ^ (mask[at & 3] ?? 0))]);
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  /** How long it is as a whole. */
  readonly bytes: number;
}

/** The first frame of a server in these bytes; undefined where it is not whole, 'garbled' where it cannot be one. */
export function parseWsFrame(bytes: Buffer): Frame | 'garbled' | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  if ((second & masked) !== 0 || (first & 0x70) !== 0) return 'garbled'; // no server masks, and no extension was asked for
  const long = second === 126 ? 2 : second === 127 ? 8 : 0;
  if (bytes.length < 2 + long) return undefined;
  const length = long === 2 ? bytes.readUInt16BE(2) : long === 8 ? Number(bytes.readBigUInt64BE(2)) : second;
  if (length > longestFrame_bytes) return 'garbled';
  const end = 2 + long + length;
  return bytes.length < end
    ? undefined
    : { opcode: first & 0x0f, payload: bytes.subarray(2 + long, end), bytes: end };
}

/** The greeting of a server whose TLS is around the websocket: the client would begin another within it. */
const withoutTls = (greeting: Buffer): Buffer =>
  Buffer.from(
    greeting.toString('latin1').replace(/("tls_(?:required|available)":)true/g, '$1false'),
    'latin1',
  );

/** Passes bytes on between the client and the websocket, until one of them ends. */
function join(client: Socket, hub: Socket, head: Buffer): void {
  let waiting: Buffer = Buffer.alloc(0);
  let isFirst = true;
  const end = (): void => {
    client.destroy();
    hub.destroy();
  };
  const take = (chunk: Buffer): void => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let frame = parseWsFrame(waiting); frame !== undefined; frame = parseWsFrame(waiting)) {
      if (frame === 'garbled' || frame.opcode === opcodes.close) {
        end();
        return;
      }
      if (frame.opcode <= opcodes.binary) {
        client.write(isFirst ? withoutTls(frame.payload) : frame.payload);
        isFirst = false;
      }
      if (frame.opcode === opcodes.ping) hub.write(frameOf(opcodes.pong, frame.payload));
      waiting = waiting.subarray(frame.bytes);
    }
  };
  for (const socket of [client, hub]) socket.on('error', end).on('close', end);
  hub.on('data', take);
  client.on('data', (bytes) => void hub.write(frameOf(opcodes.binary, bytes)));
  if (head.length > 0) take(head);
}

/** What a server makes of the key of a client, to show that it has understood. */
const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** Opens a websocket to the hub; gives it to `opened`, or why there is none to `failed`. */
function open(
  url: URL,
  ca: string | undefined,
  opened: (hub: Socket, head: Buffer) => void,
  failed: (why: string) => void,
): void {
  const key = randomBytes(16).toString('base64');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isSecure = url.protocol === 'wss:';
  const asked = (isSecure ? httpsRequest : httpRequest)({
    host,
    port: Number(url.port || (isSecure ? 443 : 80)),
    path: url.pathname,
    agent: false,
    timeout: openLimit_ms,
    headers: {
      Host: url.host,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Version': '13',
    },
    ...(ca !== undefined && { ca }),
    ...(isSecure && isIP(host) === 0 && { servername: host }),
  });
  asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
  asked.on('error', (error) => failed(reasonOf(error)));
  asked.on('response', (response) => {
    response.destroy();
    failed(`it answers ${response.statusCode}, and opens no websocket`);
  });
  asked.on('upgrade', (response, socket, head) => {
    if (response.headers['sec-websocket-accept'] === acceptOf(key)) return opened(socket as Socket, head);
    socket.destroy();
    failed('what answers opens no websocket');
  });
  asked.end();
}

/** A port of loopback by which a client reaches the websocket at `url`; of wss with the CAs of the system, or with `ca`. */
export async function relayWebsocket(url: string, ca: string | undefined): Promise<WsRelay> {
  const clients = new Set<Socket>();
  let trouble: string | undefined;
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => {}).on('close', () => clients.delete(client));
    open(
      new URL(url),
      ca,
      (hub, head) => {
        trouble = undefined;
        if (client.destroyed) hub.destroy();
        else join(client, hub, head);
      },
      (why) => {
        trouble = `${url}: ${why}`;
        client.destroy();
      },
    );
  });
  await new Promise<void>((listening, fail) => {
    server.once('error', fail);
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as { readonly port: number };
  return {
    url: `nats://127.0.0.1:${port}`,
    trouble: () => trouble,
    stop() {
      server.close();
      for (const client of clients) client.destroy();
    },
  };
}
