import { nkeys } from '@nats-io/transport-node';
import type { EnrolledHub } from '../../../agent/config/enrolled.ts';
import type { Verify } from '../../../agent/wire/enrol.ts';
import { encodeJwt, type KeyPair } from './jwt.ts';

const day_s = 86_400;

/** Whether a public nkey made a signature, by the library of NATS. */
export const verifyNkey: Verify = (publicKey, data, signature) => {
  try {
    return nkeys.fromPublic(publicKey).verify(data, signature);
  } catch {
    return false;
  }
};

/** What a hub may answer to a device with that public key, as far as its form goes: no server knows who signed it. */
export function hubAnswer(key: string, more: Partial<EnrolledHub> = {}): EnrolledHub {
  const account: KeyPair = nkeys.createAccount();
  const now_s = Math.floor(Date.now() / 1000);
  const until_s = now_s + 90 * day_s;
  const subject = { getPublicKey: () => key };
  const nats = { type: 'user', version: 2, tags: ['role:leaf'] };
  return {
    v: 1,
    unit: 'demo-01',
    key,
    token: 't1',
    hub: account.getPublicKey(),
    jwt: encodeJwt(account, subject, { name: 'demo-01', nats, exp: until_s }),
    renew_jwt: encodeJwt(account, subject, { name: key, nats, exp: now_s + 3650 * day_s }),
    leaf_urls: ['tls://hub.example.org:7422'],
    urls: ['tls://hub.example.org:4222'],
    until_s,
    ...more,
  };
}
