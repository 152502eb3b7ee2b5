/** A message that came in. `headers` is decoded on first use and may throw on garbage. */
export interface Incoming {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string | undefined;
  readonly headers?: Iterable<[string, string[]]> | undefined;
  /** Bytes of subject, reply, headers and payload together. */
  size(): number;
}

/** Handles a message. May throw or reject: see `guardHandlers`. */
export type Handler = (message: Incoming) => void | Promise<void>;
