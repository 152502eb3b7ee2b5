// The files below run/ of a hub's directory, by which `up`, `status` and `down` know of each other.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { lockHolder, spawnWith } from '../../device/lock.ts';
import { readForeign, readOrUndefined, writeAtomic } from '../../lib/files.ts';
import { type ParseResult, parsed, parseObject, unparsed } from '../../lib/parse.ts';
import { hubPaths } from '../kit/hubdir.ts';

const names = {
  /** Locked while `up` runs; its pid. */
  lock: 'up.lock',
  /** What `up` says of itself. JSON. */
  state: 'up.json',
  /** The last JWT of each account that `up` has seen. JSON. */
  accounts: 'accounts.json',
} as const;

/** Path of a file below run/ of the hub's directory. */
export const runPath = (dir: string, file: keyof typeof names): string =>
  join(hubPaths(dir).run, names[file]);

/** How far `up` is: the echo has passed, or it waits for what `why` says, or nats-server has ended and is started again. */
export interface UpState {
  readonly phase: 'ready' | 'waiting' | 'restarting';
  /** Unix ms. */
  readonly since_ms: number;
  readonly why?: string;
  readonly pid: number;
  readonly version: string;
  /** How often nats-server was started, 0 where something else runs it, and why it ended the last time that nobody asked for it. */
  readonly starts: number;
  readonly last_end?: { readonly at_ms: number; readonly why: string };
  /** What of the config needs a restart of nats-server. */
  readonly restart_needed?: string;
  /** When nats-server could not store a message last since it was started. */
  readonly unstored?: { readonly at_ms: number; readonly why: string };
  /** What is wrong with the work of a part, such as the issuer, by its name. */
  readonly part_problems?: Readonly<Record<string, string>>;
}

/** Reads what `up` wrote. */
export function parseUpState(text: string): ParseResult<UpState> {
  const read = parseObject(text);
  if (!read.ok) return read;
  const found = read.value;
  const isFit =
    ['ready', 'waiting', 'restarting'].includes(String(found['phase'])) &&
    ['since_ms', 'pid', 'starts'].every((name) => typeof found[name] === 'number');
  return isFit ? parsed(found as unknown as UpState) : unparsed('is not what nunect-hub up writes');
}

/** What `up` says of itself; undefined where it never ran, or by another version. */
export function readUpState(dir: string): UpState | undefined {
  const read = parseUpState(readOrUndefined(runPath(dir, 'state')) ?? '');
  return read.ok ? read.value : undefined;
}

/** The process of `up`; its number is absent until it has written it. `lacking`: why it cannot be known. */
export async function upHolder(
  dir: string,
): Promise<{ readonly pid: number | undefined } | { readonly lacking: string } | undefined> {
  const held = await lockHolder(spawnWith, runPath(dir, 'lock'));
  if (held === undefined || 'lacking' in held) return held;
  const pid = Number(held.heldBy);
  return { pid: pid > 1 && wordsOf(pid).includes('up') ? pid : undefined }; // the number may be that of an earlier one
}

/** Throws where it cannot be written. */
export const writeUpState = (dir: string, state: UpState): void =>
  writeAtomic(runPath(dir, 'state'), `${JSON.stringify(state)}\n`);

/** As `up` ends in order. */
export const removeUpState = (dir: string): void => rmSync(runPath(dir, 'state'), { force: true });

const longestLine = 4096;
const trimmed = (path: string): string => readForeign(path, undefined, longestLine)?.toString().trim() ?? '';

/** The command line of a process. */
const wordsOf = (pid: number): string[] => trimmed(`/proc/${pid}/cmdline`).split('\0');

/** The nats-server that runs with that config, as long as it does: an old pid may be anybody's. */
export function serverPid({ pidFile, conf }: { readonly pidFile: string; readonly conf: string }) {
  const pid = Number(trimmed(pidFile));
  if (!Number.isSafeInteger(pid) || pid < 2) return undefined;
  return wordsOf(pid).includes(conf) ? pid : undefined;
}
