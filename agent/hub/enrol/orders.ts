// What an operator orders: a token, an approval, that a unit is revoked, renamed or forgotten. Bindings in, records or why
// not out. Pure.
import { known } from '../../lib/known.ts';
import { type ParseResult, parsed, unparsed } from '../../lib/parse.ts';
import {
  type Bindings,
  type BoundRecord,
  type BoundUnit,
  nextMade_ms,
  type PendingRecord,
  type TokenRecord,
} from '../book/bindings.ts';
import {
  boundTo,
  type IssueTime,
  isUnitId,
  keptVoids,
  mostVoids,
  tooManyVoids,
  unitIdRule,
  voidOf,
} from './unitrecords.ts';

/** What is asked of a token. */
export interface TokenWish {
  readonly id: string;
  readonly login: string;
  readonly unit?: string | undefined;
  readonly prefix?: string | undefined;
  readonly uses: number;
  readonly life_ms: number;
  readonly auto: boolean;
  readonly replace: boolean;
}

/** A prefix leaves room for what the hub adds. */
const longestPrefix = 48;

/** A new token admits whom it finds revoked, by whichever clock that was. */
const lastVoid_ms = ({ units }: Bindings): number =>
  Math.max(0, ...[...units.values()].flatMap(({ voids }) => voids.map(({ at_ms }) => at_ms)));

/** The record of a new token. */
export function orderToken(bindings: Bindings, wish: TokenWish, now_ms: number): ParseResult<TokenRecord> {
  const { id, login, unit, prefix, uses, life_ms, auto, replace } = wish;
  if (bindings.tokens.has(id)) return unparsed(`token ${id} is there already`);
  if (unit !== undefined && prefix !== undefined) return unparsed('a token is for one unit or for a prefix');
  if (unit !== undefined && !isUnitId(unit)) return unparsed(`unit '${unit}' must be ${unitIdRule}`);
  if (prefix !== undefined && (!isUnitId(prefix) || prefix.length > longestPrefix))
    return unparsed(
      `prefix '${prefix}' must be 1 to ${longestPrefix} of A-Z a-z 0-9 _ -, and not begin with _`,
    );
  if (replace && unit === undefined) return unparsed('a token that replaces a router must name its unit');
  if (unit !== undefined && uses > 1) return unparsed('a token for one unit admits one router');
  const there = bindings.units.get(unit ?? '');
  if (there !== undefined && there.state !== 'forgotten' && !replace)
    return unparsed(`${unit} is ${there.state} already; a token for a router in its place needs --replace`);
  const times = { made_ms: Math.max(now_ms, lastVoid_ms(bindings) + 1), until_ms: now_ms + life_ms };
  return parsed({
    v: 1,
    kind: 'token',
    id,
    login,
    ...known({ unit, prefix }),
    uses,
    auto,
    replace,
    ...times,
  });
}

/** The record by which a token admits nobody any more. */
export function orderWithdrawal(bindings: Bindings, id: string, now_ms: number): ParseResult<TokenRecord> {
  const token = bindings.tokens.get(id);
  if (token === undefined) return unparsed(`there is no token ${id}`);
  const withdrawn_ms = token.withdrawn_ms ?? Math.max(now_ms, token.made_ms);
  return parsed({ ...token, withdrawn_ms });
}

/** The request that waits under that key, or for that unit where it is the only one. */
function waiting(bindings: Bindings, which: string): ParseResult<PendingRecord> {
  const byKey = bindings.pending.get(which);
  if (byKey !== undefined) return parsed(byKey);
  const [one, ...more] = [...bindings.pending.values()].filter(({ unit }) => unit === which);
  if (one === undefined) return unparsed(`no request waits for ${which}`);
  if (more.length === 0) return parsed(one);
  return unparsed(`${more.length + 1} requests wait for ${which}: name one by its key`);
}

/** What an approval does: the record of the unit, and the request that it answers. */
export interface Approval {
  readonly record: BoundUnit;
  readonly request: PendingRecord;
}

