// What becomes of a request to enrol or to renew: bindings and request in, decision out. Pure.
import { createHash } from 'node:crypto';
import { token as subjectToken, userNkey } from '../../config/rules.ts';
import { known } from '../../lib/known.ts';
import type { EnrolRefusal, EnrolRequest } from '../../wire/enrol.ts';
import {
  type Bindings,
  type BoundRecord,
  type BoundUnit,
  type EnrolAccount,
  keysOfToken,
  nextMade_ms,
  type PendingRecord,
  type PendingWhy,
  type TokenRecord,
  voidedAt_ms,
} from '../book/bindings.ts';
import {
  boundTo,
  defaultRole,
  type IssueTime,
  isUnitId,
  mostVoids,
  tooManyVoids,
  unitIdRule,
} from './unitrecords.ts';

/** A request whose signature is right, and how it came in. */
export interface EnrolAsked {
  readonly request: EnrolRequest;
  /** The last token of its subject, which the login of whoever asks permits: a token's id, a key, or a unit. */
  readonly by: string;
  readonly account: EnrolAccount;
  /** When the stream took it, in Unix ms: a token has to be valid then, not when the issuer is up again. */
  readonly at_ms: number;
}

/** What becomes of a request. `record`: what has to be written before it is answered; absent where all stands already. */
export type Decision = { readonly record?: BoundRecord } & (
  | { readonly kind: 'accept'; readonly unit: BoundUnit }
  | { readonly kind: 'wait' }
  | { readonly kind: 'refuse'; readonly code: EnrolRefusal; readonly why: string }
);

/** Requests of one token that may wait beside those that it admits: whoever has it must not fill the list. */
const mostWaiting = 100;
/** A router that asks again and again with other nonces is written down this often. */
const sameRequest_ms = 10_000;
/** A hash, or random bytes as text. */
const shortText = /^[\x21-\x7e]{1,128}$/;

const refuse = (code: EnrolRefusal, why: string): Decision => ({ kind: 'refuse', code, why });

/** The field of a request that is not as it must be. */
function garbledField({ key, unit, own, role, hardware, nonce }: EnrolRequest): string | undefined {
  if (!userNkey.pattern.test(key)) return `key must be ${userNkey.allowed}`;
  for (const [name, id] of Object.entries({ unit, own }))
    if (id !== undefined && !isUnitId(id)) return `${name} must be ${unitIdRule}`;
  if (role !== undefined && !subjectToken.pattern.test(role)) return `role must be ${subjectToken.allowed}`;
  if (!shortText.test(hardware)) return 'hardware must be 1 to 128 printable characters';
  if (!shortText.test(nonce)) return 'nonce must be 1 to 128 printable characters';
  return undefined;
}

/** What becomes of it. The same request again, whenever, is decided the same way and uses a token once. */
export function decideEnrol(bindings: Bindings, asked: EnrolAsked, moment: IssueTime): Decision {
  const { request } = asked;
  const garbled = garbledField(request);
  if (garbled !== undefined) return refuse('request_garbled', garbled);
  if (request.token === undefined) return decideRenewal(bindings, asked, moment);
  if (asked.account !== 'ENROL' || asked.by !== request.token)
    return refuse('request_garbled', 'it names another token than that whose login it came by');
  const bound = bindings.units.get(bindings.unitOfKey.get(request.key) ?? '');
  const token = bindings.tokens.get(request.token);
  if (bound !== undefined) return decideAgain(bindings, asked, token, bound, moment);
  if (token === undefined) return refuse('token_unknown', 'this hub has no such token');
  if (token.withdrawn_ms !== undefined) return refuse('token_unknown', 'this token was withdrawn');
  return decideEnrolment(bindings, asked, token, moment);
}

/**
 * What a unit that is bound to this key gets. A login that has most of its life is not made longer, so that a retry
 * writes nothing.
 */
function forBoundKey(
  bindings: Bindings,
  unit: BoundUnit,
  asked: EnrolAsked,
  { now_ms, life_ms }: IssueTime,
): Decision {
  const { hardware, role = unit.role } = asked.request;
  if (hardware !== unit.hardware) return wait(bindings, asked, unit.unit, 'other_hardware');
  const until_ms = now_ms + life_ms;
  if (role === unit.role && unit.until_ms > until_ms - life_ms / 10) return { kind: 'accept', unit };
  const record = { ...unit, role, made_ms: nextMade_ms(bindings, unit.key, now_ms), until_ms };
  return { kind: 'accept', unit: record, record };
}

function decideRenewal(bindings: Bindings, asked: EnrolAsked, moment: IssueTime): Decision {
  const { key } = asked.request;
  const unit = bindings.units.get(bindings.unitOfKey.get(key) ?? '');
  if (unit !== undefined) return forBoundKey(bindings, unit, asked, moment);
  if (voidedAt_ms(bindings, key) > 0) return refuse('unit_revoked', 'this key was revoked');
  const { own, unit: id = own } = asked.request;
  // the hub has let that key in as a unit, so that it is the records here that are lost: a person binds it again
  if (asked.account === 'FLEET' && asked.by === key && id !== undefined)
    return wait(bindings, asked, id, 'not_bound');
  if (bindings.pending.get(key)?.why === 'not_bound') return { kind: 'wait' }; // it has asked so, too
  return refuse('key_unknown', 'no unit is bound to this key: enrol with a token');
}

