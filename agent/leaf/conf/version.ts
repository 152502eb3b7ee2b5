import { atLeast, formatVersion, type ServerVersion } from '../../natsserver/version.ts';

/** The oldest nats-server whose config keys are known here; every newer one takes what it takes. */
export const oldestServer: ServerVersion = [2, 9, 0];

/**
 * First version that knows a key: an unknown one is fatal, so older servers never get it.
 * From the parser of each release of nats-server (facts/nats.md 1.1).
 */
const since = {
  compression: [2, 10, 0],
  handshake_first: [2, 10, 0],
  // not a key: older servers put a path of a websocket behind /leafnode instead of before it
  websocket_path: [2, 10, 5],
  nkey: [2, 10, 8],
  // not a key: from here on leafnodes.reconnect is a duration, and a plain number fails `-t` with a warning
  reconnect_duration: [2, 10, 12],
  first_info_timeout: [2, 10, 26],
  // not a key: a login without a password in the URL of a hub, which older servers send as a user without one
  token: [2, 12, 0],
  ignore_discovered_servers: [2, 14, 0],
  dial_timeout: [2, 14, 5],
} as const satisfies Record<string, ServerVersion>;

/** Something that not every supported server knows. */
export type NewerKey = keyof typeof since;

/** Whether a server of that version knows the key. An unknown version is taken for the oldest. */
export const knows = (version: ServerVersion | undefined, key: NewerKey): boolean =>
  atLeast(version ?? oldestServer, since[key]);

/** Why a key is missing for that server, as the end of a sentence. */
export const lacks = (version: ServerVersion | undefined, key: NewerKey): string =>
  `${version === undefined ? 'the version of nats-server is not known' : `nats-server ${formatVersion(version)} cannot do it`}; it needs ${formatVersion(since[key])} or newer`;