/** Binds who waits, as `as` where that is another id than the one that it asks for. */
export function orderApproval(
  bindings: Bindings,
  which: string,
  { as, replace }: { readonly as?: string | undefined; readonly replace: boolean },
  moment: IssueTime,
): ParseResult<Approval> {
  const found = waiting(bindings, which);
  if (!found.ok) return found;
  const request = found.value;
  const token = bindings.tokens.get(request.token ?? '');
  if (token?.withdrawn_ms !== undefined) return unparsed(`the token of ${which} was withdrawn`);
  const bound = bindings.units.get(bindings.unitOfKey.get(request.key) ?? '');
  if (bound !== undefined) {
    if (as !== undefined && as !== bound.unit)
      return unparsed(`its key is that of ${bound.unit}: rename that`);
    const { role, hardware } = request;
    const { now_ms, life_ms } = moment;
    const made_ms = nextMade_ms(bindings, bound.key, now_ms);
    const record = { ...bound, role, hardware, made_ms, until_ms: now_ms + life_ms };
    return parsed({ record, request });
  }
  const unit = as ?? request.unit;
  if (!isUnitId(unit)) return unparsed(`unit '${unit}' must be ${unitIdRule}`);
  const there = bindings.units.get(unit);
  const mayReplace = replace || token?.replace === true;
  if (there !== undefined && there.state !== 'forgotten' && !mayReplace)
    return unparsed(`${unit} is ${there.state} already; --replace puts this router in its place`);
  const record = boundTo(bindings, request, unit, moment);
  return record.voids.length > mostVoids ? unparsed(tooManyVoids(unit)) : parsed({ record, request });
}

/** The record by which a unit is shut out, with its present key. */
export function orderRevocation(bindings: Bindings, unit: string, now_ms: number): ParseResult<BoundUnit> {
  const there = bindings.units.get(unit);
  if (there === undefined) return unparsed(`there is no unit ${unit}`);
  if (there.state !== 'bound') return parsed(there);
  return parsed({ ...there, state: 'revoked', voids: [...there.voids, voidOf(there, now_ms)] });
}

/**
 * The record by which a unit gets another id: the login by the old one is void, so that the router gets one by the new id
 * at once, with its key.
 */
export function orderRenaming(
  bindings: Bindings,
  unit: string,
  to: string,
  now_ms: number,
): ParseResult<BoundUnit> {
  const there = bindings.units.get(unit);
  if (there?.state !== 'bound') return unparsed(`there is no unit ${unit} that could be renamed`);
  if (!isUnitId(to)) return unparsed(`unit '${to}' must be ${unitIdRule}`);
  const before = bindings.units.get(to);
  if (before !== undefined && before.state !== 'forgotten')
    return unparsed(`${to} is ${before.state} already`);
  const earlier = keptVoids(bindings, [...(before?.voids ?? []), ...there.voids], now_ms);
  if (earlier.length >= mostVoids) return unparsed(tooManyVoids(unit));
  const now = voidOf(there, now_ms);
  const made_ms = (Math.floor(now.at_ms / 1000) + 1) * 1000;
  return parsed({ ...there, unit: to, was: unit, made_ms, voids: [...earlier, now] });
}

/** The record by which a unit is shut out and no longer listed, or a request that waits no longer does. */
export function orderForgetting(bindings: Bindings, which: string, now_ms: number): ParseResult<BoundRecord> {
  const there = bindings.units.get(which);
  if (there === undefined || there.state === 'forgotten') {
    const request = waiting(bindings, which);
    if (!request.ok) return unparsed(`there is no unit ${which}, and no request waits for it`);
    return parsed({ v: 1, kind: 'gone', what: 'pending', id: request.value.key });
  }
  const voids = there.state === 'bound' ? [...there.voids, voidOf(there, now_ms)] : there.voids;
  return parsed({ ...there, state: 'forgotten', voids });
}
