// The contexts of the `nats` CLI: named servers with their logins, as JSON files of the user.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../lib/errors.ts';
import { namesIn, readOrUndefined } from '../../lib/files.ts';
import { isObject } from '../../lib/parse.ts';
import { UsageError } from '../io.ts';

/** What of a context is of use here; what it does not say is missing. Paths are whole. */
export interface NatsContext {
  readonly url?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly creds?: string;
  readonly nkey?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly inbox_prefix?: string;
}

const texts = ['url', 'user', 'password', 'token', 'inbox_prefix'] as const;
const files = ['creds', 'nkey', 'ca', 'cert', 'key'] as const;

type Env = Readonly<Record<string, string | undefined>>;

const folderOf = (env: Env): string =>
  join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'nats');

const whole = (path: string, env: Env): string => path.replace(/^~(?=\/)/, env['HOME'] || homedir());

function parseContext(text: string, env: Env): NatsContext | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(found)) return undefined;
  const fields = found;
  const given = <N extends string>(names: readonly N[], made = (text: string): string => text) =>
    names.flatMap((name) => {
      const value = fields[name];
      return typeof value === 'string' && value !== '' ? [[name, made(value)] as const] : [];
    });
  return Object.fromEntries([...given(texts), ...given(files, (path) => whole(path, env))]);
}

/** The context of that name; throws a UsageError where there is none, with those that there are. */
export function readContext(name: string, env: Env): NatsContext {
  const folder = join(folderOf(env), 'context');
  const path = join(folder, `${name}.json`);
  let text: string;
  try {
    if (name === '' || /\/|\.\./.test(name)) throw Object.assign(new Error(name), { code: 'ENOENT' });
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new UsageError(`${path}: ${codeOf(error)}`, { cause: error });
    const there = namesIn(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []));
    const known = there.length === 0 ? `there are none in ${folder}` : `there are ${there.join(', ')}`;
    throw new UsageError(`there is no context '${name}'; ${known}`, { cause: error });
  }
  const context = parseContext(text, env);
  if (context === undefined) throw new UsageError(`${path}: is no JSON object`); // and no part of it is shown
  return context;
}

/** The name of the context that `nats context select` chose. */
export const selectedContext = (env: Env): string | undefined =>
  readOrUndefined(join(folderOf(env), 'context.txt'))?.trim() || undefined;
