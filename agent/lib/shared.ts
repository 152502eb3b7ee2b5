/**
 * Lets several callers share a reading: within `keepMs` of its start the same one is given again. So viewers of the
 * status page neither add to its cost nor cut short the span that a rate is measured over.
 */
export function shared<T>(read: () => Promise<T>, now_ms: () => number, keepMs: number): () => Promise<T> {
  let latest: { readonly at_ms: number; readonly value: Promise<T> } | undefined;
  return () => {
    const at_ms = now_ms();
    if (latest === undefined || at_ms - latest.at_ms >= keepMs) latest = { at_ms, value: read() };
    return latest.value;
  };
}

/** How long a reading of the device or of the agent itself is shared. */
export const shareMs = 500;
