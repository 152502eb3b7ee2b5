// What the issuer and the commands about units need of a hub's folder.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pinOf } from '../../enrol/request.ts';
import { messageOf } from '../../lib/errors.ts';
import { type HubFile, hubKeysDir, hubPaths, type IssuerKey, trustedCa } from '../kit/hubdir.ts';
import type { JwtSigner } from '../kit/jwt.ts';
import { readKey } from '../kit/keys.ts';
import type { IssuerHub } from './answers.ts';

/** The hub of that folder as the issuer sees it. Throws with the file that is missing or wrong. */
export function readIssuerHub({ dir, file }: { readonly dir: string; readonly file: HubFile }): IssuerHub {
  const paths = hubPaths(dir);
  const key = (name: IssuerKey): JwtSigner => readKey(paths.issuerSeed(name));
  const caFile = trustedCa(file, dir);
  return {
    file,
    keys: { unit: key('unit'), token: key('token'), renew: key('renew'), answers: key('answers') },
    ...(caFile === undefined ? {} : caOf(caFile)),
  };
}

function caOf(path: string): { readonly ca: string; readonly caPin: string } {
  try {
    const ca = readFileSync(path, 'utf8');
    return { ca, caPin: pinOf(new X509Certificate(ca).raw) };
  } catch (error) {
    throw new Error(`${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** What signs accounts, which may be kept apart from the hub; or why it is not there. */
export function accountSigner({
  dir,
  file,
}: {
  readonly dir: string;
  readonly file: HubFile;
}): JwtSigner | { readonly lacking: string } {
  try {
    const path = join(hubKeysDir(file, dir), 'operator-signing');
    const key = readKey(path);
    // nats-server takes an account that another key has signed, and after its next start nobody can log in
    if (key.getPublicKey() === file.publicKeys['operator-signing']) return key;
    return { lacking: `${path} is of another hub` };
  } catch (error) {
    return { lacking: messageOf(error) };
  }
}
