// How a router comes into a fleet: the token that a person carries, what the router asks, and what the hub answers. Pure.
import { isObject, type ParseResult, parsed, unparsed } from '../lib/parse.ts';

/** Subjects of enrolment, in the account ENROL; a renewal goes by the same names in the account of the fleet. */
export const enrolSubjects = {
  /** Requests of a token, or of a unit that is bound already: `by` is the id of the token, or the public key. */
  request: (by: string): string => `ops.enrol.${by}`,
  /** Answers for the router that has this public key. */
  answer: (publicKey: string): string => `ops.enrolled.${publicKey}`,
} as const;

/** What a token says. Whoever has it may ask to enrol, until it ends or is used up; it lets nobody read or send records. */
export interface EnrolToken {
  readonly v: 1;
  readonly id: string;
  /** Where to ask: addresses of the hub for clients. */
  readonly urls: readonly string[];
  /** SHA-256 of the certificate (DER) of the hub's own CA, in base64url; absent where the CAs of the system know the hub. */
  readonly ca?: string;
  /** Public nkey that signs all answers. */
  readonly hub: string;
  /** Login of the token: a JWT and the seed of its key. */
  readonly jwt: string;
  readonly seed: string;
  /** End, Unix seconds. */
  readonly until_s: number;
}

/** What a router asks, signed with its own key. */
export interface EnrolRequest {
  readonly v: 1;
  /** The id of the token; absent where a bound unit asks for a new JWT. */
  readonly token?: string;
  /** The id that it has by its config; absent where the hub may choose. */
  readonly unit?: string;
  /** The id that it has made up for itself: for a hub that chooses none either. */
  readonly own?: string;
  /** Its role by its config, which stands in some of its subjects; absent: leaf. */
  readonly role?: string;
  /** Public user nkey of the router. */
  readonly key: string;
  /** Tells machines apart, as the unit id does: a hash of the hardware's id. */
  readonly hardware: string;
  /** Random; the answer repeats it. */
  readonly nonce: string;
}

/** Why a router is not let in. */
export type EnrolRefusal =
  | 'token_unknown'
  | 'token_expired'
  | 'token_used_up'
  | 'unit_not_allowed'
  | 'unit_bound'
  | 'unit_revoked'
  | 'key_unknown'
  | 'request_garbled';

/** What the hub answers, signed with the key that the token names. */
export type EnrolAnswer = { readonly v: 1; readonly key: string; readonly nonce: string } & (
  | {
      readonly state: 'accepted';
      readonly unit: string;
      /** For the link: a user JWT of the fleet's account. */
      readonly jwt: string;
      /** To ask for a new one with when it has run out: a user JWT of the account ENROL. */
      readonly renew_jwt: string;
      /** Addresses of the hub for leaves, and for clients. */
      readonly leaf_urls: readonly string[];
      readonly urls: readonly string[];
      /** PEM of the hub's own CA. */
      readonly ca?: string;
      /** End of `jwt`, Unix seconds. */
      readonly until_s: number;
    }
  /** A person has to approve it. */
  | { readonly state: 'pending' }
  /** `why` is for people. */
  | { readonly state: 'refused'; readonly code: EnrolRefusal; readonly why: string }
);

/** What signs, as an nkey does. */
export interface Signer {
  sign(data: Uint8Array): Uint8Array;
}
/** Whether that public nkey made this signature. */
export type Verify = (publicKey: string, data: Uint8Array, signature: Uint8Array) => boolean;

const tokenHead = 'nunect-';
/** More than any token, request or answer of ours has; the stream takes no more. */
export const longestEnrolText = 16 * 1024;

const toText = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function fromText(text: string): unknown {
  if (!/^[\w-]*$/.test(text)) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** One string without blanks: `nunect-` and base64url. */
export const tokenText = (token: EnrolToken): string => tokenHead + toText(token);

type Kind = 'text' | 'number' | 'texts' | 'text?';
const fits: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string' && value !== '',
  'text?': (value) => value === undefined || typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isSafeInteger(value),
  texts: (value) => Array.isArray(value) && value.length > 0 && value.every(fits.text),
};

