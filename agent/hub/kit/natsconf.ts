// The config of one server of the hub. Pure.
import { type ConfBlock, writeBlock } from '../../natsserver/syntax.ts';
import { type HubFile, hubPaths, isLoopback, urlHost } from './hubdir.ts';
import { storeBytes } from './streams.ts';

/** Units with a slow link need longer than the 2 s that are the default; to log in that, and a round trip. */
const tlsTimeout_s = 10;
const login = { timeout: tlsTimeout_s + 1 };
const mib = 1024 ** 2;

/** The whole text; `dir` is where the hub's folder lies on the machine of that server. */
export function natsConf(hub: HubFile, dir: string, operatorJwt: string): string {
  const paths = hubPaths(dir);
  const { server, ports, tls } = hub;
  // for all who can reach the machine, unless the name of the hub means this machine only
  const [open, local] = isLoopback(server) ? [urlHost(server), urlHost(server)] : ['0.0.0.0', '127.0.0.1'];
  const isProxied = tls.by === 'proxy';
  const host = isProxied ? local : open;
  const secured: ConfBlock | undefined = isProxied
    ? undefined
    : {
        cert_file: tls.by === 'given' ? tls.cert : paths.cert,
        key_file: tls.by === 'given' ? tls.key : paths.certKey,
        timeout: tlsTimeout_s,
      };
  const block: ConfBlock = {
    server_name: server,
    listen: `${host}:${ports.client}`,
    // units and clients come back by these addresses, not by those of this machine's interfaces
    client_advertise: isProxied ? undefined : `${urlHost(server)}:${ports.client}`,
    tls: secured,
    authorization: login,
    http: `${local}:${ports.monitor}`,
    pid_file: paths.pid,
    log_file: paths.log,
    logfile_size_limit: 16 * mib,
    logfile_max_num: 4,
    jetstream: {
      store_dir: paths.store,
      max_memory_store: 64 * mib,
      max_file_store: storeBytes(hub.kept.bytes),
      // below 2.12 not by default: requests with fields that it does not know, such as an acknowledgement sent there by a unit
      strict: true,
    },
    leafnodes: {
      listen: `${host}:${ports.leaf}`,
      advertise: isProxied ? undefined : `${urlHost(server)}:${ports.leaf}`,
      authorization: login,
      tls: secured,
      isolate_leafnode_interest: hub.isolated,
    },
    websocket: {
      listen: `${host}:${ports.websocket}`,
      advertise: `${urlHost(server)}:${isProxied ? ports.proxy : ports.websocket}`,
      tls: secured,
      no_tls: isProxied ? true : undefined,
      handshake_timeout: `${tlsTimeout_s}s`,
      compression: true,
    },
    cluster: clusterOf(hub, open, dir),
    operator: operatorJwt,
    system_account: hub.publicKeys.sys,
    // a server that was down asks the others so often whom it is to shut out: until then it lets them in
    resolver: { type: 'full', dir: paths.jwt, allow_delete: false, interval: '2s' },
  };
  return `# Written by nunect-hub init, which writes it anew: do not edit.\n${writeBlock(block)}`;
}

/** Servers of a cluster know each other by certificates of our own CA, also where those for units come from elsewhere. */
function clusterOf({ servers, server, ports }: HubFile, open: string, dir: string): ConfBlock | undefined {
  if (servers.length === 1) return undefined;
  const paths = hubPaths(dir);
  return {
    name: 'nunect-hub', // not that of a unit: a leaf node of the same name is turned away
    listen: `${open}:${ports.cluster}`,
    advertise: `${urlHost(server)}:${ports.cluster}`,
    routes: servers
      .filter((other) => other !== server)
      .map((other) => `nats-route://${urlHost(other)}:${ports.cluster}`),
    tls: {
      cert_file: paths.cert,
      key_file: paths.certKey,
      ca_file: paths.ca,
      verify: true,
      timeout: tlsTimeout_s,
    },
  };
}
