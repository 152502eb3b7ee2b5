// The folder time/ of the run directory, which is made and written by root.
import { chmodSync, chownSync, lstatSync, mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sharedId } from '../../device/account.ts';
import { runChild, type Spawn } from '../../lib/child.ts';
import { namesIn, readIfThere, writeAtomic } from '../../lib/files.ts';
import { isObject } from '../../lib/parse.ts';
import { timeFiles } from '../setup/applied.ts';

export type TimeFile = keyof typeof timeFiles;

/** Path of a file of the set-up. */
export const timePath = (dir: string, file: TimeFile): string => join(dir, timeFiles[file]);

/** dropin.json. */
export interface DropInRecord {
  readonly path: string;
  /** Whether chronyd has yet to be started anew for what became of it. */
  readonly due: boolean;
  /** The folder of it, where we made that. */
  readonly madeDir?: string;
}

/** The set-up as files. All is written as a whole or not at all, and survives a power cut where the file system does. */
export interface TimeDir {
  /** The run directory. */
  readonly dir: string;
  /** Makes the run directory, with the rights that it needs. */
  makeRunDir(): void;
  /** The same with the folder in it. */
  make(): void;
  read(file: TimeFile): string | undefined;
  /** Writes what group nunect may read, or removes it for `undefined`; a file that is as it should be is not touched. */
  put(file: TimeFile, text: string | undefined): void;
  remove(...files: readonly TimeFile[]): void;
  /** Removes all but these, whoever has made it. */
  clear(...kept: readonly TimeFile[]): void;
  /** Makes the FIFO, unless it is there, which somebody may have open. */
  makeOrders(spawn: Spawn): Promise<void>;
  record(): DropInRecord | undefined;
  /** For `undefined` there is nothing to remember any more. */
  keep(record: DropInRecord | undefined): void;
}

const group = (): number => sharedId('/etc/group') ?? process.getgid?.() ?? 0;
const owner = (): number => process.getuid?.() ?? 0;

/** Gives a file or folder of this user its rights, unless it has them. */
export function giveRights(path: string, mode: number, gid: number): void {
  const now = lstatSync(path);
  if (now.uid !== owner() || now.gid !== gid) chownSync(path, owner(), gid); // which may take setgid away
  if ((lstatSync(path).mode & 0o7777) !== mode) chmodSync(path, mode);
}

function makeFolder(path: string, mode: number): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!lstatSync(path).isDirectory()) throw new Error(`${path} is no directory: remove it`);
  giveRights(path, mode, group());
}

function write(path: string, text: string): void {
  const mode = 0o640;
  if (readIfThere(path) !== text) writeAtomic(path, text, { mode, durable: true });
  giveRights(path, mode, group());
}

const isFifo = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFIFO() === true;

async function makeOrders(path: string, spawn: Spawn): Promise<void> {
  const mode = 0o620;
  if (!isFifo(path)) {
    const draft = `${path}.new`;
    rmSync(draft, { force: true });
    const made = await runChild(spawn, 'mkfifo', ['-m', '0600', draft], 5000);
    if (made.code !== 0) throw new Error(`mkfifo ${draft}: ${made.failed ?? made.stderr.trim()}`);
    giveRights(draft, mode, group());
    rmSync(path, { force: true, recursive: true });
    renameSync(draft, path);
  }
  giveRights(path, mode, group());
}

/** Reads dropin.json; undefined where it is none. */
export function parseDropInRecord(text: string): DropInRecord | undefined {
  try {
    const json: unknown = JSON.parse(text);
    const isFit = isObject(json) && typeof json['path'] === 'string' && typeof json['due'] === 'boolean';
    return isFit ? (json as unknown as DropInRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** The set-up below a run directory. Nothing is made by this. */
export function timeDir(given: string): TimeDir {
  const dir = resolve(given);
  const at = (file: TimeFile): string => timePath(dir, file);
  const remove = (...files: readonly TimeFile[]): void => {
    for (const file of files) {
      rmSync(`${at(file)}.new`, { force: true }); // of a run that was killed
      rmSync(at(file), { force: true, recursive: true });
    }
  };
  return {
    dir,
    makeRunDir: () => makeFolder(dir, 0o750),
    make() {
      makeFolder(dir, 0o750);
      makeFolder(at('dir'), 0o2750);
    },
    read: (file) => readIfThere(at(file)),
    put: (file, text) => (text === undefined ? remove(file) : write(at(file), text)),
    remove,
    clear(...kept) {
      for (const name of namesIn(at('dir')))
        if (!kept.some((file) => at(file) === join(at('dir'), name)))
          rmSync(join(at('dir'), name), { force: true, recursive: true });
    },
    makeOrders: (spawn) => makeOrders(at('orders'), spawn),
    record: () => parseDropInRecord(readIfThere(at('dropInRecord')) ?? ''),
    keep(record) {
      if (record === undefined) remove('dropInRecord');
      else writeAtomic(at('dropInRecord'), JSON.stringify(record), { durable: true });
    },
  };
}

/** Removes a folder that we made, unless something else is in it by now. */
export function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // it is in use, or gone
  }
}
