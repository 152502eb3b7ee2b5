import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readOrUndefined } from '../../lib/files.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { parseAppliedTime, type TimeSetup, timeFiles } from '../setup/applied.ts';

/** What nunect-time has set up; undefined where that is nothing. */
export function readTimeSetup(runDir: string): TimeSetup | undefined {
  const text = readOrUndefined(join(runDir, timeFiles.applied));
  const applied = text === undefined ? undefined : parseAppliedTime(text);
  return applied && { runDir, applied };
}

const every_ms = 2000;

/** Calls `changed` when another applied.json is there, or none any more. Returns its end. */
export function watchTimeSetup(runDir: string, ticker: Ticker, changed: () => void): () => void {
  const path = join(runDir, timeFiles.applied);
  const look = (): string => {
    const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
    return stat === undefined ? 'none' : `${stat.ino} ${stat.mtimeNs}`;
  };
  const lookSafely = (): string => {
    try {
      return look();
    } catch {
      return 'none'; // no right to look
    }
  };
  let seen = lookSafely();
  return ticker.every(every_ms, () => {
    const now = lookSafely();
    if (now === seen) return;
    seen = now;
    changed();
  });
}
