import type { NetworkInterfaceInfo } from 'node:os';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { type RouteDeps, statusRoutes } from './routes.ts';
import { type Listening, type StatusServer, serveStatus } from './server.ts';

/** The network interfaces of the machine by name, as os.networkInterfaces gives them. */
export type Interfaces = () => Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export interface ServingOptions {
  /** Serve over HTTP; the socket is served in any case. */
  readonly enabled: boolean;
  /** Address that is listened on when no interface is given. */
  readonly listen: string;
  readonly port: number;
  /** Device, or OpenWrt network with a bridge of its name: its IPv4 address is listened on, also when it changes. */
  readonly interface?: string | undefined;
  /** Serve /metrics. */
  readonly metrics: boolean;
  /** Names of the device; besides them IP addresses and localhost are answered. */
  readonly hosts: readonly string[];
  /** Path of a socket on which programs of this device are served. */
  readonly socket: string;
}

export interface ServingDeps extends RouteDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  readonly interfaces: Interfaces;
  /** Whether that many files more could be opened now. */
  spareFiles(count: number): boolean;
}

const look_ms = 10_000;
const filesEvery_ms = 1000;
/** So many must be free to listen again: two to listen, one for a connection and one for whatever comes. */
const filesToListen = 4;
const noFile = 'status server: no file is left for connections; it listens again when there are some';
const loopback = '127.0.0.1';

/** The address that an interface has now: of a device of that name, or of OpenWrt's bridge for the network. */
export function addressOf(name: string, interfaces: Interfaces): string | undefined {
  const all = interfaces();
  const found = [...(all[name] ?? []), ...(all[`br-${name}`] ?? [])];
  return found.find(({ family }) => family === 'IPv4')?.address;
}

/**
 * Serves the status page; while its address cannot be had it is tried again, and nothing else suffers from it.
 * An interface is looked at every 10 s, and followed when its address changes; while it has none, loopback serves.
 */
export function keepServing(
  deps: ServingDeps,
  opts: ServingOptions,
  signal: AbortSignal,
): { stop(): Promise<void> } {
  const { log, ticker, interfaces } = deps;
  const routes = statusRoutes(deps, opts);
  const servers = new Map<string, StatusServer>();
  const told = new Map<string, string>();
  let address: string | undefined;
  let full = false;
  let stopped = false;

  /** What is wrong with something is told once. */
  function complain(what: string, why: string): void {
    if (told.get(what) !== why) log.error(why);
    told.set(what, why);
  }

  /** Gives whether it listens now. */
  async function open(name: string, at: Listening): Promise<boolean> {
    try {
      const opened = await serveStatus({ routes, log }, at, signal);
      if (stopped) await opened.stop();
      else servers.set(name, opened);
      told.delete(name);
      return true;
    } catch (error) {
      complain(name, messageOf(error));
      return false;
    }
  }

  /** Where it is now when the interfaces cannot be listed, as when no file can be opened. */
  function addressNow(name: string): string | undefined {
    try {
      return addressOf(name, interfaces);
    } catch {
      return address;
    }
  }

  /** Where to listen now: on the configured interface or address, on loopback when in doubt. */
  function wanted(): string {
    if (opts.interface === undefined) return opts.listen;
    const found = addressNow(opts.interface);
    if (found !== undefined) told.delete('interface');
    else complain('interface', `status server: interface ${opts.interface} has no IPv4 address`);
    return found ?? loopback;
  }

  async function close(name: string): Promise<void> {
    const server = servers.get(name);
    servers.delete(name);
    if (name === 'http') address = undefined;
    await server?.stop();
  }

  /**
   * A connection that no file is left for is offered again at once, without end and without a word from node, where
   * libuv has lost the file that it keeps to refuse it with: then nothing is listened on.
   */
  function checkFiles(): void {
    const found = !deps.spareFiles(full ? filesToListen : 1);
    if (found === full) return;
    full = found;
    if (full) log.error(noFile);
    else log.info('status server: there are files again');
    lookAgain();
  }

  async function look(): Promise<void> {
    if (full) for (const name of [...servers.keys()]) await close(name);
    if (stopped || full) return;
    if (!servers.has('socket')) await open('socket', { socket: opts.socket });
    const listen = opts.enabled ? wanted() : undefined;
    if (stopped || listen === undefined || listen === address) return;
    await close('http');
    if (!(await open('http', { listen, port: opts.port, hosts: opts.hosts }))) return;
    address = listen;
    log.info('status page', { url: `http://${listen}:${servers.get('http')?.port}/` });
  }

  function lookAgain(): void {
    looking = looking.then(look);
  }
  let looking = look();
  const cancels = [ticker.every(look_ms, lookAgain), ticker.every(filesEvery_ms, checkFiles)];

  return {
    async stop() {
      stopped = true;
      for (const cancel of cancels) cancel();
      await looking;
      for (const server of servers.values()) await server.stop();
    },
  };
}
