import { get } from 'node:http';
import type { AbsentReason } from '../../lib/reading.ts';

/** Asks the server for one of its monitoring reports, as JSON text. Rejects with Unanswered. */
export type AskLeaf = (what: 'varz' | 'leafz' | 'connz') => Promise<string>;

/** Most clients that are told of one by one. */
const mostClients = 256;

/** The server gave no report; `code` is why, as in a Reading. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly code: AbsentReason;

  constructor(code: AbsentReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** What this needs of a connection to the server's system account; the agent's Link fits. */
export interface SystemLink {
  request(subject: string, payload: Uint8Array, opts: { timeout_ms: number }): Promise<SystemAnswer>;
}

export type SystemAnswer =
  | { readonly kind: 'reply'; readonly message: { readonly data: Uint8Array } }
  | { readonly kind: keyof typeof whyNot };

const whyNot = {
  no_responders: 'no_reply',
  timeout: 'no_reply',
  denied: 'unauthorised',
  too_large: 'garbled',
  closed: 'refused',
} as const satisfies Record<string, AbsentReason>;

const largestReport = 4 * 1024 * 1024;

/**
 * Asks by $SYS requests (nats-server 2.9 and newer). They are answered by every server of the system account, so
 * this is for a leaf whose system account is its own.
 */
export const askBySystemAccount =
  (link: SystemLink, timeoutMs: number): AskLeaf =>
  async (what) => {
    const subject = `$SYS.REQ.SERVER.PING.${what.toUpperCase()}`;
    const asked = what === 'connz' ? JSON.stringify({ auth: true, limit: mostClients }) : ''; // `auth`: who they are
    const answer = await link.request(subject, new TextEncoder().encode(asked), { timeout_ms: timeoutMs });
    if (answer.kind === 'reply') return Buffer.from(answer.message.data).toString('utf8');
    throw new Unanswered(whyNot[answer.kind], `${subject}: ${answer.kind}`);
  };

/** Asks the monitoring port, such as http://127.0.0.1:8222: for a server that somebody else runs. */
export const askByHttp =
  (baseUrl: string, timeoutMs: number): AskLeaf =>
  (what) => {
    // without `auth`: an old server shows tokens as users
    const url = `${baseUrl}/${what}${what === 'connz' ? `?limit=${mostClients}` : ''}`;
    return new Promise((resolve, reject) => {
      const fail = (code: AbsentReason, why: string, cause?: unknown): void =>
        reject(new Unanswered(code, `${url}: ${why}`, cause));
      const request = get(url, { signal: AbortSignal.timeout(timeoutMs), agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('error', (error) => fail('no_reply', error.message, error));
        response.on('data', (text: string) => {
          body += text;
          if (body.length > largestReport)
            request.destroy(new Error(`answers more than ${largestReport} bytes`));
        });
        response.on('end', () => {
          if (response.statusCode === 200) resolve(body);
          else fail('garbled', `HTTP ${response.statusCode}`);
        });
      });
      request.on('error', (error: NodeJS.ErrnoException) =>
        error.name === 'AbortError'
          ? fail('no_reply', `no answer in ${timeoutMs} ms`, error)
          : fail(error.code === 'ECONNREFUSED' ? 'refused' : 'no_reply', error.message, error),
      );
    });
  };
