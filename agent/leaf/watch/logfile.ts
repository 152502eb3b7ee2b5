import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Ticker } from '../../lib/ticker.ts';

export interface LogFollower {
  stop(): void;
}

/** Gets whole lines. `old`: they were there before the following began. */
export type OnLines = (lines: readonly string[], old: boolean) => void;

const mostAtOnce = 64 * 1024;

/**
 * Follows a log file that its server rotates: looks each `everyMs`, begins with the last 64 KiB, and takes away
 * what was rotated, as it lies in RAM. A file that is not there yet is waited for.
 */
export function followLog(
  { ticker, onLines }: { readonly ticker: Ticker; readonly onLines: OnLines },
  opts: { readonly path: string; readonly everyMs: number },
): LogFollower {
  const buffer = Buffer.alloc(mostAtOnce);
  let fd: number | undefined;
  let at = 0;
  let rest = '';
  let old = true;

  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
    rest = '';
  };
  const removeRotated = (): void => {
    const name = basename(opts.path);
    for (const one of readdirSync(dirname(opts.path)))
      if (one.startsWith(`${name}.`)) rmSync(join(dirname(opts.path), one), { force: true });
  };
  const drain = (): void => {
    if (fd === undefined) return;
    for (;;) {
      const length = readSync(fd, buffer, 0, mostAtOnce, at);
      if (length === 0) return;
      at += length;
      const lines = (rest + buffer.toString('utf8', 0, length)).split('\n');
      rest = (lines.pop() ?? '').slice(0, mostAtOnce);
      onLines(lines, old);
    }
  };
  const look = (): void => {
    try {
      const now = statSync(opts.path);
      if (fd !== undefined && fstatSync(fd).ino !== now.ino) {
        drain(); // what was written between the last look and the rotation
        close();
      } else if (now.size < at) at = 0;
      if (fd === undefined) {
        fd = openSync(opts.path, 'r');
        at = old ? Math.max(0, now.size - mostAtOnce) : 0;
        removeRotated();
      }
      drain();
    } catch {
      close(); // not there yet, or just being rotated
    }
    old = false;
  };

  const cancel = ticker.every(opts.everyMs, look);
  look();
  return {
    stop() {
      cancel();
      close();
    },
  };
}
