// Makes the folder of a hub, and mends what is missing or no longer right in it. Each file is replaced as a whole, so that
// whatever ends the program, the next run goes on from there.
import { dirname, join } from 'node:path';
import { claimsOf, formatCreds, readCreds } from '../../config/formats/creds.ts';
import { readIfThere, writeAtomic } from '../../lib/files.ts';
import { createUser } from '../../lib/nkeys/nkeymakers.ts';
import type { NkeyPair } from '../../lib/nkeys/nkeys.ts';
import { type HubAccount, hubAccountJwt, hubAccounts } from './accounts.ts';
import {
  type HubFile,
  type HubUser,
  hubFileText,
  hubKeysDir,
  hubPaths,
  hubUsers,
  issuerKeys,
  parseHubFile,
} from './hubdir.ts';
import { fullUserJwt, isSameJwt, madeAfter_s, operatorJwt, revocationsIn } from './jwt.ts';
import {
  endNewKeys,
  type HubKeyPairs,
  hubKeysIn,
  keyOfSeed,
  makePrivateFolder,
  orderNewKeys,
  publicKeysOf,
  seedText,
} from './keys.ts';
import { natsConf } from './natsconf.ts';
import type { HubPlan } from './plan.ts';
import { ensureServerCertificate, hubAuthority } from './tlsfiles.ts';

/** What hub.json in a folder says; undefined where there is none. Throws where it cannot be read. */
export function readHub(dir: string): HubFile | undefined {
  const path = hubPaths(dir).hub;
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const read = parseHubFile(text);
  if (read.ok) return read.value;
  throw new Error(`${path}: ${read.why}; 'nunect-hub init' makes it anew where it is missing`);
}

/** Replaces a file unless its text is that already; says so. */
function settle(path: string, text: string, mode = 0o600): boolean {
  if (readIfThere(path) === text) return false;
  writeAtomic(path, text, { mode, durable: true });
  return true;
}

/** The same for a JWT, which stays as it was while it says the same. */
function settleJwt(path: string, jwt: string): boolean {
  const there = readIfThere(path);
  return (there === undefined || !isSameJwt(there.trim(), jwt)) && settle(path, jwt, 0o644);
}

/**
 * Creds of a user with all rights in an account, made where there are none that this key has signed: those of an earlier one
 * may be in other hands, their seed too.
 */
function settleCreds(path: string, name: string, account: string, signer: NkeyPair, now_s: number): boolean {
  const there = readCreds(readIfThere(path) ?? '');
  const isOurs = there.ok && claimsOf(there.value.jwt)['iss'] === signer.getPublicKey();
  const user = (isOurs && keyOfSeed(there.value.seed)) || createUser();
  const jwt = fullUserJwt({ name, key: user.getPublicKey(), account }, signer, now_s);
  if (isOurs && isSameJwt(there.value.jwt, jwt)) return false;
  return settle(path, formatCreds({ jwt, seed: seedText(user) }));
}

/**
 * Writes the JWT of an account with whom it revokes, besides those that the one in the folder revokes; says whether it is
 * another now.
 */
export function settleAccountJwt(
  dir: string,
  account: HubAccount,
  hub: Pick<HubFile, 'publicKeys' | 'isolated'>,
  keys: HubKeyPairs,
  now_s: number,
  revoked: Readonly<Record<string, number>> = {},
): boolean {
  const path = hubPaths(dir).accountJwt(hub.publicKeys[account]);
  const there = readIfThere(path) ?? '';
  const revocations = { ...revocationsIn(there), ...revoked };
  const made_s = madeAfter_s(there, now_s);
  return settleJwt(path, hubAccountJwt(account, hub, revocations, keys['operator-signing'], made_s));
}

/** What the running hub needs of the secrets. */
function settleIssuer(dir: string, { publicKeys }: HubFile, keys: HubKeyPairs, now_s: number): boolean {
  const paths = hubPaths(dir);
  makePrivateFolder(paths.issuer);
  const seeds = issuerKeys.map((key) => settle(paths.issuerSeed(key), `${seedText(keys[key])}\n`));
  const creds = Object.entries(hubUsers).map(([user, account]) =>
    settleCreds(paths.issuerCreds(user as HubUser), user, publicKeys[account], keys.users, now_s),
  );
  return [...seeds, ...creds].includes(true);
}

/** What was made or changed, for people; nothing where all was right. */
export interface HubMade {
  readonly hub: HubFile;
  readonly changed: readonly string[];
}

/**
 * Makes a hub's folder, or brings it to this plan. The keys come first and are never made anew, then hub.json, which is what
 * says that there is a hub. `isNewIssuer`: those that the running hub has are given up for new ones.
 */
export function makeHub(dir: string, plan: HubPlan, now_ms: number, isNewIssuer = false): HubMade {
  const paths = hubPaths(dir);
  const now_s = Math.floor(now_ms / 1000);
  const keysDir = hubKeysDir(plan, dir);
  makePrivateFolder(dir);
  const known = readHub(dir)?.publicKeys;
  const hadKeys = readIfThere(join(keysDir, 'operator')) !== undefined;
  let keys = hubKeysIn(keysDir, known);
  if (isNewIssuer) {
    orderNewKeys(keysDir);
    keys = hubKeysIn(keysDir, known);
  }
  const hub: HubFile = { ...plan, publicKeys: publicKeysOf(keys) };
  const authority = hubAuthority(keysDir, known === undefined, now_ms);
  const said = { signingKey: hub.publicKeys['operator-signing'], systemAccount: hub.publicKeys.sys };
  const steps: Readonly<Record<string, () => boolean>> = {
    'what it is to be': () => settle(paths.hub, hubFileText(hub)),
    accounts: () =>
      [
        settleJwt(paths.operatorJwt, operatorJwt('nunect', keys.operator, said, now_s)),
        ...hubAccounts.map((account) => settleAccountJwt(dir, account, hub, keys, now_s)),
      ].includes(true),
    'keys of the running hub': () => settleIssuer(dir, hub, keys, now_s),
    'creds of the operator': () =>
      settleCreds(paths.operatorCreds, 'operator', hub.publicKeys.fleet, keys.users, now_s),
    'certificate of the server': () => ensureServerCertificate(dir, authority, hub.servers, now_ms),
    'config of nats-server': () =>
      settle(paths.conf, natsConf(hub, dir, readIfThere(paths.operatorJwt) ?? '')),
  };
  for (const folder of [paths.run, paths.store, paths.jwt, dirname(paths.cert)]) makePrivateFolder(folder);
  const made = Object.keys(steps).filter((step) => steps[step]?.());
  const changed = hadKeys ? made : ['keys', ...made];
  endNewKeys(keysDir); // from here on all of the folder is theirs
  return { hub, changed };
}
