import { isIP } from 'node:net';
import { dirname } from 'node:path';
import type { Config } from '../../config/options.ts';
import type { UnplacedProblem } from '../../config/problem.ts';
import { atLeast, formatVersion, type ServerVersion } from '../../natsserver/version.ts';
import { hubTls } from './hubtls.ts';
import { agentUser, monitorUser } from './logins.ts';
import { isTls, isWebsocket, splitUrl } from './url.ts';
import { anonymousUser, loginOf } from './users.ts';
import { knows, lacks, oldestServer } from './version.ts';

/** What lies at a path, seen by whoever renders. */
export type LookAt = (path: string) => 'directory' | 'other' | 'absent';

const error = (option: string, message: string, value?: string): UnplacedProblem => ({
  option,
  message,
  severity: 'error',
  ...(value === undefined ? {} : { value }),
});
const warning = (option: string, message: string): UnplacedProblem => ({
  option,
  message,
  severity: 'warning',
});
const when = (condition: boolean, finding: UnplacedProblem): UnplacedProblem[] =>
  condition ? [finding] : [];

function checkAddresses(config: Config): UnplacedProblem[] {
  const { url } = config.hub;
  const schemes = url.flatMap((one) => splitUrl(one)?.scheme ?? []);
  const plainWebsocket = schemes.includes('ws');
  const halfTls = hubTls(config) && !plainWebsocket && schemes.some((scheme) => !isTls(scheme));
  return [
    ...when(
      plainWebsocket && hubTls(config),
      error(
        'hub.url',
        'ws:// is not encrypted, but another address or a tls option wants TLS: use wss:// only',
      ),
    ),
    ...when(halfTls, warning('hub.url', 'TLS is used for every address, also for one that does not say so')),
    ...when(new Set(url).size < url.length, warning('hub.url', 'duplicate address')),
  ];
}

function checkAbilities(config: Config, version: ServerVersion | undefined): UnplacedProblem[] {
  const { hub } = config;
  const tooOld = version !== undefined && !atLeast(version, oldestServer);
  const lackingNkey = hub.nkey_file !== undefined && !knows(version, 'nkey');
  const isPathed = (url: string): boolean => {
    const { scheme = '', path = '' } = splitUrl(url) ?? {};
    return isWebsocket(scheme) && path.length > 1;
  };
  const lackingPath = hub.url.some(isPathed) && !knows(version, 'websocket_path');
  const tokenOption = (['token', 'token_file'] as const).find((name) => hub[name] !== undefined);
  const lackingHandshake = hub.handshake_first && !knows(version, 'handshake_first');
  return [
    ...when(tooOld, error('leaf.server', `must be nats-server ${formatVersion(oldestServer)} or newer`)),
    ...when(lackingNkey, error('hub.nkey_file', `is not possible: ${lacks(version, 'nkey')}`)),
    ...when(
      tokenOption !== undefined && !knows(version, 'token'),
      error(`hub.${tokenOption}`, `is not possible: ${lacks(version, 'token')}`),
    ),
    ...when(lackingPath, error('hub.url', `a path is not possible: ${lacks(version, 'websocket_path')}`)),
    ...when(
      lackingHandshake,
      error('hub.handshake_first', `is not possible: ${lacks(version, 'handshake_first')}`),
    ),
    ...when(
      hub.handshake_first && hub.url.some((url) => isWebsocket(splitUrl(url)?.scheme ?? '')),
      warning('hub.handshake_first', 'means nothing to websockets'),
    ),
  ];
}

const checkListeners = ({ leaf }: Config): UnplacedProblem[] =>
  (['listen', 'websocket_listen'] as const)
    .filter((name) => isIP(leaf[name]) === 0)
    .map((name) => error(`leaf.${name}`, 'must be an IPv4 or IPv6 address', leaf[name]));

function checkUsers(config: Config): UnplacedProblem[] {
  const reserved = [agentUser, monitorUser];
  const { anonymous, tls_verify } = config.leaf;
  return [
    ...config.user
      .filter((user) => reserved.includes(loginOf(user)))
      .map((user) => error('leaf', `user name '${loginOf(user)}' is taken by the unit itself`)),
    ...when(
      anonymousUser(config)?.nkey !== undefined,
      error('leaf.anonymous', 'must be a user without an nkey', anonymous),
    ),
    ...when(
      tls_verify,
      warning(
        'leaf.tls_verify',
        'the agent itself logs in with leaf.tls_cert, which must also allow clientAuth',
      ),
    ),
  ];
}

function checkStore({ leaf }: Config, look: LookAt): UnplacedProblem[] {
  if (!leaf.jetstream) return [];
  let path = leaf.jetstream_store_dir;
  while (look(path) === 'absent' && path !== '/') path = dirname(path);
  const blocked = error('leaf.jetstream_store_dir', `${path} is not a directory`, leaf.jetstream_store_dir);
  return when(look(path) === 'other', blocked);
}

/**
 * What keeps a leaf from working although `nats-server -t` accepts its config (facts/nats.md 1.4), and what a
 * server of that version cannot do; beyond what `crossCheck` finds. A config with an error in either is not
 * fit for `renderLeaf`.
 */
export const leafProblems = (
  config: Config,
  version: ServerVersion | undefined,
  look: LookAt,
): UnplacedProblem[] => [
  ...checkAddresses(config),
  ...checkAbilities(config, version),
  ...checkListeners(config),
  ...checkUsers(config),
  ...checkStore(config, look),
];
