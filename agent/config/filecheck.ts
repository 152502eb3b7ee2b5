import type { Config } from './options.ts';
import { sections } from './options.ts';
import type { Finding } from './problem.ts';
import { type OptionTable, pathOf } from './section.ts';

/** What is known of a path; `unknown` where one may not look. */
export type FileState =
  | { readonly kind: 'file'; readonly mode: number }
  | { readonly kind: 'missing' | 'other' | 'unknown' };

/** Looks at a path, following links. */
export type Stat = (path: string) => FileState;

const forEverybody = 0o004;

/** Whether anybody on the unit may read it. */
export const isPublic = (state: FileState): boolean =>
  state.kind === 'file' && (state.mode & forEverybody) !== 0;

function checkFile(option: string, path: string, isPrivate: boolean, stat: Stat): Finding[] {
  const state = stat(path);
  const at = { option, value: path };
  if (state.kind === 'missing') return [{ ...at, message: 'there is no such file', severity: 'error' }];
  if (state.kind === 'other') return [{ ...at, message: 'is not a file', severity: 'error' }];
  if (!isPrivate || !isPublic(state)) return [];
  return [{ ...at, message: 'is readable by everybody (chmod o-rwx)', severity: 'warning' }];
}

/** Whether the files that the options name are there, and whether the private ones are kept private. */
export function checkFiles(config: Config, stat: Stat): Finding[] {
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
      const file = Object.hasOwn(table, name) ? table[name]?.file : undefined;
      return file === undefined || typeof value !== 'string'
        ? []
        : checkFile(`${path}.${name}`, value, file === 'private', stat);
    }),
  );
}
