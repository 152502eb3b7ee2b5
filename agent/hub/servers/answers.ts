// What all answers to `$SYS` requests have in common. Pure. Whatever a server says is foreign: bounded, and without secrets.
import { known } from '../../lib/known.ts';
import { isObject, type ParseResult, parsed, parseObject, unparsed } from '../../lib/parse.ts';
import { type Json, plainText } from '../fleet/record/values.ts';
import type { ConnectionKind } from './model.ts';

/** An answer with the server that gave it. */
export interface ServerAnswer {
  readonly server: string;
  readonly id: string;
  readonly cluster?: string;
  readonly data: Json;
}

/** Longest name that is shown. */
const mostText = 128;

/** Logins in addresses are left out: some name their connection by where they connect to. */
const withoutLogins = (text: string): string => text.replace(/\/\/[^/\s]+@/g, '//left out@');

/** A name of others, without logins; undefined where it is none. */
export const plainName = (value: unknown): string | undefined =>
  plainText(typeof value === 'string' ? withoutLogins(value.slice(0, 4096)) : undefined, mostText);

/** What is in a list; nothing where it is none. */
export const objectsIn = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** The answer of one server to a question. */
export function parseServerAnswer(text: string): ParseResult<ServerAnswer> {
  const found = parseObject(text);
  if (!found.ok) return found;
  const { server: by, data, error } = found.value;
  if (isObject(error)) return unparsed(plainName(error['description']) ?? 'refused without a reason');
  const id = isObject(by) ? plainName(by['id']) : undefined;
  if (!isObject(by) || !isObject(data) || id === undefined)
    return unparsed('the answer has no server or no data');
  return parsed({
    server: plainName(by['name']) ?? id,
    id,
    data,
    ...known({ cluster: plainName(by['cluster']) }),
  });
}

/** What a connection is, by the words of the server. */
export function connectionKind(kind: unknown, type: unknown): ConnectionKind {
  if (kind === 'Leafnode') return 'leaf';
  if (kind !== undefined && kind !== 'Client') return 'other';
  return type === 'websocket' || type === 'mqtt' ? type : 'client';
}

/** The name in a user's JWT, which the server has verified where it let the user in; of a text of others it is a claim. */
export function parseLoginName(jwt: unknown): string | undefined {
  const body = typeof jwt === 'string' && jwt.length <= 16_384 ? jwt.split('.')[1] : undefined;
  if (body === undefined) return undefined;
  const claims = parseObject(Buffer.from(body, 'base64url').toString());
  return claims.ok ? plainName(claims.value['name']) : undefined;
}

/** By what people know a connection: only the login of a leaf node is that of a unit, clients share theirs. */
export function whoIs({
  kind,
  login,
  name,
  address,
}: {
  readonly kind: ConnectionKind;
  readonly login?: string;
  readonly name?: string;
  readonly address?: string;
}): string {
  const names = kind === 'leaf' ? [login, name] : [name, login];
  return [...names, address].find((one) => one !== undefined) ?? 'a connection without a name';
}

const secret = /jwt|token|pass|secret|seed|cred|nkey|issuer/i;
/** More of a list are not shown. */
const mostListed = 1000;

function shown(name: string, value: unknown): unknown {
  if (name !== '' && secret.test(name) && typeof value !== 'number' && typeof value !== 'boolean')
    return 'left out';
  if (Array.isArray(value) && value.length > mostListed)
    return [...value.slice(0, mostListed), `${value.length - mostListed} more`];
  if (typeof value === 'string') return withoutLogins(value.slice(0, 4096));
  return value;
}

/** An answer as it is shown to people, as JSON of several lines: without logins, keys and what is endless. */
export function rawText(text: string): string {
  const found = parseObject(text);
  return found.ok ? JSON.stringify(found.value, shown, 2) : '{}';
}
