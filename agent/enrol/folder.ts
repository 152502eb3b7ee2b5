// The folder of an enrolment, for user nunect alone. Killed at any step and begun again it is right: the seed is there
// wholly or not at all, what the hub answered takes its place at once, and the rest is made of these two again.

import { randomBytes } from 'node:crypto';
import { chmodSync, lchownSync, linkSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { enrolFiles } from '../config/enrolfiles.ts';
import { type EnrolledHub, parseEnrolledHub } from '../config/enrolled.ts';
import { formatCreds, readSeed } from '../config/formats/creds.ts';
import { codeOf } from '../lib/errors.ts';
import { makeFolder, namesIn, readIfThere, removeDurably, writeAtomic } from '../lib/files.ts';
import { createUser } from '../lib/nkeys/nkeymakers.ts';
import { fromSeed } from '../lib/nkeys/nkeys.ts';
import type { Signer } from '../wire/enrol.ts';

/** The device's own key. Its seed leaves the folder in nothing but what it signs. */
export interface DeviceKey extends Signer {
  /** Public user nkey. */
  readonly publicKey: string;
  /** A login with it. */
  creds(jwt: string): string;
}

/** The key or an answer in the folder cannot be used, and no new one may take its place by itself. */
export class EnrolFolderError extends Error {
  readonly code = 'ENROL_FOLDER';
}

/** The folder, as what enrols uses it. Each function throws where a file cannot be read or written. */
export interface EnrolFolder {
  readonly dir: string;
  /** The key, made at the first call on this device. */
  key(): DeviceKey;
  /** What the hub answered last. */
  hub(): EnrolledHub | undefined;
  /** Keeps what the hub answered, and makes of it what the link needs. Gives whether nats-server has to have another config. */
  keep(hub: EnrolledHub): boolean;
  /** Ends what a process began that was killed. */
  settle(): void;
}

function keyOf(seed: string, path: string): DeviceKey {
  try {
    const pair = fromSeed(new TextEncoder().encode(seed));
    return {
      publicKey: pair.getPublicKey(),
      sign: (data) => pair.sign(data),
      creds: (jwt) => formatCreds({ jwt, seed }),
    };
  } catch (error) {
    throw new EnrolFolderError(`${path} is damaged`, { cause: error });
  }
}

/** A key whose seed is in a file; undefined where there is no file. */
function keyIn(path: string): DeviceKey | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const seed = readSeed(text);
  if (!seed.ok) throw new EnrolFolderError(`${path} is damaged: ${seed.why}`);
  return keyOf(seed.value, path);
}

const draftOf = (path: string): string => `${path}.${randomBytes(4).toString('hex')}`;

/** Makes the seed, unless another process was first. */
function makeSeed(path: string): void {
  const draft = draftOf(path);
  const seed = new TextDecoder().decode(createUser().getSeed());
  try {
    writeAtomic(draft, `${seed}\n`, { durable: true });
    linkSync(draft, path); // which replaces nothing
  } catch (error) {
    const isThere = ['EEXIST', 'ENOENT'].includes(codeOf(error) ?? ''); // the latter where the other has removed our draft
    if (!isThere || readIfThere(path) === undefined) throw error;
  } finally {
    removeDurably(draft);
  }
}

/** What processes left that were killed: a seed of which nobody has heard. */
function removeDrafts(dir: string): void {
  for (const name of namesIn(dir))
    if (name.startsWith(`${enrolFiles.seed}.`)) rmSync(join(dir, name), { force: true });
}

/** Makes a folder for its owner alone. */
function makePrivate(dir: string): void {
  makeFolder(join(dir, '..'));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  chmodSync(dir, 0o700);
}

function replace(path: string, text: string): void {
  if (readIfThere(path) !== text) writeAtomic(path, text, { durable: true });
}

/** What a config of nats-server is made of. */
const rendered = ({ leaf_urls, urls, ca, unit, key }: EnrolledHub): string =>
  JSON.stringify([leaf_urls, urls, ca, unit, key]);

/** Makes the folder for the user that the daemons run as, where root enrols: root writes nothing else in it. */
export function giveFolder(dir: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  makePrivate(dir);
  lchownSync(dir, uid, gid);
}

/** The folder at that path; it is made when something is kept in it. */
export function enrolFolder(dir: string): EnrolFolder {
  const at = (name: keyof typeof enrolFiles): string => join(dir, enrolFiles[name]);
  const key = (): DeviceKey => {
    const path = at('seed');
    const found = keyIn(path);
    if (found !== undefined) return found;
    makePrivate(dir);
    makeSeed(path);
    return key();
  };
  const hub = (): EnrolledHub | undefined => {
    const text = readIfThere(at('hub'));
    if (text === undefined) return undefined;
    const found = parseEnrolledHub(text);
    if (!found.ok) throw new EnrolFolderError(`${at('hub')} ${found.why}`);
    return found.value;
  };
  const derive = ({ jwt, ca }: EnrolledHub): void => {
    if (ca === undefined) rmSync(at('ca'), { force: true });
    else replace(at('ca'), ca);
    replace(at('creds'), key().creds(jwt));
    removeDrafts(dir);
  };
  return {
    dir,
    key,
    hub,
    keep(next) {
      const before = readIfThere(at('hub'));
      const old = before === undefined ? undefined : parseEnrolledHub(before);
      makePrivate(dir);
      replace(at('hub'), `${JSON.stringify(next, undefined, 2)}\n`);
      derive(next);
      return old?.ok !== true || rendered(old.value) !== rendered(next);
    },
    settle() {
      const now = hub();
      if (now !== undefined && now.key === key().publicKey) derive(now);
    },
  };
}
