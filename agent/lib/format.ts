/** A time span for people, in ASCII and with its unit: "-350 ns", "2.8 us", "1.2 s". */
export function span(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e3) return `${Math.round(ns)} ns`;
  if (size < 1e6) return `${(ns / 1e3).toFixed(1)} us`;
  if (size < 1e9) return `${(ns / 1e6).toFixed(1)} ms`;
  return `${(ns / 1e9).toFixed(1)} s`;
}

/** How long ago, in seconds with one digit. */
export const ago = (ms: number): string => `${(Math.max(0, ms) / 1e3).toFixed(1)} s ago`;
