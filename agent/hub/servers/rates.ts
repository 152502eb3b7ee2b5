// From counts since a start to what happens in a second. Pure.
import type { MessageRates } from './model.ts';

/** Counts since the start of what is counted, which only grow. */
export interface Counts {
  readonly in_msgs: number;
  readonly out_msgs: number;
  readonly in_bytes: number;
  readonly out_bytes: number;
}

/** Nearer looks tell no rate. */
const least_ms = 200;

/** The rates of many things by the look before. */
export interface Rates {
  /** Undefined at the first look, and where the counts began anew. `at_ms`: monotonic. */
  take(key: string, counts: Counts, at_ms: number): MessageRates | undefined;
  /** Forgets all that was not taken since `at_ms`. */
  forget(at_ms: number): void;
}

interface Look {
  counts: Counts;
  at_ms: number;
  traffic: MessageRates | undefined;
}

function between(before: Counts, now: Counts, span_ms: number): MessageRates | undefined {
  const per = (name: keyof Counts): number => ((now[name] - before[name]) * 1000) / span_ms;
  const traffic = {
    in_msgs_per_s: per('in_msgs'),
    out_msgs_per_s: per('out_msgs'),
    in_bytes_per_s: per('in_bytes'),
    out_bytes_per_s: per('out_bytes'),
  };
  return Object.values(traffic).every((one) => one >= 0) ? traffic : undefined;
}

export function newRates(): Rates {
  const looks = new Map<string, Look>();
  return {
    take(key, counts, at_ms) {
      const before = looks.get(key);
      if (before !== undefined && at_ms - before.at_ms < least_ms) return before.traffic;
      const traffic = before && between(before.counts, counts, at_ms - before.at_ms);
      looks.set(key, { counts, at_ms, traffic });
      return traffic;
    },
    forget(at_ms) {
      for (const [key, look] of looks) if (look.at_ms < at_ms) looks.delete(key);
    },
  };
}

/** All of them together; undefined where none is known. */
export function sumTraffic(all: readonly (MessageRates | undefined)[]): MessageRates | undefined {
  const there = all.filter((one) => one !== undefined);
  if (there.length === 0) return undefined;
  const sum = (name: keyof MessageRates): number => there.reduce((total, one) => total + one[name], 0);
  return {
    in_msgs_per_s: sum('in_msgs_per_s'),
    out_msgs_per_s: sum('out_msgs_per_s'),
    in_bytes_per_s: sum('in_bytes_per_s'),
    out_bytes_per_s: sum('out_bytes_per_s'),
  };
}
