// The seeds of a hub, each in a file of its own: made once, and written anew by order only.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../lib/errors.ts';
import { makeFolder, readIfThere, removeDurably, writeAtomic } from '../../lib/files.ts';
import { createAccount, createOperator } from '../../lib/nkeys/nkeymakers.ts';
import { fromSeed, type NkeyPair } from '../../lib/nkeys/nkeys.ts';
import { parseObject } from '../../lib/parse.ts';
import { type HubFile, type HubKey, hubKeys, renewedKeys } from './hubdir.ts';

/** All of a hub. */
export type HubKeyPairs = Readonly<Record<HubKey, NkeyPair>>;

const makers = { operator: createOperator, account: createAccount } as const;

/** Text of a seed. */
export const seedText = (pair: NkeyPair): string => new TextDecoder().decode(pair.getSeed());

/** The key of a seed; undefined where the text is none. */
export function keyOfSeed(seed: string): NkeyPair | undefined {
  try {
    return fromSeed(new TextEncoder().encode(seed.trim()));
  } catch {
    return undefined;
  }
}

/** The key in a file; throws where there is none. */
export function readKey(path: string): NkeyPair {
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

/** New keys on their way into the places of old ones: a file with all of them, so that they are there at once or not at all. */
const nextPath = (dir: string): string => join(dir, 'next.json');

const isRenewed = (name: string): boolean => renewedKeys.some((one) => one === name);

/** What stands in it: seeds by the names of the keys; undefined where there is none. */
function newSeeds(dir: string): Readonly<Record<string, unknown>> | undefined {
  const path = nextPath(dir);
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const found = parseObject(text);
  if (found.ok && renewedKeys.every((name) => keyOfSeed(String(found.value[name])) !== undefined))
    return found.value;
  throw new Error(`${path} has no seeds: remove it, and run init again`);
}

/** Makes new keys in place of those that the running hub has, which `hubKeysIn` then takes; an order that has begun goes on. */
export function orderNewKeys(dir: string): void {
  if (newSeeds(dir) !== undefined) return;
  const seeds = renewedKeys.map((name) => [name, seedText(makers[hubKeys[name]]())]);
  writeKey(nextPath(dir), JSON.stringify(Object.fromEntries(seeds)));
}

/** Once hub.json names the new keys; an order that was broken off before it was whole is none. */
export function endNewKeys(dir: string): void {
  for (const path of [nextPath(dir), `${nextPath(dir)}.new`])
    if (readIfThere(path) !== undefined) removeDurably(path);
}

/** The key of that name: the new one, or that of its file, which is made where it may be. */
function hubKeyIn(dir: string, name: HubKey, next: unknown, mayMake: boolean): NkeyPair {
  const path = join(dir, name);
  const there = readIfThere(path);
  if (typeof next === 'string' && there?.trim() !== next) writeKey(path, `${next}\n`);
  else if (there === undefined && mayMake) writeKey(path, `${seedText(makers[hubKeys[name]]())}\n`);
  else if (there === undefined)
    throw new Error(
      `the keys of this hub are not in ${dir}: attach the disk that they are on, or say where they are with --keys`,
    );
  return readKey(path);
}

/**
 * The keys in a folder. Those that are missing are made, but not where the hub is there already and they were lost:
 * `known` has their public halves. Throws where a key is of another hub.
 */
export function hubKeysIn(dir: string, known: HubFile['publicKeys'] | undefined): HubKeyPairs {
  if (known === undefined) makePrivateFolder(dir); // else it would look like that of the keys
  const next = newSeeds(dir);
  const pairs = (Object.keys(hubKeys) as HubKey[]).map((name) => {
    const pair = hubKeyIn(dir, name, next?.[name], known === undefined);
    const wanted = known?.[name];
    if (next?.[name] === undefined && wanted !== undefined && wanted !== pair.getPublicKey())
      throw new Error(
        `${join(dir, name)} is of another hub${isRenewed(name) ? ', or older than its new keys' : ''}: it is ${pair.getPublicKey()}, and that of this hub ${wanted}`,
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
