import type { NetworkInterfaceInfo } from 'node:os';
import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';
import {
  type StatusServer,
  type StatusServerDeps,
  type StatusServerOptions,
  serveStatus,
} from '../web/server.ts';

/** The network interfaces of the machine by name, as os.networkInterfaces gives them. */
export type Interfaces = () => Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export interface ServingOptions extends Omit<StatusServerOptions, 'listen'> {
  /** Address that is listened on when no interface is given. */
  readonly listen: string;
  /** Device, or OpenWrt network with a bridge of its name: its IPv4 address is listened on, also when it changes. */
  readonly interface?: string | undefined;
}

const look_ms = 10_000;

/** The address that an interface has now: of a device of that name, or of OpenWrt's bridge for the network. */
export function addressOf(name: string, interfaces: Interfaces): string | undefined {
  const all = interfaces();
  const found = [...(all[name] ?? []), ...(all[`br-${name}`] ?? [])];
  return found.find(({ family }) => family === 'IPv4')?.address;
}

/**
 * Serves the status page; while its address cannot be had it is tried again, and nothing else suffers from it.
 * An interface is looked at every 10 s, and followed when its address changes.
 */
export function keepServing(
  deps: StatusServerDeps & { readonly ticker: Ticker; readonly log: Log; readonly interfaces: Interfaces },
  opts: ServingOptions,
  signal: AbortSignal,
): { stop(): Promise<void> } {
  const { log, ticker, interfaces } = deps;
  let server: StatusServer | undefined;
  let address: string | undefined;
  let told: string | undefined;
  let stopped = false;

  /** Each trouble is told once. */
  function complain(why: string): void {
    if (why !== told) log.error(why);
    told = why;
  }

  async function open(listen: string): Promise<void> {
    try {
      const opened = await serveStatus(deps, { ...opts, listen }, signal);
      if (stopped) return await opened.stop();
      server = opened;
      address = listen;
      told = undefined;
      log.info('status page', { url: `http://${listen}:${opened.port}/` });
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    }
  }

  /** Where it is now when the interfaces cannot be listed, as when no file can be opened. */
  function wantedAddress(): string | undefined {
    if (opts.interface === undefined) return opts.listen;
    try {
      return addressOf(opts.interface, interfaces);
    } catch {
      return address;
    }
  }

  async function look(): Promise<void> {
    const wanted = wantedAddress();
    if (stopped || (wanted !== undefined && wanted === address)) return;
    await server?.stop();
    server = undefined;
    address = undefined;
    if (wanted !== undefined) return open(wanted);
    complain(`status server: interface ${opts.interface} has no IPv4 address`);
  }

  let looking = look();
  const cancel = ticker.every(look_ms, () => {
    looking = looking.then(look);
  });

  return {
    async stop() {
      stopped = true;
      cancel();
      await looking;
      await server?.stop();
    },
  };
}
