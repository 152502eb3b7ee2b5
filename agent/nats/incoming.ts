/** A message that came in. `headers` is decoded on first use and may throw on garbage. */
export interface Incoming {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string | undefined;
  readonly headers?: (Iterable<[string, string[]]> & { readonly code?: number }) | undefined;
  /** Bytes of subject, reply, headers and payload together. */
  size(): number;
}

/** Status of a message that was larger than the server's max_payload: it comes without headers and payload. */
export const tooLargeStatus = 413;

/** Whether headers and payload were left out, as they were too large. */
export function isLeftOut(message: Incoming): boolean {
  try {
    return message.data.length === 0 && message.headers?.code === tooLargeStatus;
  } catch {
    return false;
  }
}

/** Handles a message. May throw or reject: see `guardHandlers`. */
export type Handler = (message: Incoming) => void | Promise<void>;
