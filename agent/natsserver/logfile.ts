import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Ticker } from '../lib/ticker.ts';

export interface LogFollower {
  /** Reads what was written by now. */
  look(): void;
  stop(): void;
}

/** Gets whole lines. `old`: they were there before the following began. */
export type OnLines = (lines: readonly string[], old: boolean) => void;

const mostAtOnce = 64 * 1024;

/** Where the reading of a log has come to. */
interface Reader {
  readonly path: string;
  readonly onLines: OnLines;
  readonly buffer: Buffer;
  readonly keepsRotated: boolean;
  fd: number | undefined;
  at: number;
  /** The line that has not ended yet. */
  rest: string;
  /** Nothing was read yet. */
  old: boolean;
}

function close(reader: Reader): void {
  if (reader.fd !== undefined) closeSync(reader.fd);
  reader.fd = undefined;
  reader.rest = '';
}

function open(reader: Reader, size: number): void {
  reader.fd = openSync(reader.path, 'r');
  reader.at = reader.old ? Math.max(0, size - mostAtOnce) : 0;
  if (reader.keepsRotated) return;
  const [dir, name] = [dirname(reader.path), basename(reader.path)];
  for (const one of readdirSync(dir)) if (one.startsWith(`${name}.`)) rmSync(join(dir, one), { force: true }); // rotated
}

/** Reads what was appended. */
function drain(reader: Reader): void {
  const { buffer, onLines } = reader;
  while (reader.fd !== undefined) {
    const length = readSync(reader.fd, buffer, 0, mostAtOnce, reader.at);
    if (length === 0) return;
    reader.at += length;
    const lines = (reader.rest + buffer.toString('utf8', 0, length)).split('\n');
    reader.rest = (lines.pop() ?? '').slice(0, mostAtOnce);
    onLines(lines, reader.old);
  }
}

function look(reader: Reader): void {
  try {
    const now = statSync(reader.path);
    if (reader.fd !== undefined && fstatSync(reader.fd).ino !== now.ino) {
      drain(reader); // what was written between the last look and the rotation
      close(reader);
    } else if (now.size < reader.at) reader.at = 0;
    if (reader.fd === undefined) open(reader, now.size);
    drain(reader);
  } catch {
    close(reader); // not there yet, or just being rotated
  }
  reader.old = false;
}

/**
 * Follows a log file that its server rotates: looks each `everyMs`, begins with the last 64 KiB, and removes what was
 * rotated, as it lies in RAM, unless that is to be kept. A file that is not there yet is waited for.
 */
export function followLog(
  { ticker, onLines }: { readonly ticker: Ticker; readonly onLines: OnLines },
  {
    path,
    everyMs,
    keepsRotated = false,
  }: { readonly path: string; readonly everyMs: number; readonly keepsRotated?: boolean },
): LogFollower {
  const buffer = Buffer.alloc(mostAtOnce);
  const reader: Reader = { path, onLines, buffer, keepsRotated, fd: undefined, at: 0, rest: '', old: true };
  const cancel = ticker.every(everyMs, () => look(reader));
  look(reader);
  return {
    look: () => look(reader),
    stop() {
      cancel();
      close(reader);
    },
  };
}
