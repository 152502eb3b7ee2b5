import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../process/tools.ts';

/** The paths of all values of a JSON document, `[]` for the elements of a list: `ptp.ports[].portState`. */
export function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => fieldsOf(one, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, one]) =>
    fieldsOf(one, path === '' ? name : `${path}.${name}`),
  );
}

/** The fields that docs/status.md describes. */
export const documentedFields = (): string[] =>
  readFileSync(join(projectRoot, 'docs/status.md'), 'utf8')
    .split('## status.json')[1]
    ?.split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) =>
      [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    ) ?? [];
