import { known } from '../lib/known.ts';
import { isObject } from '../lib/parse.ts';
import type { Option } from './kinds.ts';
import { type Config, type SectionName, sections } from './options.ts';
import type { Problem } from './problem.ts';
import { traffics } from './traffic.ts';

/** Raised when the shape of the file changes: an agent refuses a file of another number. */
export const agentFileSchema = 1;

/** TLS of the agent's own connection; the names are those of nats.js. */
export interface ConnectionTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly handshakeFirst?: true;
  /** Set where the certificate is not checked: for the unit's own leaf, or when the owner said so. */
  readonly rejectUnauthorized?: false;
}

/** How the agent reaches its NATS server. Secrets are values, so that an unprivileged agent needs no files. */
export interface Connection {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Content of a credentials file. */
  readonly creds?: string;
  /** The file itself, of a device that is enrolled: its seed is in no other place. */
  readonly credsFile?: string;
  readonly nkeySeed?: string;
  readonly tls?: ConnectionTls;
}

/** Where the state of the leaf server is asked: over NATS as a system user, or over HTTP. */
export type Monitor =
  | { readonly kind: 'system'; readonly user: string; readonly password: string }
  | { readonly kind: 'http'; readonly url: string };

/**
 * Which config the leaf has. `current`: the one asked for. `last_good`: that one failed, the one before stays.
 * `hub_only` and `local_only`: it failed and there was none before, so that what is optional, or also the hub,
 * was left out. `none`: no config could be made.
 */
export const leafStates = ['current', 'last_good', 'hub_only', 'local_only', 'none'] as const;
export type LeafState = (typeof leafStates)[number];

/** The leaf of mode managed, as it was rendered. */
export interface LeafInfo {
  readonly state: LeafState;
  readonly conf: string;
  /** Absent when the server could not be asked. */
  readonly server_version?: string;
  /** What this server cannot do, or that there is no hub: a sentence each. */
  readonly notes: readonly string[];
  /** Where the server writes its log and pid, and what the agent keeps between restarts. */
  readonly state_dir?: string;
  /** Names the hub part of that config, `none` without one. */
  readonly hub?: string;
  /** The same config with the hub part that last joined, for when the new one does not join. */
  readonly fallback?: LeafFallback;
  /** Where files outlive a reboot. */
  readonly keep_dir?: string;
}

/** What can be run in place of the configured settings. */
export interface LeafFallback {
  readonly conf: string;
  readonly hub: string;
  /** Addresses of that hub, without logins. */
  readonly urls: readonly string[];
}

/** Passwords of the leaf itself, made once per boot. */
export interface LocalSecrets {
  readonly boot_id: string;
  readonly agent: string;
  readonly monitor: string;
}

/** What the agent enrols by, and renews its enrolment. */
export interface EnrolSetup {
  /** The folder of the enrolment. */
  readonly dir: string;
  /** Id that the config names, and the one that the device has made up for itself. */
  readonly unit?: string;
  readonly own: string;
  /** A hash of the hardware's id, which not every user may read. */
  readonly hardware: string;
  /** `hub.enrol_token`. */
  readonly token?: string;
}

/** `agent.json`: what `nunect render`, as root, hands to the agent. The config in it holds no secret. */
export interface AgentFile {
  readonly schema: typeof agentFileSchema;
  readonly config: Config;
  readonly problems: readonly Problem[];
  readonly connection: Connection;
  readonly monitor?: Monitor;
  readonly leaf?: LeafInfo;
  /** Files that are not used themselves but in a copy in normal form, by their path. */
  readonly copies?: Readonly<Record<string, string>>;
  readonly local: LocalSecrets;
  readonly enrol?: EnrolSetup;
  /** The file that the config was read from. */
  readonly config_file?: string;
}

/** An agent.json that is not what `nunect render` writes. */
export class AgentFileError extends Error {
  readonly code = 'AGENT_FILE';
}

type Json = Readonly<Record<string, unknown>>;
type Table = Readonly<Record<string, Option<unknown, unknown>>>;

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isAbsentOr = (check: (value: unknown) => boolean, value: unknown): boolean =>
  value === undefined || check(value);

const fits: Readonly<Record<Option<unknown>['kind'], (value: unknown) => boolean>> = {
  bool: (value) => typeof value === 'boolean',
  int: (value) => Number.isSafeInteger(value),
  choice: isText,
  text: isText,
  list: isTexts,
};

/** The same config without the values of secret options. */
export function withoutSecrets(config: Config): Config {
  const strip = (values: Json, table: Table): Json =>
    Object.fromEntries(Object.entries(values).filter(([name]) => table[name]?.secret !== true));
  const stripped = Object.entries(sections).map(([name, section]) => {
    const value = config[name as SectionName];
    return [
      name,
      Array.isArray(value)
        ? value.map((one) => strip(one, section.options))
        : strip(value as unknown as Json, section.options),
    ];
  });
  return { ...(Object.fromEntries(stripped) as Config), ...known({ enrolled: config.enrolled }) };
}

