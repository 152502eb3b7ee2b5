// What a device asks a hub, and what of the answer it believes. Pure.
import { createHash } from 'node:crypto';
import { type EnrolledHub, parseEnrolledHub } from '../config/enrolled.ts';
import { pemBlocks } from '../config/formats/pem.ts';
import { type ParseResult, unparsed } from '../lib/parse.ts';
import {
  type EnrolAnswer,
  type EnrolRequest,
  enrolSubjects,
  parseEnrolAnswer,
  type Signer,
  sealed,
  type Verify,
} from '../wire/enrol.ts';

/** What the device says of itself, whoever it asks. */
export type AboutDevice = Pick<EnrolRequest, 'unit' | 'own' | 'role' | 'hardware'>;

/** A question to a hub, as it goes over NATS. */
export interface Question {
  readonly subject: string;
  readonly text: string;
  /** Where the answer comes, and how it is read. */
  readonly answers: string;
  read(text: string): ParseResult<EnrolAnswer>;
}

/** How a question is put. */
export interface Asker {
  readonly key: Signer & { readonly publicKey: string };
  /** Id of the token; absent for a device that is enrolled already. */
  readonly token?: string;
  /** Last part of the subject that it may ask on. */
  readonly by: string;
  /** Public nkey of the hub that it believes. */
  readonly hub: string;
  readonly nonce: string;
}

/** The question of that device; `read` takes only the answer to it. */
export function questionOf(
  { key, token, by, hub, nonce }: Asker,
  about: AboutDevice,
  verify: Verify,
): Question {
  const { publicKey } = key;
  const request: EnrolRequest = {
    v: 1,
    ...about,
    ...(token === undefined ? {} : { token }),
    key: publicKey,
    nonce,
  };
  return {
    subject: enrolSubjects.request(by),
    text: sealed(request, key),
    answers: enrolSubjects.answer(publicKey),
    read: (text) => parseEnrolAnswer(text, { hub, key: publicKey, nonce }, verify),
  };
}

/** SHA-256 of a certificate in DER, as a token names the hub's CA. */
export const pinOf = (der: Uint8Array): string => createHash('sha256').update(der).digest('base64url');

const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ''), 'base64');

/** Whether all CA certificates in a text are the one of that pin. */
export function isPinned(ca: string, pin: string): boolean {
  const blocks = pemBlocks(ca);
  return blocks.length > 0 && blocks.every(({ text }) => pinOf(derOf(text)) === pin);
}

/** What stays of an accepted answer, where it is fit for a config; `pin` is that of the CA which the token names. */
export function enrolledBy(
  answer: EnrolAnswer & { readonly state: 'accepted' },
  { token, hub, pin }: { readonly token: string; readonly hub: string; readonly pin?: string },
): ParseResult<EnrolledHub> {
  const { unit, key, jwt, renew_jwt, leaf_urls, urls, ca, until_s } = answer;
  if (pin !== undefined && (ca === undefined || !isPinned(ca, pin)))
    return unparsed('the answer has another CA than the token names');
  const kept = { v: 1, unit, key, token, hub, jwt, renew_jwt, leaf_urls, urls, ...(ca && { ca }), until_s };
  const found = parseEnrolledHub(JSON.stringify(kept));
  return found.ok ? found : unparsed(`the answer ${found.why}`);
}

/** From which share of its life on a JWT is renewed. */
const renewAt = 2 / 3;

/** When a JWT of that span of life is renewed, in Unix ms. */
export const renewalOf = ({
  from_s,
  until_s,
}: {
  readonly from_s: number;
  readonly until_s: number;
}): number => (from_s + (until_s - from_s) * renewAt) * 1000;
