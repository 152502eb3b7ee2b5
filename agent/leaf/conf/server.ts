import { createHash } from 'node:crypto';
import type { Config } from '../../config/options.ts';
import { type ConfBlock, writeBlock } from '../../natsserver/syntax.ts';
import type { ServerVersion } from '../../natsserver/version.ts';
import { statePath } from '../statefiles.ts';
import { type AddNote, hubRemote, isHubPart } from './hub.ts';
import { agentLogin, anonymousUser, type LeafSecrets, lanLogin, loginOf, monitorLogin } from './users.ts';
import { knows } from './version.ts';

/** A finished config, and what a person should know of it: what this server cannot do, or that it has no hub. */
export interface LeafConf {
  readonly text: string;
  readonly notes: readonly string[];
}

const account = 'UNIT';
const systemAccount = 'SYS';
/** How long a TLS handshake of a local client may take; nats-server's own 2 s are short for a slow phone. */
const clientTlsTimeout_s = 5;

type Leaf = Config['leaf'];

const serverBlock = (config: Config): ConfBlock => ({
  server_name: config.agent.unit,
  host: config.leaf.listen,
  port: config.leaf.port,
  ping_interval: `${config.leaf.ping_interval_s}s`,
  ping_max: 2,
  max_payload: config.leaf.max_payload_kb * 1024,
  max_connections: config.leaf.max_connections,
});

/** In RAM; the server keeps two at most, and the agent takes the older away. */
const logLimit_bytes = 256 * 1024;

/** Into a file that the agent follows; without a directory for it on stderr, where the system log adds the time. */
const loggingBlock = (leaf: Leaf, runDir: string | undefined): ConfBlock => ({
  logtime: runDir !== undefined,
  debug: leaf.log_debug,
  ...(runDir === undefined
    ? {}
    : {
        log_file: statePath(runDir, 'log'),
        logfile_size_limit: logLimit_bytes,
        pid_file: statePath(runDir, 'pid'),
      }),
});

function usersBlock(config: Config, secrets: LeafSecrets): ConfBlock {
  const lan = config.user.flatMap((user) => lanLogin(config, user, secrets));
  return {
    accounts: {
      [account]: {
        jetstream: config.leaf.jetstream ? 'enabled' : undefined,
        users: [agentLogin(config, secrets.agent), ...lan],
      },
      [systemAccount]: { users: [monitorLogin(config.agent.unit, secrets.monitor)] },
    },
  };
}

function anonymousBlock(config: Config): ConfBlock {
  const guest = anonymousUser(config);
  return guest === undefined ? {} : { no_auth_user: loginOf(guest) };
}

const certificate = (leaf: Leaf): ConfBlock => ({
  cert_file: leaf.tls_cert,
  key_file: leaf.tls_key,
  ca_file: leaf.tls_ca,
  verify: leaf.tls_verify || undefined,
  timeout: clientTlsTimeout_s,
});

const tlsBlock = (leaf: Leaf): ConfBlock => (leaf.tls_cert === undefined ? {} : { tls: certificate(leaf) });

function websocketBlock(leaf: Leaf): ConfBlock {
  if (leaf.websocket_port === 0) return {};
  return {
    websocket: {
      host: leaf.websocket_listen,
      port: leaf.websocket_port,
      ...(leaf.websocket_tls ? { tls: certificate(leaf) } : { no_tls: true }),
      allowed_origins: leaf.websocket_origin.length === 0 ? undefined : leaf.websocket_origin,
    },
  };
}

function jetstreamBlock(config: Config): ConfBlock {
  const { leaf } = config;
  if (!leaf.jetstream) return {};
  return {
    jetstream: {
      domain: leaf.jetstream_domain ?? config.agent.unit,
      store_dir: leaf.jetstream_store_dir,
      max_memory_store: leaf.jetstream_max_memory_mb * 1024 ** 2,
      max_file_store: leaf.jetstream_max_storage_mb * 1024 ** 2,
    },
  };
}

