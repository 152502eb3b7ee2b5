import type { ClockQuality } from './types.ts';

/** Since when the clock cannot be believed, over all restarts of the parts that judge it. */
export interface Trust {
  /** To be called each second with how the clock is. */
  see(seen: { readonly quality: ClockQuality; readonly mono_ms: number }): void;
  /** Monotonic ms until which the clock was proven right; -Infinity when it never was. */
  provenUntil_ms(): number;
}

/** A source, or holdover after a lock, shows that the time is right. */
const isProven = (quality: ClockQuality): boolean => quality === 'locked' || quality === 'tracking';

/** Nothing is known of the clock at the start. */
export function trackTrust(): Trust {
  let proven_ms = -Infinity;
  return {
    see({ quality, mono_ms }) {
      if (isProven(quality)) proven_ms = mono_ms;
    },
    provenUntil_ms: () => proven_ms,
  };
}

/** Unix ms of 2025 and 2060: before and after, an unsynchronised clock is simply wrong. */
const plausible_ms = { from: 1_735_689_600_000, to: 2_840_140_800_000 };

/** What to add to a judgment that depends on the date; undefined when the clock can be believed. */
export function clockCaveat(quality: ClockQuality, wall_ms: number): string | undefined {
  if (isProven(quality)) return undefined;
  // the day only: the text is logged again when it changes
  return `by a clock that is not synchronised and shows ${new Date(wall_ms).toISOString().slice(0, 10)}`;
}

/** No certificate of today is valid at such a time. */
export const isImplausible = (wall_ms: number): boolean =>
  wall_ms < plausible_ms.from || wall_ms > plausible_ms.to;
