import type { WindowStats } from '../wire/reports.ts';

/** The value below which `share` of the sorted values lie: nearest rank, so always one that was measured. */
export const quantile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];

const rounded = (us: number): number => Math.round(us * 10) / 10;

/** After so many lost ones what was answered before tells nothing of now. */
const lostForGood = 3;

/** Figures of probes in the order in which they were made; undefined stands for a lost one. */
export function windowStats(samples: readonly (number | undefined)[]): WindowStats {
  const answered = samples.filter((us) => us !== undefined);
  const count = samples.length;
  const loss_percent = count === 0 ? 0 : rounded((100 * (count - answered.length)) / count);
  const sorted = answered.toSorted((a, b) => a - b);
  const [min_us, p50_us, p99_us, max_us] = [0, 0.5, 0.99, 1].map((share) => quantile(sorted, share));
  const last = samples.slice(-lostForGood);
  const isOver = last.length === lostForGood && last.every((us) => us === undefined);
  if (isOver) return { count, loss_percent };
  if (min_us === undefined || p50_us === undefined || p99_us === undefined || max_us === undefined) {
    return { count, loss_percent };
  }
  const steps = answered.slice(1).map((us, i) => Math.abs(us - (answered[i] ?? us)));
  const jitter = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  return {
    count,
    loss_percent,
    min_us: rounded(min_us),
    p50_us: rounded(p50_us),
    p99_us: rounded(p99_us),
    max_us: rounded(max_us),
    ...(steps.length === 0 ? {} : { jitter_us: rounded(jitter) }),
  };
}
