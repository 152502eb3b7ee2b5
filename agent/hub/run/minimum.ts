import { atLeast, formatVersion, type ServerVersion } from '../../natsserver/version.ts';

/** The first nats-server of each line that checks what a leaf sends: see docs/security.md. Later lines do from their begin. */
const least: readonly ServerVersion[] = [
  [2, 11, 16],
  [2, 12, 7],
  [2, 14, 0],
];
const newest = least.at(-1) as ServerVersion;

/** The versions from which on a hub is safe, for people. */
export const hubMinimum = `${least.slice(0, -1).map(formatVersion).join(', ')}, or ${formatVersion(newest)} and newer`;

/** From there on it knows `isolate_leafnode_interest`. */
export const isolates = (version: ServerVersion): boolean => atLeast(version, [2, 12, 0]);

/** Whether a server of that version may be a hub. */
export const canBeHub = (version: ServerVersion): boolean =>
  atLeast(version, newest) ||
  least.some((first) => first[0] === version[0] && first[1] === version[1] && atLeast(version, first));
