// Who is bound to which key, by which token, and who waits: what the records of stream BOUND say together. Pure.
import { isObject, type ParseResult, parsed, parseObject, unparsed } from '../../lib/parse.ts';

/** A token that was made. It is kept beyond its end, as its uses count. */
export interface TokenRecord {
  readonly v: 1;
  readonly kind: 'token';
  readonly id: string;
  /** Public key of the login in the token. */
  readonly login: string;
  /** The only id that it admits. */
  readonly unit?: string;
  /** How the ids that it admits begin. */
  readonly prefix?: string;
  /** How many routers, counted by their keys. */
  readonly uses: number;
  /** Nobody has to approve. */
  readonly auto: boolean;
  /** A router with another key takes the place of the one that is bound. */
  readonly replace: boolean;
  readonly made_ms: number;
  readonly until_ms: number;
  readonly withdrawn_ms?: number;
}

/** JWTs of a key that are void: those that were made until then. */
export interface VoidKey {
  readonly key: string;
  readonly at_ms: number;
  /** End of the last of them. */
  readonly until_ms: number;
  /** The token that the key was admitted by, of which it remains a use. */
  readonly token?: string;
}

/** A unit: the id, the key that it is bound to, and how far its login reaches. */
export interface BoundUnit {
  readonly v: 1;
  readonly kind: 'unit';
  readonly unit: string;
  readonly state: 'bound' | 'revoked' | 'forgotten';
  readonly key: string;
  readonly role: string;
  readonly hardware: string;
  /** Absent where a person bound it without one. */
  readonly token?: string;
  readonly bound_ms: number;
  /** Of the last JWT of `key`, from when it is by its own words: what revokes it must not be earlier, whatever a clock says. */
  readonly made_ms: number;
  /** End of the last JWT of `key`. */
  readonly until_ms: number;
  readonly voids: readonly VoidKey[];
  /** The id that it had before. */
  readonly was?: string;
}

/** Why a router waits for a person: a token that wants it; a key on another machine; a unit that the hub does not know. */
export type PendingWhy = 'approval' | 'other_hardware' | 'not_bound';

/** A request that waits for a person. */
export interface PendingRecord {
  readonly v: 1;
  readonly kind: 'pending';
  readonly key: string;
  readonly unit: string;
  readonly role: string;
  readonly hardware: string;
  readonly token?: string;
  readonly why: PendingWhy;
  /** The account in which it asked, and in which it is answered. */
  readonly account: EnrolAccount;
  readonly nonce: string;
  readonly asked_ms: number;
}

/** The accounts in which requests come in. */
export const enrolAccounts = ['ENROL', 'FLEET'] as const;
export type EnrolAccount = (typeof enrolAccounts)[number];

/** What is no longer there: written in its place, so that all who follow the stream hear of it. */
export interface GoneRecord {
  readonly v: 1;
  readonly kind: 'gone';
  readonly what: 'pending' | 'unit';
  readonly id: string;
}

export type BoundRecord = TokenRecord | BoundUnit | PendingRecord | GoneRecord;

/** Where a record stands in the stream, one subject for each thing. */
export function boundSubject(record: BoundRecord): string {
  switch (record.kind) {
    case 'token':
      return `bound.token.${record.id}`;
    case 'unit':
      return `bound.unit.${record.unit}`;
    case 'pending':
      return `bound.pending.${record.key}`;
    case 'gone':
      return `bound.${record.what}.${record.id}`;
  }
}

/** Reads a record; one of a newer nunect-hub is not understood, and nothing may be decided without it. */
export function parseBoundRecord(text: string): ParseResult<BoundRecord> {
  const found = parseObject(text);
  if (!found.ok) return found;
  const { value } = found;
  if (value['v'] !== 1) return unparsed(`this record is of version ${String(value['v'])}, known is 1`);
  const kind = kinds.find((one) => one === value['kind']);
  if (kind === undefined) return unparsed('this record is of an unknown kind');
  const wrong = shapes[kind].find((name) => !fits(value, name));
  return wrong === undefined ? parsed(value as unknown as BoundRecord) : unparsed(`no valid ${wrong}`);
}

/** What each kind cannot do without. */
const shapes: Readonly<Record<BoundRecord['kind'], readonly string[]>> = {
  token: ['id', 'login', 'uses', 'auto', 'replace', 'made_ms', 'until_ms'],
  unit: ['unit', 'state', 'key', 'role', 'hardware', 'bound_ms', 'made_ms', 'until_ms', 'voids'],
  pending: ['key', 'unit', 'role', 'hardware', 'why', 'account', 'nonce', 'asked_ms'],
  gone: ['what', 'id'],
};