/** The text of the file. */
export const formatAgentFile = (file: AgentFile): string => `${JSON.stringify(file, undefined, 2)}\n`;

/** What is missing or wrong in the values of a section. */
function* wrongOptions(given: unknown, table: Table, where: string): Generator<string> {
  if (!isObject(given)) return yield where;
  for (const [name, option] of Object.entries(table)) {
    const mayBeAbsent = option.default === undefined || option.secret;
    const isAbsent = given[name] === undefined && mayBeAbsent;
    if (!isAbsent && !fits[option.kind](given[name])) yield `${where}.${name}`;
  }
}

function* wrongConfig(config: unknown): Generator<string> {
  if (!isObject(config)) return yield 'config';
  for (const [name, { many, options }] of Object.entries(sections)) {
    const where = `config.${name}`;
    const value = config[name];
    if (!many) yield* wrongOptions(value, options, where);
    else if (!Array.isArray(value)) yield where;
    else
      for (const one of value) {
        yield* wrongOptions(one, options, where);
        if (!isText(one.section)) yield `${where}.section`;
      }
  }
  // none of these is absent once the config is loaded, whatever the table says of the file
  const { agent, leaf } = config as Record<string, Json | undefined>;
  if (!isText(agent?.['unit'])) yield 'config.agent.unit';
  if (!fits.int(agent?.['interval_s'])) yield 'config.agent.interval_s';
  if (!fits.int(leaf?.['ping_interval_s'])) yield 'config.leaf.ping_interval_s';
  if (!isText(leaf?.['compression'])) yield 'config.leaf.compression';
  if (!traffics.some((one) => one === agent?.['traffic'])) yield 'config.agent.traffic';
}

function* wrongConnection(connection: unknown): Generator<string> {
  if (!isObject(connection) || !isTexts(connection['servers'])) return yield 'connection.servers';
  for (const name of ['user', 'password', 'token', 'creds', 'credsFile', 'nkeySeed'])
    if (!isAbsentOr(isText, connection[name])) yield `connection.${name}`;
  if (!isAbsentOr(isObject, connection['tls'])) yield 'connection.tls';
}

/** What is missing or wrong in the file, by name. */
function* wrongIn({
  schema,
  config,
  connection,
  monitor,
  leaf,
  copies,
  local,
  problems,
  enrol,
  config_file,
}: Json): Generator<string> {
  if (schema !== agentFileSchema) yield 'schema';
  yield* wrongConfig(config);
  yield* wrongConnection(connection);
  if (!isAbsentOr(isMonitor, monitor)) yield 'monitor';
  if (!isAbsentOr(isLeaf, leaf)) yield 'leaf';
  if (!isAbsentOr(isCopies, copies)) yield 'copies';
  if (!isAbsentOr(isEnrol, enrol)) yield 'enrol';
  if (!isAbsentOr(isText, config_file)) yield 'config_file';
  for (const name of ['boot_id', 'agent', 'monitor'])
    if (!isObject(local) || !isText(local[name])) yield `local.${name}`;
  if (!Array.isArray(problems) || !problems.every(isProblem)) yield 'problems';
}

/** Reads the text back; throws an AgentFileError that names the file and what is wrong, never a value. */
export function parseAgentFile(text: string, path: string): AgentFile {
  const fail = (what: string): never => {
    throw new AgentFileError(`${path}: ${what}: not written by this version of 'nunect render'`);
  };
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return fail('it is not JSON');
  }
  if (!isObject(file)) return fail('it is not an object');
  for (const wrong of wrongIn(file)) fail(`'${wrong}' is missing or wrong`);
  return file as unknown as AgentFile;
}

const isMonitor = (value: unknown): boolean =>
  isObject(value) &&
  (value['kind'] === 'http'
    ? isText(value['url'])
    : value['kind'] === 'system' && isText(value['user']) && isText(value['password']));

const isLeaf = (value: unknown): boolean =>
  isObject(value) &&
  leafStates.some((state) => state === value['state']) &&
  isText(value['conf']) &&
  isAbsentOr(isText, value['server_version']) &&
  isTexts(value['notes']) &&
  ['state_dir', 'hub', 'keep_dir'].every((name) => isAbsentOr(isText, value[name])) &&
  isAbsentOr(isFallback, value['fallback']);

const isEnrol = (value: unknown): boolean =>
  isObject(value) &&
  ['dir', 'own', 'hardware'].every((name) => isText(value[name])) &&
  ['unit', 'token'].every((name) => isAbsentOr(isText, value[name]));

const isCopies = (value: unknown): boolean => isObject(value) && Object.values(value).every(isText);

const isFallback = (value: unknown): boolean =>
  isObject(value) && isText(value['conf']) && isText(value['hub']) && isTexts(value['urls']);

const isProblem = (value: unknown): boolean =>
  isObject(value) &&
  isText(value['file']) &&
  isText(value['message']) &&
  (value['severity'] === 'error' || value['severity'] === 'warning');