/** The name of the first field that is not as it must be. */
const misfit = (value: Readonly<Record<string, unknown>>, shape: Readonly<Record<string, Kind>>) =>
  Object.entries(shape).find(([name, kind]) => !fits[kind](value[name]))?.[0];

function shaped<T>(what: string, value: unknown, shape: Readonly<Record<string, Kind>>): ParseResult<T> {
  if (!isObject(value)) return unparsed(`this is no ${what}`);
  if (value['v'] !== 1) return unparsed(`this ${what} is of another version of nunect`);
  const wrong = misfit(value, shape);
  return wrong === undefined ? parsed(value as T) : unparsed(`this ${what} has no valid ${wrong}`);
}

/** Reads a token as it was pasted: blanks and line ends in and around it are no part of it. */
export function parseEnrolToken(pasted: string): ParseResult<EnrolToken> {
  const text = pasted.slice(0, longestEnrolText).replace(/\s+/g, '');
  if (!text.startsWith(tokenHead)) return unparsed(`a token begins with ${tokenHead}`);
  const value = fromText(text.slice(tokenHead.length));
  if (value === undefined) return unparsed('this token is cut or garbled: copy all of it');
  return shaped('token', value, {
    id: 'text',
    urls: 'texts',
    ca: 'text?',
    hub: 'text',
    jwt: 'text',
    seed: 'text',
    until_s: 'number',
  });
}

/** Text of a request or an answer with its signature: two parts in base64url with a dot between them. */
export function sealed(value: EnrolRequest | EnrolAnswer, signer: Signer): string {
  const body = toText(value);
  return `${body}.${Buffer.from(signer.sign(Buffer.from(body))).toString('base64url')}`;
}

/** The value of a sealed text that this key signed; `keyOf` names the key. */
function unsealed(text: string, verify: Verify, keyOf: (value: unknown) => string | undefined): unknown {
  if (text.length > longestEnrolText) return undefined;
  const [body = '', signature = '', ...more] = text.split('.');
  const value = fromText(body);
  const key = keyOf(value);
  if (key === undefined || more.length > 0) return undefined;
  return verify(key, Buffer.from(body), Buffer.from(signature, 'base64url')) ? value : undefined;
}

/** Reads a request, which the key in it must have signed. */
export function parseEnrolRequest(text: string, verify: Verify): ParseResult<EnrolRequest> {
  const keyOf = (value: unknown): string | undefined =>
    isObject(value) && typeof value['key'] === 'string' ? value['key'] : undefined;
  const value = unsealed(text, verify, keyOf);
  if (value === undefined) return unparsed('the request is not signed by the key that it names');
  return shaped('request', value, {
    token: 'text?',
    unit: 'text?',
    own: 'text?',
    role: 'text?',
    key: 'text',
    hardware: 'text',
    nonce: 'text',
  });
}

const answerShapes: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  accepted: {
    unit: 'text',
    jwt: 'text',
    renew_jwt: 'text',
    leaf_urls: 'texts',
    urls: 'texts',
    ca: 'text?',
    until_s: 'number',
  },
  pending: {},
  refused: { code: 'text', why: 'text' },
};

/** Reads the answer to a request of that key and nonce, which the hub's key must have signed. */
export function parseEnrolAnswer(
  text: string,
  { hub, key, nonce }: { readonly hub: string; readonly key: string; readonly nonce: string },
  verify: Verify,
): ParseResult<EnrolAnswer> {
  const value = unsealed(text, verify, () => hub);
  if (!isObject(value)) return unparsed('the answer is not signed by the hub that the token names');
  if (value['key'] !== key || value['nonce'] !== nonce) return unparsed('the answer is for another request');
  const shape = answerShapes[String(value['state'])];
  if (shape === undefined) return unparsed('the answer has an unknown state');
  return shaped('answer', value, shape);
}
