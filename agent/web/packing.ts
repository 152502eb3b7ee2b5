// How large replies are sent to many: packed where the browser unpacks them, in pieces, once for all who get the same.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip, gzip, constants as zlib } from 'node:zlib';
import { type Reply, textReply } from './reply.ts';
import { headOf, type Send, type SendingDeps } from './sending.ts';

/** What is shorter is not worth packing. */
const leastPacked = 1400;

/** Whether an answer is to be packed. */
const canPack = ({ headers }: IncomingMessage, { body }: Reply): boolean =>
  /\bgzip\b/.test(String(headers['accept-encoding'])) &&
  (typeof body !== 'string' || body.length >= leastPacked);

const quickly = { level: zlib.Z_BEST_SPEED };
const gzipOnce = promisify(gzip);

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
  found.packed ??= gzipOnce(found.plain, quickly);
  return found.packed;
}

/** From this size on an answer is large, and so many may be under way at once. */
const large_bytes = 1_000_000;
const mostLarge = 16;
const busy = textReply(503, 'too many large answers are under way: ask again in a while');

/** The viewer has left. */
const isGoneAway = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';

function sendPieces(
  body: Iterable<string>,
  response: ServerResponse,
  isPacked: boolean,
  { name, log }: SendingDeps,
): void {
  const pieces = Readable.from(body);
  pipeline(isPacked ? [pieces, createGzip(quickly), response] : [pieces, response]).catch((error: Error) => {
    if (!response.destroyed) response.destroy();
    if (!isGoneAway(error)) log.warn(`${name}: an answer broke off`, { error: error.message });
  });
}

/** The sender of a server; it counts the large replies that are under way, and refuses more. */
export function packingSend(): Send {
  const large = new Set<ServerResponse>();
  const admitted = (response: ServerResponse, reply: Reply): Reply => {
    if (typeof reply.body === 'string' && reply.body.length <= large_bytes) return reply;
    if (large.size >= mostLarge) return busy;
    large.add(response);
    response.once('close', () => large.delete(response));
    return reply;
  };
  return async (request, response, wanted, deps) => {
    const reply = admitted(response, wanted);
    const { body } = reply;
    const isPacked = canPack(request, reply);
    const bytes = typeof body === 'string' ? await bytesOf(reply, body, isPacked) : undefined;
    const [status, headers] = headOf(request, reply, deps);
    response.writeHead(status, {
      ...headers,
      Vary: 'Accept-Encoding',
      ...(bytes === undefined ? {} : { 'Content-Length': bytes.length }),
      ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else if (typeof body === 'string') response.end(bytes);
    else sendPieces(body, response, isPacked, deps);
  };
}
