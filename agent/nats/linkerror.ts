import { codeOf, messageOf } from '../lib/errors.ts';
import { known } from '../lib/known.ts';

/** What we find wrong ourselves: what answers is no NATS server, or it closes the connection and gives no reason. */
export type LinkFault = 'not_nats' | 'closed';

/** Why there is no connection. */
export interface LinkError {
  /** In the words of the server, nats.js, node or OpenSSL; in ours where there is a `fault`. */
  readonly text: string;
  readonly fault?: LinkFault;
  /** Of node or OpenSSL, such as ECONNREFUSED. */
  readonly code?: string;
}

/** Thrown where we find the fault ourselves. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
  readonly fault: LinkFault;

  constructor(fault: LinkFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** What an attempt failed with, or a connection ended with. */
export function linkErrorOf(error: unknown): LinkError {
  const text = messageOf(error) || 'connection failed';
  if (error instanceof FaultError) return { text, fault: error.fault };
  // nats.js has a sentence of its own for ECONNREFUSED, with the error of node as the cause
  return {
    text,
    ...known({ code: codeOf(error) ?? (error instanceof Error ? codeOf(error.cause) : undefined) }),
  };
}
