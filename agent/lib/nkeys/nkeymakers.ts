// Fresh nkeys, and signatures held to public ones: for enrolment, on both sides.
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { bytesOfNkey, isNkeyOwner, type NkeyPair, nkeyOwners, nkeyPair, publicHead } from './nkeys.ts';

const publicLength = 56;

/** What a public key is good for; throws where it is none. */
export function fromPublic(text: string): { verify(data: Uint8Array, signature: Uint8Array): boolean } {
  const [owner, ...raw] = (text.length === publicLength && bytesOfNkey(text)) || [];
  if (!isNkeyOwner(owner)) throw new Error('no public key');
  const der = Buffer.concat([publicHead, Buffer.from(raw)]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return { verify: (data, signature) => verify(null, data, key, signature) };
}

const created = (owner: Parameters<typeof nkeyPair>[0]) => (): NkeyPair => nkeyPair(owner, randomBytes(32));
/** Fresh keys. */
export const createOperator = created(nkeyOwners.O);
export const createAccount = created(nkeyOwners.A);
export const createUser = created(nkeyOwners.U);
