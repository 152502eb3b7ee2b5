import type { Connection, ConnectionTls, LocalSecrets, Monitor } from '../../config/agentfile.ts';
import type { Config } from '../../config/options.ts';
import type { OwnerSecrets } from '../../config/secrets.ts';
import { defaultPorts } from '../../lib/defaults.ts';
import { known } from '../../lib/known.ts';
import { hubTls } from './hubtls.ts';
import { agentUser, monitorUser } from './logins.ts';
import { isTls, splitUrl } from './url.ts';

/** The address that a process on the unit reaches a listener at. */
function localAddress(listen: string): string {
  if (listen === '0.0.0.0') return '127.0.0.1';
  const address = listen === '::' ? '::1' : listen;
  return address.includes(':') ? `[${address}]` : address;
}

/** An address as a NATS client takes it: with its port, and a scheme that says whether TLS is used. */
function clientUrl(text: string, tls: boolean): string[] {
  const url = splitUrl(text);
  return url === undefined
    ? []
    : [`${tls ? 'tls' : 'nats'}://${url.host}:${url.port ?? defaultPorts.client}`];
}

/** The unit's own leaf. Its certificate is made out to a name, not to this address, and is not checked. */
function toLeaf({ leaf }: Config, local: LocalSecrets): Connection {
  const tls: ConnectionTls = {
    rejectUnauthorized: false,
    ...(leaf.tls_verify ? known({ certFile: leaf.tls_cert, keyFile: leaf.tls_key }) : {}),
  };
  const secure = leaf.tls_cert !== undefined;
  return {
    // the latter is where it listens while it cannot at its own address
    servers: [...new Set([localAddress(leaf.listen), localAddress('0.0.0.0')])].map(
      (address) => `${secure ? 'tls' : 'nats'}://${address}:${leaf.port}`,
    ),
    user: agentUser,
    password: local.agent,
    ...(secure ? { tls } : {}),
  };
}

function toExternal({ leaf }: Config, owner: OwnerSecrets): Connection {
  const secure = isTls(splitUrl(leaf.external_url)?.scheme ?? '') || leaf.external_tls_ca !== undefined;
  return {
    servers: clientUrl(leaf.external_url, secure),
    ...known({ user: leaf.external_user, password: owner.externalPassword, creds: owner.externalCreds }),
    ...(secure ? { tls: known({ caFile: leaf.external_tls_ca }) } : {}),
  };
}

function toHub(config: Config, owner: OwnerSecrets): Connection {
  const { hub } = config;
  const secure = hubTls(config);
  const tls: ConnectionTls = {
    ...known({ caFile: hub.tls_ca, certFile: hub.tls_cert, keyFile: hub.tls_key }),
    ...(hub.handshake_first ? { handshakeFirst: true } : {}),
    ...(hub.tls_insecure ? { rejectUnauthorized: false } : {}),
  };
  return {
    servers: [...new Set(hub.url.flatMap((url) => clientUrl(url, secure)))],
    ...known({ user: hub.user, password: owner.hubPassword, token: owner.hubToken }),
    ...known({
      creds: owner.hubCreds,
      nkeySeed: owner.hubNkeySeed,
      credsFile: config.enrolled && hub.creds_file,
    }),
    ...(secure ? { tls } : {}),
  };
}

/** How the agent connects by `leaf.mode`: to its own leaf, to an external server, or to the hub itself. */
export function connectionOf(config: Config, local: LocalSecrets, owner: OwnerSecrets): Connection {
  switch (config.leaf.mode) {
    case 'managed':
      return toLeaf(config, local);
    case 'external':
      return toExternal(config, owner);
    case 'off':
      return toHub(config, owner);
  }
}

/** Where the state of the leaf is asked; nothing where there is no leaf or no means to ask. */
export function monitorOf({ leaf }: Config, local: LocalSecrets): { readonly monitor?: Monitor } {
  if (leaf.mode === 'managed') {
    return { monitor: { kind: 'system', user: monitorUser, password: local.monitor } };
  }
  const url = leaf.mode === 'external' ? leaf.external_monitor_url : undefined;
  return url === undefined ? {} : { monitor: { kind: 'http', url } };
}
