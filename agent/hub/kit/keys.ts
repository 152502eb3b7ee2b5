// The seeds of a hub, each in a file of its own: made once, and never written anew.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { codeOf } from '../../lib/errors.ts';
import { makeFolder, readIfThere, writeAtomic } from '../../lib/files.ts';
import { type HubFile, type HubKey, hubKeys } from './hubdir.ts';

/** An nkey with its seed. */
export type HubKeyPair = ReturnType<typeof nkeys.fromSeed>;
/** All of a hub. */
export type HubKeyPairs = Readonly<Record<HubKey, HubKeyPair>>;

const makers = { operator: nkeys.createOperator, account: nkeys.createAccount } as const;

/** Text of a seed. */
export const seedText = (pair: HubKeyPair): string => new TextDecoder().decode(pair.getSeed());

/** The key of a seed; undefined where the text is none. */
export function keyOfSeed(seed: string): HubKeyPair | undefined {
  try {
    return nkeys.fromSeed(new TextEncoder().encode(seed.trim()));
  } catch {
    return undefined;
  }
}

/** The key in a file; throws where there is none. */
export function readKey(path: string): HubKeyPair {
  const text = readIfThere(path);
  const key = text === undefined ? undefined : keyOfSeed(text);
  if (key === undefined)
    throw new Error(`${path} ${text === undefined ? 'is missing' : 'has no seed of an nkey'}`);
  return key;
}

/** Makes a folder that nobody else may look into; one that is there keeps its rights. */
export const makePrivateFolder = (path: string): void => makeFolder(path, 0o700);

/**
 * Throws where the folder of a hub belongs to another user: what root makes there would be out of reach for the one whose hub
 * it is, and might go elsewhere by a link.
 */
export function refuseForeign(dir: string): void {
  const [owner, own] = [statSync(dir, { throwIfNoEntry: false })?.uid, process.getuid?.()];
  if (owner !== undefined && own !== undefined && owner !== own)
    throw new Error(
      `${dir} belongs to the user with uid ${owner}, and this is uid ${own}: run it as that user, such as by runuser -u nunect-hub`,
    );
}

/** Writes a new key; says what is the matter on a memory stick as it is sold. */
function writeKey(path: string, text: string): void {
  try {
    writeAtomic(path, text, { durable: true });
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
    throw new Error(
      `${path}: its file system cannot keep it from others, as FAT cannot: keys need one that can, such as ext4`,
      { cause: error },
    );
  }
}

/**
 * The keys in a folder. Those that are missing are made, but not where the hub is there already and they were lost:
 * `known` has their public halves. Throws where a key is of another hub.
 */
export function hubKeysIn(dir: string, known: HubFile['publicKeys'] | undefined): HubKeyPairs {
  makePrivateFolder(dir);
  const pairs = Object.entries(hubKeys).map(([name, kind]) => {
    const path = join(dir, name);
    if (readIfThere(path) === undefined && known === undefined)
      writeKey(path, `${seedText(makers[kind]())}\n`);
    if (readIfThere(path) === undefined)
      throw new Error(
        `the keys of this hub are not in ${dir}: attach the disk that they are on, or say where they are with --keys`,
      );
    const pair = readKey(path);
    const wanted = known?.[name as HubKey];
    if (wanted !== undefined && wanted !== pair.getPublicKey())
      throw new Error(
        `${path} is of another hub: it is ${pair.getPublicKey()}, and that of this hub ${wanted}`,
      );
    return [name, pair] as const;
  });
  return Object.fromEntries(pairs) as HubKeyPairs;
}

/** Their public halves. */
export const publicKeysOf = (pairs: HubKeyPairs): HubFile['publicKeys'] =>
  Object.fromEntries(
    Object.entries(pairs).map(([name, pair]) => [name, pair.getPublicKey()]),
  ) as HubFile['publicKeys'];
