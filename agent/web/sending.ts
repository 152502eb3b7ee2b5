// How a reply is sent: whole, packed or in pieces, once for all who get the same.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Log } from '../lib/log.ts';
import { type Reply, textReply } from './reply.ts';

/** What of a server decides how it sends. */
export interface SendingDeps {
  /** What it is called where something is wrong with it: `status server`. */
  readonly name: string;
  readonly log: Log;
  /** Takes what forms of its own pages send, up to so many bytes; without it nobody can change anything. */
  readonly mostForm?: number;
  /** Sends less where the browser unpacks it. */
  readonly isPacked?: boolean;
}

/** Nothing is loaded, framed, sent elsewhere or run. */
const safety = {
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

/** What is shorter is not worth packing. */
const leastPacked = 1400;

/** Whether an answer is to be packed. */
const canPack = ({ headers }: IncomingMessage, { body }: Reply): boolean =>
  /\bgzip\b/.test(String(headers['accept-encoding'])) &&
  (typeof body !== 'string' || body.length >= leastPacked);

/** Loaded where something is packed: the unit's own page never is. */
const zlib = () => import('node:zlib');

async function gzipOnce(bytes: Buffer): Promise<Buffer> {
  const { gzip, constants } = await zlib();
  return promisify(gzip)(bytes, { level: constants.Z_BEST_SPEED });
}

/** What is the same for all who get one and the same reply is encoded once, and kept once however many read it slowly. */
interface Encoded {
  plain?: Buffer;
  packed?: Promise<Buffer>;
}
const encoded = new WeakMap<Reply, Encoded>();

async function bytesOf(reply: Reply, body: string, isPacked: boolean): Promise<Buffer> {
  const found = encoded.get(reply) ?? {};
  encoded.set(reply, found);
  found.plain ??= Buffer.from(body);
  if (!isPacked) return found.plain;
  found.packed ??= gzipOnce(found.plain);
  return found.packed;
}

async function packer(): Promise<NodeJS.ReadWriteStream> {
  const { createGzip, constants } = await zlib();
  return createGzip({ level: constants.Z_BEST_SPEED });
}

/** From this size on an answer is large, and so many may be under way at once. */
const large_bytes = 1_000_000;
const mostLarge = 16;

/** Status and headers of a reply; `length` where it is known before it is sent. */
function head(
  request: IncomingMessage,
  { status, type, policy, location }: Reply,
  deps: SendingDeps,
  { isPacked, length }: { readonly isPacked: boolean; readonly length: number | undefined },
): [number, Record<string, string | number>] {
  const hasBody = request.headers['content-length'] || request.headers['transfer-encoding'];
  return [
    status,
    {
      ...safety,
      ...(policy === undefined ? {} : { 'Content-Security-Policy': policy }),
      'Content-Type': type,
      ...(length === undefined ? {} : { 'Content-Length': length }),
      ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
      ...(deps.isPacked === true ? { Vary: 'Accept-Encoding' } : {}),
      ...(location === undefined ? {} : { Location: location }),
      ...(status === 405 ? { Allow: deps.mostForm === undefined ? 'GET, HEAD' : 'GET, HEAD, POST' } : {}),
      // an unwanted body is not read: the connection ends with the answer
      ...(hasBody ? { Connection: 'close' } : {}),
    },
  ];
}

const busy = textReply(503, 'too many large answers are under way: ask again in a while');

/** Sends a reply; `large` are the large ones that are under way. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  wanted: Reply,
  deps: SendingDeps,
  large: Set<ServerResponse>,
): Promise<void> {
  const isLarge = typeof wanted.body !== 'string' || wanted.body.length > large_bytes;
  const reply = isLarge && large.size >= mostLarge ? busy : wanted;
  if (isLarge && reply === wanted) {
    large.add(response);
    response.once('close', () => large.delete(response));
  }
  const { body } = reply;
  const isPacked = deps.isPacked === true && canPack(request, reply);
  const bytes = typeof body === 'string' ? await bytesOf(reply, body, isPacked) : undefined;
  response.writeHead(...head(request, reply, deps, { isPacked, length: bytes?.length }));
  if (request.method === 'HEAD' || bytes !== undefined) {
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return;
  }
  const pieces = Readable.from(body as Iterable<string>);
  const steps = isPacked ? [pieces, await packer(), response] : [pieces, response];
  pipeline(steps).catch((error: Error) => {
    if (!response.destroyed) response.destroy();
    if (!isGoneAway(error)) deps.log.warn(`${deps.name}: an answer broke off`, { error: error.message });
  });
}

/** The viewer has left. */
const isGoneAway = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
