import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const root = resolve(__dirname, '../../..');

/** Where programs are looked for: what `make tools` put under .tools first, then the machine's own. */
const places = [
  join(root, '.tools/bin'), // starters for programs whose libraries lie under .tools too
  join(root, '.tools/debian/usr/sbin'),
  join(root, '.tools/debian/usr/bin'),
  join(root, '.tools/debian/bin'),
  join(root, '.tools/go/bin'),
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/sbin',
];

const runnable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Path of a program, or undefined where this machine has none. */
export const tool = (name: string): string | undefined =>
  places.map((place) => join(place, name)).find(runnable);

/** Path of a program that the tests cannot do without; fails with what to do. */
export function need(name: string): string {
  const found = tool(name);
  if (found === undefined) throw new Error(`${name} not found: run 'make tools' first`);
  return found;
}

/** Why a test that needs these programs must be left out on this machine; false where it can run. */
export function lacking(...names: readonly string[]): string | false {
  const absent = names.filter((name) => tool(name) === undefined);
  return absent.length > 0 && `not on this machine: ${absent.join(', ')} (make tools)`;
}

/** Debian's nats-server (2.9.10) and the newest release built with Go: the two ends of what is supported. */
export const natsServers = (): {
  readonly debian: string | undefined;
  readonly newest: string | undefined;
} => ({
  debian: [join(root, '.tools/debian/usr/sbin/nats-server')].find(runnable),
  newest: [join(root, '.tools/go/bin/nats-server')].find(runnable),
});

/** The servers that a hub of ours is run by: the newest, and releases that NUNECT_HUB_SERVERS names, separated by colons. */
export const hubServers = (): string[] =>
  [natsServers().newest, ...(process.env['NUNECT_HUB_SERVERS'] ?? '').split(':')].filter(
    (program): program is string => program !== undefined && program !== '',
  );

/** Why a test of what only newer servers do must be left out; false where the newest one is there. */
export const withoutNewest = (): string | false =>
  natsServers().newest === undefined && 'not on this machine: the newest nats-server (make tools, with Go)';

/** Root of the checkout. */
export const projectRoot = root;

/** The program that runs the bundle in tests: this node, or what NUNECT_RUNTIME names (a bun). */
export const runtime = (): string => process.env['NUNECT_RUNTIME'] ?? process.execPath;
