import type { Ticker } from '../../lib/ticker.ts';
import { type Cause, type CauseCode, causes } from '../causes.ts';
import { causeSentence } from '../causetext.ts';
import type { LeafLine } from '../watch/logline.ts';
import type { HubTrouble } from './hubtrouble.ts';

/** Limits of hub or leaf that were met, also while the hub is joined. */
export interface LinkLimits {
  /** Takes a line of the server's log. */
  take(line: LeafLine): void;
  list(): HubTrouble[];
}

/** The link is soon back after such a cut, so it is told for a while, in which somebody may look. */
const told_ms = 600_000;

/** None has been met so far. `wall_ms` gives the wall time of a monotonic one. */
export function linkLimits(
  { now_ms }: Pick<Ticker, 'now_ms'>,
  wall_ms: (mono_ms: number) => number,
): LinkLimits {
  const met = new Map<CauseCode, Cause & { count: number; last_ms: number }>();
  return {
    take({ sign, link }) {
      if (link === 'created') met.delete('subscriptions'); // all are asked for anew
      if (sign === undefined || causes[sign.code].isLimit === undefined) return;
      const { since_ms = now_ms(), count = 0 } = met.get(sign.code) ?? {};
      met.set(sign.code, { ...sign, since_ms, count: count + 1, last_ms: now_ms() });
    },
    list() {
      for (const [code, { last_ms }] of met)
        if (code !== 'subscriptions' && now_ms() - last_ms > told_ms) met.delete(code);
      return [...met.values()].map((cause) => {
        const [since_ms, last_ms] = [cause.since_ms, now_ms()].map(wall_ms) as [number, number];
        const detail = cause.count > 1 ? `${cause.detail}, ${cause.count} times` : cause.detail;
        return {
          code: cause.code,
          text: causeSentence({ ...cause, detail }, { since_ms, now_ms: last_ms }, undefined),
        };
      });
    },
  };
}
