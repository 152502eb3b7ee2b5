// How a reply is sent: its status and headers, and its body as it is.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../lib/log.ts';
import type { Reply } from './reply.ts';

/** What of a server decides how it sends. */
export interface SendingDeps {
  /** What it is called where something is wrong with it: `status server`. */
  readonly name: string;
  readonly log: Log;
  /** Takes what forms of its own pages send, up to so many characters; without it nobody can change anything. */
  readonly mostForm?: number;
}

/** Sends the reply to a request; rejects where it cannot. */
export type Send = (
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  deps: SendingDeps,
) => Promise<void>;

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

/** Status and headers of a reply. */
export function headOf(
  { headers }: IncomingMessage,
  { status, type, policy, location }: Reply,
  { mostForm }: SendingDeps,
): [number, Record<string, string | number>] {
  const hasBody = headers['content-length'] || headers['transfer-encoding'];
  return [
    status,
    {
      ...safety,
      ...(policy === undefined ? {} : { 'Content-Security-Policy': policy }),
      'Content-Type': type,
      ...(location === undefined ? {} : { Location: location }),
      ...(status === 405 ? { Allow: mostForm === undefined ? 'GET, HEAD' : 'GET, HEAD, POST' } : {}),
      // an unwanted body is not read: the connection ends with the answer
      ...(hasBody ? { Connection: 'close' } : {}),
    },
  ];
}

/** Sends it in one piece. */
export const sendWhole: Send = async (request, response, reply, deps) => {
  const { body } = reply;
  const whole = typeof body === 'string' ? body : [...body].join('');
  const [status, headers] = headOf(request, reply, deps);
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(whole) });
  response.end(request.method === 'HEAD' ? undefined : whole);
};
