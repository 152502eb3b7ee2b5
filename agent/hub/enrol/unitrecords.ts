// How the record of a unit comes to be, and what becomes of logins that it had. Pure.
import { token as subjectToken } from '../../config/rules.ts';
import { known } from '../../lib/known.ts';
import type { EnrolRequest } from '../../wire/enrol.ts';
import { type Bindings, type BoundUnit, nextMade_ms, type VoidKey } from '../book/bindings.ts';

/** What is decided with besides bindings and request. */
export interface IssueTime {
  readonly now_ms: number;
  /** How long a login lasts. */
  readonly life_ms: number;
}

/**
 * Whether an id can be that of a unit: no dot and no wildcard, which would widen what it is permitted, and not one by which
 * a server of the hub answers.
 */
export const isUnitId = (id: string): boolean => subjectToken.pattern.test(id) && !id.startsWith('_');

/** What an id must be. */
export const unitIdRule = `${subjectToken.allowed}, and not begin with _`;

/** What a unit has by its config if it says nothing. */
export const defaultRole = 'leaf';

/** How often a unit may lose its login within the life of one; a record of more would be too large for the stream. */
export const mostVoids = 64;

/** Why not more often. */
export const tooManyVoids = (unit: string): string =>
  `${unit} was replaced or renamed ${mostVoids} times within the life of a login`;

/** The logins of a unit's key, as from now void: all of them, where they were made by a clock that was ahead, too. */
export const voidOf = ({ key, until_ms, token, made_ms }: BoundUnit, now_ms: number): VoidKey => ({
  key,
  at_ms: Math.max(now_ms, made_ms),
  until_ms,
  ...known({ token }),
});

/** What of them is still to be kept: those that have not ended, and uses of tokens that have not. */
export const keptVoids = (
  { tokens }: Bindings,
  voids: readonly VoidKey[],
  now_ms: number,
): readonly VoidKey[] =>
  voids.filter((one) => Math.max(one.until_ms, tokens.get(one.token ?? '')?.until_ms ?? 0) > now_ms);

/** A record of the id with this key; what was made for the key that it had before is void. */
export function boundTo(
  bindings: Bindings,
  { key, hardware, role, token }: Pick<EnrolRequest, 'key' | 'hardware' | 'role' | 'token'>,
  unit: string,
  { now_ms, life_ms }: IssueTime,
): BoundUnit {
  const before = bindings.units.get(unit);
  const voids = keptVoids(bindings, before?.voids ?? [], now_ms);
  const isReplaced = before?.state === 'bound' && before.key !== key;
  return {
    v: 1,
    kind: 'unit',
    unit,
    state: 'bound',
    key,
    role: role ?? defaultRole,
    hardware,
    ...known({ token }),
    bound_ms: now_ms,
    made_ms: nextMade_ms(bindings, key, now_ms),
    until_ms: now_ms + life_ms,
    voids: isReplaced ? [...voids, voidOf(before, now_ms)] : voids,
  };
}