/** Never a listener: remotes alone need none, and one would open the unit to anybody (facts/nats.md 3.8). */
function hubBlock(
  config: Config,
  secrets: LeafSecrets,
  version: ServerVersion | undefined,
  addNote: AddNote,
): ConfBlock {
  const { url, reconnect_s } = config.hub;
  if (url.length === 0) return {};
  return {
    leafnodes: {
      reconnect: knows(version, 'reconnect_duration') ? `${reconnect_s}s` : reconnect_s,
      remotes: [hubRemote(config, secrets, version, account, addNote)],
    },
  };
}

/**
 * The nats-server config of a unit, for that version of the server; undefined is taken for the oldest.
 * It expects a Config that `leafProblems` found no error in. Its parts start with a line `# [name]`, so that
 * two configs can be compared part by part. In `runDir` the server may write its log and pid. `asked` is what the owner
 * has set, where the config is less than that.
 */
export function renderLeaf(
  config: Config,
  secrets: LeafSecrets,
  version: ServerVersion | undefined,
  runDir?: string,
  asked = config,
): LeafConf {
  const notes = asked.hub.url.length === 0 ? ['hub.url is not set: the leaf is local only.'] : [];
  const parts: Readonly<Record<string, ConfBlock>> = {
    server: serverBlock(config),
    logging: loggingBlock(config.leaf, runDir),
    tls: tlsBlock(config.leaf),
    websocket: websocketBlock(config.leaf),
    hub: hubBlock(config, secrets, version, (note) => notes.push(note)),
    jetstream: jetstreamBlock(config),
    users: usersBlock(config, secrets),
    system: { system_account: systemAccount, ...anonymousBlock(config) },
  };
  const text = Object.entries(parts)
    .filter(([, block]) => Object.keys(block).length > 0)
    .map(([name, block]) => `\n# [${name}]\n${writeBlock(block)}`)
    .join('');
  return { text: headed(text), notes };
}

const firstLine = "# Written by 'nunect render': changes made here are lost.\n";
const hubLine = /^# hub: ([0-9a-f]{32}|none)\n/m;

/** The text below two lines of which the second names the hub part, so that a shell can tell one from another. */
const headed = (body: string): string => `${firstLine}# hub: ${idOf(confParts(body).get('hub'))}\n${body}`;

const idOf = (hubPart: string | undefined): string =>
  hubPart === undefined ? 'none' : createHash('sha256').update(hubPart).digest('hex').slice(0, 32);

/** The name of the hub part of a rendered config, `none` where it has none; undefined of any other text. */
export const hubIdOf = (text: string): string | undefined => hubLine.exec(text)?.[1];

/** The same config with the hub part of another, and all that is local as it was. */
export function withHubOf(text: string, other: string): string {
  const parts = new Map([...confParts(text), ['hub', confParts(other).get('hub') ?? '']]);
  return headed([...parts].map(([name, part]) => `\n# [${name}]\n${part}\n`).join(''));
}

/** Why a text is not what `withHubOf('', conf)` gives: something changed it after it was written. */
export function keptHubFault(text: string): string | undefined {
  const part = confParts(text).get('hub');
  if (idOf(part) !== hubIdOf(text)) return 'its checksum does not match its text';
  if (part !== undefined && isHubPart(part) && withHubOf('', text) === text) return undefined;
  return "it holds something else than the hub settings that 'nunect render' writes there";
}

/** The addresses in a hub part, without logins. */
export const hubAddresses = (text: string): string[] =>
  [...(confParts(text).get('hub') ?? '').matchAll(/"([a-z-]+:\/\/)(?:[^"@]*@)?([^"]+)"/g)].map(
    ([, scheme = '', address = '']) => `${scheme}${address}`,
  );

/** The parts of a rendered config by name. Of any other text: none. */
export function confParts(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/^# \[([a-z]+)\]\n/m).slice(1);
  const pairs = parts.flatMap((name, at) =>
    at % 2 === 0 ? [[name, parts[at + 1]?.trimEnd() ?? ''] as const] : [],
  );
  return new Map(pairs);
}
