import { resolve } from 'node:path';
import { uploadDir } from '../../lib/defaults.ts';
import { shellWord } from '../../lib/format.ts';
import type { Option } from '../kinds.ts';
import type { Config } from '../options.ts';
import { sections } from '../options.ts';
import { fileProblem, type UnplacedProblem } from '../problem.ts';
import { type OptionTable, pathOf } from '../section.ts';
import { describeRights, excess, isAllowed, type Rights, type Users } from './access.ts';

/** Where links end, when that is another path. */
type Place = Rights & { readonly real?: string };

/** What is known of a path; `unknown` where one may not look. */
export type FileState =
  | ({ readonly kind: 'file' } & Place)
  | ({ readonly kind: 'folder' } & Place)
  | { readonly kind: 'missing' | 'other' | 'unknown' };

/** Looks at a path, following links. */
export type Stat = (path: string) => FileState;

type Readers = NonNullable<Option<unknown>['file']>;
/** A file that an option names. */
export interface NamedFile {
  readonly option: string;
  readonly path: string;
  readonly readers: Readers;
}

/** Every file that an option names. */
export function filesOf(config: Config): NamedFile[] {
  const instances: { readonly table: OptionTable; readonly path: string; readonly values: object }[] = [];
  for (const [type, { many, options }] of Object.entries(sections)) {
    const values: unknown = config[type as keyof Config];
    if (many) {
      for (const entry of values as Config['user' | 'probe']) {
        instances.push({ table: options, path: pathOf(type, entry.section), values: entry });
      }
    } else {
      instances.push({ table: options, path: type, values: values as object });
    }
  }
  return instances.flatMap(({ table, path, values }) =>
    Object.entries(values).flatMap(([name, value]) => {
      const readers = Object.hasOwn(table, name) ? table[name]?.file : undefined;
      return readers === undefined || typeof value !== 'string'
        ? []
        : [{ option: `${path}.${name}`, path: value, readers }];
    }),
  );
}

/** The commands that give a file the rights it needs. */
export function fixCommand(path: string, readers: Readers, rights: Rights, { self, daemon }: Users): string {
  const file = shellWord(path);
  if (readers === 'public') return `chmod o+r ${file}`;
  const owner = self.uid === 0 ? 'root' : String(self.uid);
  const shared = readers === 'private' && daemon !== undefined && daemon.uid !== self.uid;
  if (shared) return `chown ${owner}:${daemon.name} ${file} && chmod 640 ${file}`;
  return `${rights.uid === self.uid ? '' : `chown ${owner} ${file} && `}chmod 600 ${file}`;
}

/** The directories that lead to absolute paths, each once, from the root on. */
export function foldersTo(...paths: readonly string[]): string[] {
  const above = (one: string): string[] =>
    one
      .split('/')
      .slice(0, -1)
      .map((_, at, names) => names.slice(0, at + 1).join('/') || '/');
  return [...new Set(paths.flatMap(above))];
}

/** What keeps the daemons from reading a file that they need. */
function barrier({ option, path, readers }: NamedFile, stat: Stat, users: Users): UnplacedProblem[] {
  const { daemon } = users;
  const state = stat(path);
  if (daemon === undefined || state.kind !== 'file') return [];
  const blocked = (rights: Rights, text: string, command: string): UnplacedProblem[] => {
    const message = `user ${daemon.name} cannot ${text} (${describeRights(rights, users)}): ${command}`;
    return [{ ...fileProblem(option, path, message), mend: command }];
  };
  for (const folder of foldersTo(path, state.real ?? path)) {
    const way = stat(folder);
    if (way.kind !== 'folder' || isAllowed(daemon, 1, way)) continue;
    const word = shellWord(folder);
    const command = `chgrp ${daemon.name} ${word} && chmod g+x ${word}`;
    return blocked(way, `pass the directory ${folder} on the way to it`, command);
  }
  if (isAllowed(daemon, 4, state)) return [];
  return blocked(state, 'read it', fixCommand(path, readers, state, users));
}

/** Whether the user that the daemons run as may read a file; false where there is no such account. */
export const isDaemonReadable = (path: string, stat: Stat, users: Users): boolean =>
  users.daemon !== undefined &&
  stat(path).kind === 'file' &&
  barrier({ option: '', path, readers: 'private' }, stat, users).length === 0;

/** Whether a file was uploaded in LuCI. */
export const isUpload = (path: string): boolean => resolve(path).startsWith(`${uploadDir}/`);

/** Uploads are root's alone, and their readers are given copies. */
const isHandedOver = (path: string, state: FileState): boolean =>
  isUpload(path) && state.kind === 'file' && state.uid === 0 && (state.mode & 0o077) === 0;

/** Files that the leaf or the agent itself reads at run time, and may not. */
export const unreadable = (config: Config, stat: Stat, users: Users): UnplacedProblem[] =>
  filesOf(config)
    .filter(({ option, readers }) => readers !== 'root' && isUsed(option, config))
    .filter(({ path }) => !isHandedOver(path, stat(path)))
    .flatMap((one) => barrier(one, stat, users));

/** Without a leaf of ours, what is in the creds is handed over, and leaf.* concerns nobody. */
export function isUsed(option: string, { hub, leaf }: Config): boolean {
  if (option.startsWith('leaf.external_')) return leaf.mode === 'external';
  if (option.startsWith('hub.') && hub.url.length === 0) return false;
  return leaf.mode === 'managed' || (leaf.mode === 'off' && option.startsWith('hub.tls_'));
}

function checkFile(one: NamedFile, stat: Stat, users: Users): UnplacedProblem[] {
  const { option, path, readers } = one;
  const state = stat(path);
  if (state.kind === 'unknown') return [];
  if (state.kind !== 'file') {
    const message = state.kind === 'missing' ? 'there is no such file' : 'is not a file';
    return [fileProblem(option, path, message)];
  }
  if (readers === 'public') return [];
  const wide = excess(state, users, readers === 'private' ? (users.daemon?.gids ?? []) : []);
  if (wide.length === 0) return [];
  const mend = fixCommand(path, readers, state, users);
  const message = `${wide.join(', ')} (${describeRights(state, users)}): ${mend}`;
  return [{ ...fileProblem(option, path, message, 'warning'), mend }];
}

/** Whether the files that the options name are there, kept private where they are, and fit for who reads them. */
export const checkFiles = (config: Config, stat: Stat, users: Users): UnplacedProblem[] => [
  ...filesOf(config).flatMap((one) => checkFile(one, stat, users)),
  ...unreadable(config, stat, users),
];

/** What is too wide in the rights of the config file itself. Who may write to it is the unit's owner, within the limits of trust.ts. */
export function checkConfigFile(
  path: string,
  hasSecrets: boolean,
  state: FileState,
  users: Users,
): UnplacedProblem[] {
  if (state.kind !== 'file') return [];
  const { self, daemon } = users;
  const ownGroup = self.gid === state.gid;
  const mode = state.mode & ~(hasSecrets ? 0 : 0o044) & ~(ownGroup ? 0o020 : 0);
  const wide = excess({ ...state, mode }, users, [0, self.gid, ...(daemon?.gids ?? [])]);
  if (wide.length === 0) return [];
  const secrets = hasSecrets ? 'has secrets in it and is ' : 'is ';
  const mend = fixCommand(path, 'root', state, users);
  const message = `${secrets}${wide.join(', ')} (${describeRights(state, users)}): ${mend}`;
  return [{ message, severity: 'warning', ofFile: true, mend }];
}
