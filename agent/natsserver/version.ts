/** major, minor, patch of a nats-server. */
export type ServerVersion = readonly [number, number, number];

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
