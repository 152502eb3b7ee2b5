// JWTs as nats-server takes them in operator mode (ADR-14), of version 2. Pure: the time is given.
import { createHash } from 'node:crypto';
import { claimsOf } from '../../config/formats/creds.ts';
import { known } from '../../lib/known.ts';
import { isObject } from '../../lib/parse.ts';

/** What signs a JWT: an nkey. */
export interface JwtSigner {
  getPublicKey(): string;
  sign(data: Uint8Array): Uint8Array;
}

interface Claims {
  readonly name: string;
  /** Public key of whom it speaks of. */
  readonly sub: string;
  /** Unix seconds; absent where it does not end. */
  readonly exp?: number;
  readonly nats: Readonly<Record<string, unknown>>;
}

const base64url = (data: string | Uint8Array): string => Buffer.from(data).toString('base64url');

const head = base64url(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' }));

/** The same claims at the same second are the same JWT. */
function signedJwt(claims: Claims, signer: JwtSigner, now_s: number): string {
  const said = { iat: now_s, iss: signer.getPublicKey(), ...claims };
  const jti = createHash('sha256').update(JSON.stringify(said)).digest('base64url');
  const body = `${head}.${base64url(JSON.stringify({ jti, ...said }))}`;
  return `${body}.${base64url(signer.sign(Buffer.from(body)))}`;
}

/** Who signs accounts, and which account is that of the system; signed by the operator's identity key itself. */
export function operatorJwt(
  name: string,
  signer: JwtSigner,
  said: { readonly signingKey: string; readonly systemAccount: string },
  now_s: number,
): string {
  const nats = {
    signing_keys: [said.signingKey],
    system_account: said.systemAccount,
    type: 'operator',
    version: 2,
  };
  return signedJwt({ name, sub: signer.getPublicKey(), nats }, signer, now_s);
}

/** What the users of a scoped signing key may do; subjects may be templates such as `ops.echo.{{name()}}`. */
export interface Template {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** How they may connect: STANDARD, WEBSOCKET, LEAFNODE or LEAFNODE_WS. */
  readonly by: readonly string[];
  /** Most bytes of a message, and most subscriptions; -1: any. */
  readonly payload: number;
  readonly subs: number;
}

/** A key that signs users of an account, who may do what its template says and nothing else. */
export interface ScopedKey {
  readonly key: string;
  readonly role: string;
  readonly template: Template;
}

const scope = ({ key, role, template }: ScopedKey): object => ({
  kind: 'user_scope',
  key,
  role,
  template: {
    pub: { allow: template.publish },
    sub: { allow: template.subscribe },
    subs: template.subs,
    data: -1,
    payload: template.payload,
    allowed_connection_types: template.by,
  },
});

/** What is said there in an account goes to another one besides, by the subject that stands for it; `$1` is its first `*`. */
export interface ServiceImport {
  readonly name: string;
  /** Public key of the other account. */
  readonly account: string;
  readonly subject: string;
  readonly local_subject: string;
}

/** What an account has. */
export interface AccountClaims {
  readonly name: string;
  /** Its public key. */
  readonly key: string;
  /** Public keys that sign users who may do everything in it. */
  readonly signing: readonly string[];
  readonly scoped: readonly ScopedKey[];
  readonly hasJetStream: boolean;
  /** How many leaf nodes may be connected, -1: any. */
  readonly leafs: number;
  /** By the public key of a user: JWTs that were made until then, in Unix seconds, are not valid any more. */
  readonly revocations: Readonly<Record<string, number>>;
  readonly imports?: readonly ServiceImport[];
  /** What others may import. */
  readonly exports?: readonly string[];
}

const service = 'service';

/** Signed by the operator. */
export function accountJwt(claims: AccountClaims, signer: JwtSigner, now_s: number): string {
  const any = -1; // streams have limits of their own, and the server has one for all
  const storage = { mem_storage: any, disk_storage: any, streams: any, consumer: any };
  const nats = {
    limits: {
      subs: any,
      data: any,
      payload: any,
      imports: any,
      exports: any,
      wildcards: true,
      conn: any,
      leaf: claims.leafs,
      disallow_bearer: true,
      ...(claims.hasJetStream ? storage : {}),
    },
    signing_keys: [...claims.signing, ...claims.scoped.map(scope)],
    revocations: claims.revocations,
    ...known({
      imports: claims.imports?.map((one) => ({ ...one, type: service })),
      exports: claims.exports?.map((subject) => ({ name: subject, subject, type: service })),
    }),
    type: 'account',
    version: 2,
  };
  return signedJwt({ name: claims.name, sub: claims.key, nats }, signer, now_s);
}

/** Of a user. */
export interface UserClaims {
  readonly name: string;
  /** Public key of the user. */
  readonly key: string;
  /** Public key of the account. */
  readonly account: string;
  /** End, Unix seconds; absent: never. */
  readonly until_s?: number;
  /** Such as `role:leaf`. */
  readonly tags?: readonly string[];
}

/**
 * Signed by a scoped signing key of the account, whose template says what the user may do: this says nothing of it, or the
 * server would refuse it.
 */
export function scopedUserJwt(claims: UserClaims, signer: JwtSigner, now_s: number): string {
  return userJwt(claims, { issuer_account: claims.account }, signer, now_s);
}

/** Signed by a signing key of the account that has no scope: a user who may do everything in it. */
export function fullUserJwt(claims: UserClaims, signer: JwtSigner, now_s: number): string {
  const all = { issuer_account: claims.account, subs: -1, data: -1, payload: -1 };
  return userJwt(claims, all, signer, now_s);
}

function userJwt(claims: UserClaims, more: object, signer: JwtSigner, now_s: number): string {
  const { name, key, until_s, tags } = claims;
  const nats = { ...more, ...(tags === undefined ? {} : { tags }), type: 'user', version: 2 };
  const end = until_s === undefined ? {} : { exp: until_s };
  return signedJwt({ name, sub: key, ...end, nats }, signer, now_s);
}

/** The second at which a JWT was made; 0 where the text is none. Its signature is not looked at. */
export const madeAt_s = (jwt: string): number => Number(claimsOf(jwt)['iat'] ?? 0);

/** The second for a JWT that takes the place of that one: of two the younger counts, whatever a clock shows. */
export const madeAfter_s = (jwt: string, now_s: number): number => Math.max(now_s, madeAt_s(jwt) + 1);

/** What a JWT of an account revokes, by public key; nothing where the text is none. Its signature is not looked at. */
export function revocationsIn(jwt: string): Readonly<Record<string, number>> {
  const { nats } = claimsOf(jwt);
  const revoked = isObject(nats) ? nats['revocations'] : undefined;
  return isObject(revoked) ? (revoked as Readonly<Record<string, number>>) : {};
}

/** Whether two JWTs say the same, whenever they were made. */
export function isSameJwt(one: string, other: string): boolean {
  const said = (jwt: string): string => JSON.stringify({ ...claimsOf(jwt), jti: 0, iat: 0 });
  return said(one) === said(other);
}
