import type { Config } from '../../config/options.ts';
import type { ConfBlock } from '../../natsserver/syntax.ts';
import type { ServerVersion } from '../../natsserver/version.ts';
import { echoOf, inboxPrefixOf } from '../../wire/subjects.ts';
import { hubTls } from './hubtls.ts';
import { isWebsocket, remoteUrl, splitUrl, tokenInfo, userinfo } from './url.ts';
import type { LeafSecrets } from './users.ts';
import { knows, lacks, type NewerKey } from './version.ts';

/** Takes a sentence on what was left out of a config, or what a person should know of it. */
export type AddNote = (note: string) => void;

/** Requests of a unit to its own echo, and the replies: they do not go to the hub. */
const selfTraffic = (unit: string): string[] => [echoOf(unit), `${inboxPrefixOf(unit)}.>`];

function tlsBlock(config: Config, version: ServerVersion | undefined): ConfBlock {
  const { hub } = config;
  return {
    ca_file: hub.tls_ca,
    cert_file: hub.tls_cert,
    key_file: hub.tls_key,
    insecure: hub.tls_insecure || undefined,
    handshake_first: (hub.handshake_first && knows(version, 'handshake_first')) || undefined,
    timeout: hub.tls_timeout_s,
  };
}

/** Settings that only newer servers know; what is left out is noted. */
function newerKeys(config: Config, version: ServerVersion | undefined, addNote: AddNote): ConfBlock {
  const { hub, leaf } = config;
  const timeout = `${hub.connect_timeout_s}s`;
  const wanted: readonly (readonly [NewerKey, string, string | boolean])[] = [
    ['compression', 'leaf.compression', leaf.compression],
    ['first_info_timeout', 'hub.connect_timeout_s (for the first answer)', timeout],
    ['dial_timeout', 'hub.connect_timeout_s (for dialling)', timeout],
    ['ignore_discovered_servers', 'hub.ignore_discovered', hub.ignore_discovered],
  ];
  const block: Record<string, string | boolean> = {};
  for (const [key, option, value] of wanted) {
    if (value === false || value === 'off') continue; // what a server does that does not know the key
    if (knows(version, key)) block[key] = value;
    else addNote(`${option} is left out: ${lacks(version, key)}.`);
  }
  if (knows(version, 'compression') && leaf.compression === 'off') block['compression'] = 'off'; // not the default
  return block;
}

/** The remote that joins the unit to its hub, bound to the local `account`. */
export function hubRemote(
  config: Config,
  secrets: LeafSecrets,
  version: ServerVersion | undefined,
  account: string,
  addNote: AddNote,
): ConfBlock {
  const { hub } = config;
  const { hubPassword, hubToken } = secrets;
  const token = hubToken !== undefined && knows(version, 'token') ? tokenInfo(hubToken) : '';
  const login = hub.user === undefined || hubPassword === undefined ? token : userinfo(hub.user, hubPassword);
  const urls = hub.url.flatMap((one) => splitUrl(one) ?? []);
  if (urls.some((url) => url.path.length > 1 && !isWebsocket(url.scheme)))
    addNote('hub.url: a path means something to websockets only; it is left out.');
  return {
    urls: [...new Set(urls.map((url) => remoteUrl(url, login)))],
    account,
    credentials: hub.creds_file,
    nkey: knows(version, 'nkey') ? secrets.hubNkeySeed : undefined,
    deny_exports: [...new Set([...selfTraffic(config.agent.unit), ...hub.deny_export])],
    deny_imports: hub.deny_import.length === 0 ? undefined : hub.deny_import,
    tls: hubTls(config) ? tlsBlock(config, version) : undefined,
    ...newerKeys(config, version, addNote),
  };
}

/** A text as `quoted` writes it. */
const text = String.raw`"(?:[^"\\\x00-\x1f\x7f]|\\["\\]|\\x[0-9a-f]{2})*"`;
const texts = String.raw`\[(?:${text}|\n(?: {6}${text}\n){2,} {4})\]`;
const flag = '(?:true|false)';
const mayBe = (pairs: Readonly<Record<string, string>>, indent: number): string =>
  Object.entries(pairs)
    .map(([key, value]) => `(?: {${indent}}${key}: ${value}\\n)?`)
    .join('');
const tlsKeys = {
  ca_file: text,
  cert_file: text,
  key_file: text,
  insecure: flag,
  handshake_first: flag,
  timeout: String.raw`\d+`,
};
const remoteKeys = {
  urls: texts,
  account: text,
  credentials: text,
  nkey: text,
  deny_exports: texts,
  deny_imports: texts,
  tls: String.raw`\{\n${mayBe(tlsKeys, 6)} {4}\}`,
  compression: text,
  first_info_timeout: text,
  dial_timeout: text,
  ignore_discovered_servers: flag,
};
const hubPart = new RegExp(
  String.raw`^leafnodes: \{\n  reconnect: (?:\d+|"\d+s")\n  remotes: \[\{\n${mayBe(remoteKeys, 4)}(?: {4}compression: "off"\n)?  \}\]\n\}$`,
);

/** Whether a text is a hub part as it is written here, one remote and nothing else: it may have been changed on flash. */
export const isHubPart = (part: string): boolean => hubPart.test(part);