const kinds = Object.keys(shapes) as BoundRecord['kind'][];

function fits(record: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = record[name];
  if (name === 'voids') return Array.isArray(value) && value.every(isObject);
  if (name === 'auto' || name === 'replace') return typeof value === 'boolean';
  if (name === 'uses' || name.endsWith('_ms')) return Number.isFinite(value);
  return typeof value === 'string';
}

/** All that is bound and waits, as of record `seq` of the stream. */
export interface Bindings {
  seq: number;
  readonly tokens: Map<string, TokenRecord>;
  readonly units: Map<string, BoundUnit>;
  /** By key. */
  readonly pending: Map<string, PendingRecord>;
  /** The unit that a key is bound to. */
  readonly unitOfKey: Map<string, string>;
  /** By subject, what the record of a unit has ended whose own record stands there still: its earlier id, its request. */
  readonly left: Map<string, GoneRecord>;
}

/** Nothing is bound. */
export const noBindings = (): Bindings => ({
  seq: 0,
  tokens: new Map(),
  units: new Map(),
  pending: new Map(),
  unitOfKey: new Map(),
  left: new Map(),
});

function dropUnit(bindings: Bindings, unit: string): void {
  const key = bindings.units.get(unit)?.key ?? '';
  if (bindings.unitOfKey.get(key) === unit) bindings.unitOfKey.delete(key);
  bindings.units.delete(unit);
}

/** Once the record that ended it is that of another router, nothing else tells whoever reads all anew. */
function leave({ left }: Bindings, what: GoneRecord['what'], id: string): void {
  const record: GoneRecord = { v: 1, kind: 'gone', what, id };
  left.set(boundSubject(record), record);
}

function applyUnit(bindings: Bindings, record: BoundUnit): void {
  const { units, unitOfKey, pending } = bindings;
  const { unit, key, hardware } = record;
  dropUnit(bindings, unit);
  units.set(unit, record);
  if (record.state !== 'bound') return;
  const before = unitOfKey.get(key);
  if (before !== undefined) {
    dropUnit(bindings, before); // it was renamed
    leave(bindings, 'unit', before);
  }
  unitOfKey.set(key, unit);
  const waits = pending.get(key);
  if (waits === undefined || (waits.why === 'other_hardware' && waits.hardware !== hardware)) return;
  pending.delete(key);
  leave(bindings, 'pending', key);
}

/** Takes in the record that stands at `seq` of the stream; records come in that order. */
export function applyRecord(bindings: Bindings, record: BoundRecord, seq: number): void {
  bindings.seq = seq;
  bindings.left.delete(boundSubject(record));
  if (record.kind === 'token') bindings.tokens.set(record.id, record);
  else if (record.kind === 'unit') applyUnit(bindings, record);
  else if (record.kind === 'pending') bindings.pending.set(record.key, record);
  else if (record.what === 'unit') dropUnit(bindings, record.id);
  else bindings.pending.delete(record.id);
}

/** The keys that a token has admitted, those of routers that were replaced, revoked or forgotten since too. */
export function keysOfToken({ units }: Bindings, id: string): Set<string> {
  const keys = new Set<string>();
  for (const { key, token, voids } of units.values()) {
    if (token === id) keys.add(key);
    for (const one of voids) if (one.token === id) keys.add(one.key);
  }
  return keys;
}

/** When JWTs of that key were last made void, in Unix ms; -Infinity where never. */
export function voidedAt_ms({ units }: Bindings, key: string): number {
  let at_ms = Number.NEGATIVE_INFINITY;
  for (const { voids } of units.values())
    for (const one of voids) if (one.key === key) at_ms = Math.max(at_ms, one.at_ms);
  return at_ms;
}

/** When the next JWT of that key is made: later than what is void of it, in whole seconds as JWTs have them. */
export const nextMade_ms = (bindings: Bindings, key: string, now_ms: number): number =>
  Math.max(now_ms, (Math.floor(voidedAt_ms(bindings, key) / 1000) + 1) * 1000);

/** Whether that very record is the last one of its subject. */
export function holdsRecord({ tokens, units, pending }: Bindings, record: BoundRecord): boolean {
  if (record.kind === 'gone') return !(record.what === 'unit' ? units : pending).has(record.id);
  const there =
    record.kind === 'token'
      ? tokens.get(record.id)
      : record.kind === 'unit'
        ? units.get(record.unit)
        : pending.get(record.key);
  return JSON.stringify(there) === JSON.stringify(record);
}
