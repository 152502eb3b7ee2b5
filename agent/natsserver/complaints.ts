import type { Log } from '../lib/log.ts';
import type { ServerLine } from './line.ts';

/** Warnings and errors of a nats-server, for our own log. */
export interface ServerComplaints {
  /** Logs the line if it is a complaint that was not logged before; `hub`: it is about the hub of a leaf. */
  report(line: ServerLine & { readonly hub?: boolean }, now_ms: number): void;
  /** The hub is joined since then: earlier complaints about it are over, and are logged again when they return. */
  joined(since_ms: number): void;
}

const levels = { FTL: 'fatal', ERR: 'error', WRN: 'warn' } as const;
/** A complaint that was not repeated for so long is a new one. */
const over_ms = 3_600_000;
const mostKeys = 200;

/** Each complaint goes into `log` once, and not with each of its repetitions. */
export function serverComplaints(log: Log): ServerComplaints {
  const logged = new Map<string, { last_ms: number; readonly hub: boolean }>();
  return {
    report({ level, text, key, hub = false }, now_ms) {
      if (level !== 'FTL' && level !== 'ERR' && level !== 'WRN') return;
      const before = logged.get(key);
      logged.delete(key); // so that the oldest comes first
      logged.set(key, { last_ms: now_ms, hub });
      const [oldest] = logged.keys();
      if (logged.size > mostKeys && oldest !== undefined) logged.delete(oldest);
      if (before === undefined || now_ms - before.last_ms > over_ms) log[levels[level]](text);
    },
    joined(since_ms) {
      for (const [key, { hub, last_ms }] of logged) if (hub && last_ms < since_ms) logged.delete(key);
    },
  };
}