/** A router that is bound enrols again: with the token that admitted it, whatever has become of that, or with another. */
function decideAgain(
  bindings: Bindings,
  asked: EnrolAsked,
  token: TokenRecord | undefined,
  bound: BoundUnit,
  moment: IssueTime,
): Decision {
  const wanted = token?.unit ?? asked.request.unit ?? bound.unit;
  if (wanted !== bound.unit && wanted !== bound.was)
    return refuse('unit_bound', `this router is ${bound.unit} already`);
  return forBoundKey(bindings, bound, asked, moment);
}

function decideEnrolment(
  bindings: Bindings,
  asked: EnrolAsked,
  token: TokenRecord,
  moment: IssueTime,
): Decision {
  const { key } = asked.request;
  if (asked.at_ms >= token.until_ms) return refuse('token_expired', 'this token has ended');
  const keys = keysOfToken(bindings, token.id);
  if (!keys.has(key) && keys.size >= token.uses)
    return refuse('token_used_up', `this token has admitted all of its ${token.uses}`);
  if (voidedAt_ms(bindings, key) >= token.made_ms)
    return refuse('unit_revoked', 'this key was revoked after the token was made: it needs a new one');
  const place = placeOf(bindings, asked.request, token);
  if ('kind' in place) return place;
  return token.auto
    ? bind(bindings, asked.request, place.unit, moment)
    : wait(bindings, asked, place.unit, 'approval');
}

/** The id that the router gets by that token, or why none. */
function placeOf(
  bindings: Bindings,
  request: EnrolRequest,
  token: TokenRecord,
): Decision | { readonly unit: string } {
  const { prefix = '' } = token;
  const unit = token.unit ?? request.unit ?? chosenId(bindings, request, token.prefix);
  if (request.unit !== undefined && request.unit !== unit)
    return refuse('unit_not_allowed', `this token admits ${unit}, the router's config says ${request.unit}`);
  if (!unit.startsWith(prefix))
    return refuse('unit_not_allowed', `this token admits ids that begin with ${prefix}, not ${unit}`);
  const there = bindings.units.get(unit);
  if (there === undefined || there.state === 'forgotten' || token.replace) return { unit };
  if (there.state === 'revoked') return refuse('unit_revoked', `${unit} was revoked`);
  return refuse('unit_bound', `${unit} is another router, or this one with the key that it had before`);
}

/**
 * The id that the router has made up, if the token admits it; else one made of what tells machines apart, as long as it
 * takes to be another than those of other machines.
 */
function chosenId({ units }: Bindings, { own, hardware }: EnrolRequest, prefix: string | undefined): string {
  if (own?.startsWith(prefix ?? '')) return own;
  const digits = createHash('sha256').update(`nunect enrol ${hardware}`).digest('hex');
  const ids = [6, 10, 16].map((length) => `${prefix ?? 'unit-'}${digits.slice(0, length)}`);
  const isFree = (id: string): boolean => (units.get(id)?.hardware ?? hardware) === hardware;
  return ids.find(isFree) ?? `${prefix ?? 'unit-'}${digits.slice(0, 16)}`;
}

function bind(bindings: Bindings, request: EnrolRequest, unit: string, moment: IssueTime): Decision {
  const record = boundTo(bindings, request, unit, moment);
  if (record.voids.length > mostVoids) return refuse('unit_bound', tooManyVoids(unit));
  return { kind: 'accept', unit: record, record };
}

/** The request waits for a person; the same again within moments is not written again. */
function wait({ pending, tokens }: Bindings, asked: EnrolAsked, unit: string, why: PendingWhy): Decision {
  const { key, hardware, role, token, nonce } = asked.request;
  const record: PendingRecord = {
    v: 1,
    kind: 'pending',
    key,
    unit,
    role: role ?? defaultRole,
    hardware,
    ...known({ token }),
    why,
    account: asked.account,
    nonce,
    asked_ms: asked.at_ms,
  };
  const before = pending.get(key);
  const isSame = before?.unit === unit && before.hardware === hardware && before.role === record.role;
  if (isSame && (before.nonce === nonce || asked.at_ms - before.asked_ms < sameRequest_ms))
    return { kind: 'wait' };
  const ofToken = [...pending.values()].filter((one) => one.token === token);
  const most = mostWaiting + (tokens.get(token ?? '')?.uses ?? 0);
  if (before === undefined && ofToken.length >= most)
    return refuse('token_used_up', `${ofToken.length} routers wait for approval already`);
  return { kind: 'wait', record };
}
