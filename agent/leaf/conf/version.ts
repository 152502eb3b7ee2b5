/** major, minor, patch of a nats-server. */
export type ServerVersion = readonly [number, number, number];

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

/** The version in what `nats-server --version` prints; undefined when there is none. */
export function parseServerVersion(text: string): ServerVersion | undefined {
  const found = /\bv?(\d{1,4})\.(\d{1,4})\.(\d{1,4})/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])];
}

/** As people write it: 2.10.8. */
export const formatVersion = (version: ServerVersion): string => version.join('.');

/** Whether `version` is `least` or newer. */
export function atLeast(version: ServerVersion, least: ServerVersion): boolean {
  const differing = ([0, 1, 2] as const).find((at) => version[at] !== least[at]);
  return differing === undefined || version[differing] > least[differing];
}

/** Whether a server of that version knows the key. An unknown version is taken for the oldest. */
export const knows = (version: ServerVersion | undefined, key: NewerKey): boolean =>
  atLeast(version ?? oldestServer, since[key]);

/** Why a key is missing for that server, as the end of a sentence. */
export const lacks = (version: ServerVersion | undefined, key: NewerKey): string =>
  `${version === undefined ? 'the version of nats-server is not known' : `nats-server ${formatVersion(version)} cannot do it`}; it needs ${formatVersion(since[key])} or newer`;
