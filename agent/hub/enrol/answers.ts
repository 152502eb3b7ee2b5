// What the issuer signs: logins of units, of tokens and for renewals, and the answers that carry them. Pure.
import { known } from '../../lib/known.ts';
import { type EnrolAnswer, type EnrolRequest, type EnrolToken, tokenText } from '../../wire/enrol.ts';
import type { BoundUnit, TokenRecord } from '../book/bindings.ts';
import { clientUrls, type HubFile, type IssuerKey, leafUrls } from '../kit/hubdir.ts';
import { type JwtSigner, scopedUserJwt } from '../kit/jwt.ts';
import { roleTag } from '../kit/templates.ts';
import type { Decision } from './decide.ts';

/** What the issuer needs of a hub. */
export interface IssuerHub {
  readonly file: HubFile;
  readonly keys: Readonly<Record<IssuerKey, JwtSigner>>;
  /** PEM of the CA that routers are to trust besides their system's. */
  readonly ca?: string;
  /** SHA-256 of its certificate, in base64url. */
  readonly caPin?: string;
}

const day_s = 86_400;
/** A unit that was off for years can still ask. */
const renewLife_s = 3652 * day_s;

/** Which request is answered. */
type Asking = Pick<EnrolRequest, 'key' | 'nonce'>;

/** The answer to a request, with the logins where it is admitted. */
export function answerTo(decision: Decision, { key, nonce }: Asking, hub: IssuerHub): EnrolAnswer {
  const head = { v: 1, key, nonce } as const;
  if (decision.kind === 'refuse')
    return { ...head, state: 'refused', code: decision.code, why: decision.why };
  if (decision.kind === 'wait') return { ...head, state: 'pending' };
  return accepted({ key, nonce }, decision.unit, hub);
}

/** The answer by which a router is the unit of that record. */
export function accepted(
  { key, nonce }: Asking,
  unit: BoundUnit,
  { file, keys, ca }: IssuerHub,
): EnrolAnswer {
  // as the record says, not as the clock does: by the record it is revoked
  const made_s = Math.floor(unit.made_ms / 1000);
  const until_s = Math.floor(unit.until_ms / 1000);
  const { fleet, enrol } = file.publicKeys;
  const claims = { name: unit.unit, key, account: fleet, until_s, tags: [roleTag(unit.role)] };
  const renewal = { name: key, key, account: enrol, until_s: made_s + renewLife_s };
  return {
    v: 1,
    key,
    nonce,
    state: 'accepted',
    unit: unit.unit,
    jwt: scopedUserJwt(claims, keys.unit, made_s),
    renew_jwt: scopedUserJwt(renewal, keys.renew, made_s),
    leaf_urls: leafUrls(file),
    urls: clientUrls(file),
    ...known({ ca }),
    until_s,
  };
}

/** The text of a token whose login has that key pair. */
export function tokenOf(
  { id, login, made_ms, until_ms }: TokenRecord,
  seed: string,
  { file, keys, caPin }: IssuerHub,
): string {
  const until_s = Math.floor(until_ms / 1000);
  const claims = { name: id, key: login, account: file.publicKeys.enrol, until_s };
  const token: EnrolToken = {
    v: 1,
    id,
    urls: clientUrls(file),
    ...known({ ca: caPin }),
    hub: file.publicKeys.answers,
    jwt: scopedUserJwt(claims, keys.token, Math.floor(made_ms / 1000)),
    seed,
    until_s,
  };
  return tokenText(token);
}
