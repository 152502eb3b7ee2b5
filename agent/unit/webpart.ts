import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';
import {
  type StatusServer,
  type StatusServerDeps,
  type StatusServerOptions,
  serveStatus,
} from '../web/server.ts';

const retry_ms = 10_000;

/** Serves the status page; while its address cannot be had it is tried again, and nothing else suffers from it. */
export function keepServing(
  deps: StatusServerDeps & { readonly ticker: Ticker; readonly log: Log },
  opts: StatusServerOptions,
  signal: AbortSignal,
): { stop(): Promise<void> } {
  let server: StatusServer | undefined;
  let stopped = false;
  let cancel = (): void => {};
  let failing = false;

  async function open(): Promise<void> {
    try {
      const opened = await serveStatus(deps, opts, signal);
      if (stopped) return await opened.stop();
      server = opened;
      deps.log.info('status page', { url: `http://${opts.listen}:${opened.port}/` });
    } catch (error) {
      if (!failing) deps.log.error(error instanceof Error ? error.message : String(error));
      failing = true;
      if (!stopped) cancel = deps.ticker.after(retry_ms, () => void open());
    }
  }
  const opening = open();

  return {
    async stop() {
      stopped = true;
      cancel();
      await opening;
      await server?.stop();
    },
  };
}
