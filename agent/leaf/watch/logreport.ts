import type { Log } from '../../lib/log.ts';
import type { LeafLine } from './logline.ts';

/** Passes on what the leaf server complains of. */
export interface LeafVoice {
  say(line: LeafLine, now_ms: number): void;
  /** The hub is joined: what was complained of about it is over, and is said again when it returns. */
  joined(): void;
}

const levels = { FTL: 'fatal', ERR: 'error', WRN: 'warn' } as const;
/** A complaint that was not repeated for so long is a new one. */
const over_ms = 3_600_000;
const mostKeys = 200;

/** Each complaint goes into the log once, and not with each of its repetitions. */
export function leafVoice(log: Log): LeafVoice {
  const told = new Map<string, { last_ms: number; readonly hub: boolean }>();
  return {
    say({ level, text, key, hub }, now_ms) {
      if (level !== 'FTL' && level !== 'ERR' && level !== 'WRN') return;
      const before = told.get(key);
      told.delete(key); // so that the oldest comes first
      told.set(key, { last_ms: now_ms, hub });
      const [oldest] = told.keys();
      if (told.size > mostKeys && oldest !== undefined) told.delete(oldest);
      if (before === undefined || now_ms - before.last_ms > over_ms) log[levels[level]](text);
    },
    joined() {
      for (const [key, { hub }] of told) if (hub) told.delete(key);
    },
  };
}
