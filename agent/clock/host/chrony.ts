// The config of chronyd, by chronyd's own reading of it.
import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runChild, type Spawn } from '../../lib/child.ts';
import { namesIn, readForeign } from '../../lib/files.ts';
import { parseConfLinks } from '../setup/chronyconf.ts';

/** A chronyd and the file that it is started with. */
export interface ChronyProgram {
  readonly program: string;
  readonly conf: string;
}

/** What `chronyd -p` printed, or why it refused. */
export type Printed = { readonly text: string } | { readonly why: string };

/** Longer than a router with a slow card takes to start it. */
const mostMs = 10_000;

/** What chronyd said, without the time and its own label. */
const saidBy = (stderr: string): string =>
  stderr
    .split('\n')
    .map((line) => line.replace(/^\d{4}-\S+Z /, '').replace(/^Fatal error : /, ''))
    .filter((line) => line.trim() !== '')
    .join('; ')
    .slice(0, 400);

/** Reads a config as chronyd does; all that is included stands in its place. Nothing is started by this. */
export async function printConf(spawn: Spawn, { program, conf }: ChronyProgram): Promise<Printed> {
  const { code, failed, stdout, stderr } = await runChild(spawn, program, ['-p', '-f', conf], mostMs);
  if (code === 0) return { text: stdout };
  return { why: failed === undefined ? saidBy(stderr) || `exit code ${code}` : `${program}: ${failed}` };
}

/** The file of a chronyd's config may be a link. */
const readConf = (path: string): string =>
  readForeign(path, undefined, 256 * 1024, constants.O_RDONLY | constants.O_NONBLOCK)?.toString() ?? '';

/** The files that a name with * and ? in its last part means. */
function filesOf(pattern: string): string[] {
  const [dir, name] = [dirname(pattern), basename(pattern)];
  if (!/[*?]/.test(name)) return [pattern];
  const expression = new RegExp(
    `^${name
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '.*')
      .replace(/\?/g, '.')}$`,
  );
  return namesIn(dir)
    .filter((one) => !one.startsWith('.') && expression.test(one))
    .map((one) => join(dir, one));
}

/** More files than any config is made of, and so no circle of includes. */
const mostFiles = 200;

/** The folders whose *.conf files a config includes, in the order in which they are named. */
export function confDirsOf(conf: string): string[] {
  const dirs = new Set<string>();
  const seen = new Set<string>();
  const read = (path: string): void => {
    if (seen.has(path) || seen.size >= mostFiles) return;
    seen.add(path);
    const { confDirs, includes } = parseConfLinks(readConf(path));
    for (const dir of confDirs.filter((one) => one.startsWith('/'))) {
      dirs.add(dir);
      for (const name of namesIn(dir)) if (name.endsWith('.conf')) read(join(dir, name));
    }
    for (const file of includes.flatMap(filesOf)) read(file);
  };
  read(conf);
  return [...dirs];
}
