// How far a clock that chronyd measures can be from true time. After the chrony documentation and ClockBound.
import type { ChronyFacts, ChronySource, ChronyTracking } from '../../facts.ts';
import type { BoundTerm, ErrorBound } from '../../types.ts';
import { sumOf } from './terms.ts';

const mostUpdates = 8;
const fewestUpdates = 3;

/** The last updates of chronyd's clock by one source, oldest first, at most 8. */
export interface Updates {
  readonly source?: string;
  readonly all: readonly Update[];
}

interface Update {
  /** chronyd's ref_time, which is another one exactly when the update is. */
  readonly ref_s: number;
  /** What chronyd found then, and has not stepped away at once, or what the source measured beyond that, if it is more. */
  readonly offset_s: number;
  readonly margin_s: number;
}

/** Whether a step of the clock is what chronyd found at its last update, set right by itself. */
export const isOwnStep = (step_s: number, { last_offset_s }: ChronyTracking): boolean =>
  step_s !== 0 && Math.abs(step_s + last_offset_s) <= Math.max(Math.abs(last_offset_s) / 10, 1e-4);

export const noUpdates: Updates = { all: [] };

/**
 * The updates after another look at chronyd; nothing changes while its ref_time does not. `stepped_s`: by how much the
 * clock was set just before.
 */
export function addUpdate(
  before: Updates,
  { tracking }: ChronyFacts,
  selected: ChronySource,
  stepped_s = 0,
): Updates {
  const same = before.source === selected.name;
  const kept = same ? before.all : [];
  if (kept.at(-1)?.ref_s === tracking.ref_time_s) return before;
  const update = {
    ref_s: tracking.ref_time_s,
    offset_s: Math.max(
      Math.abs(selected.offset_s),
      isOwnStep(stepped_s, tracking) ? 0 : Math.abs(tracking.last_offset_s),
    ),
    margin_s: selected.error_margin_s,
  };
  return { source: selected.name, all: [...kept.slice(1 - mostUpdates), update] };
}

const pauses_s = ({ all }: Updates): number[] =>
  all.slice(1).map(({ ref_s }, at) => ref_s - (all[at]?.ref_s ?? ref_s));

/** The longest pause between two of them in seconds; 0 while there are not two. */
export const longestPause_s = (updates: Updates): number => Math.max(0, ...pauses_s(updates));

/** How long chronyd pauses at most when all is well: one outage is forgiven. 0 while that is not known. */
export const usualPause_s = (updates: Updates): number =>
  Math.max(0, pauses_s(updates).toSorted((a, b) => b - a)[1] ?? 0);

/** What the NTP formula is fed with. */
export interface NtpBoundInput {
  readonly tracking: ChronyTracking;
  readonly selected: ChronySource;
  readonly updates: Updates;
  /** Age of tracking.ref_time_s. */
  readonly refAge_s: number;
  /** Age of the report itself. */
  readonly reportAge_s: number;
  readonly drift_ppb: number;
}

/** What chronyd itself assumes of the drift since ref_time: 1 ppm + skew + residual frequency. */
const counted_ppb = ({ skew_ppm, resid_freq_ppm }: ChronyTracking): number =>
  (1 + skew_ppm + Math.abs(resid_freq_ppm)) * 1e3;

/**
 * The largest of what chronyd knows of its offset: what remains to be corrected with what the last measurement says on
 * top of that, since a chronyd that does not steer, or whose step failed, believes that it has been corrected.
 */
const largestOffset_ns = (
  { system_time_s }: ChronyTracking,
  source: ChronySource,
  { all }: Updates,
): number => Math.max(Math.abs(system_time_s) + Math.abs(source.offset_s), all.at(-1)?.offset_s ?? 0) * 1e9;

const largestOf = ({ all }: Updates): number => Math.max(0, ...all.map(({ offset_s }) => offset_s)) * 1e9;

/** What the measurements may be off by: the fewer there are, the less the largest of them shows. */
const scatterOf = (updates: Updates): number =>
  (1 + 4 / Math.max(1, updates.all.length)) * largestOf(updates);

/**
 * Root dispersion and half the root delay, with the drift that chronyd does not count itself. chronyd is not believed to
 * be closer than its source's own measurements scatter: it may follow a server whose clock is not steady.
 */
function byTracking({
  tracking,
  selected,
  updates,
  refAge_s,
  reportAge_s,
  drift_ppb,
}: NtpBoundInput): BoundTerm[] {
  const counted = counted_ppb(tracking);
  const excess_ns = Math.max(0, drift_ppb - counted) * Math.max(0, refAge_s);
  const unreported_ns = Math.max(drift_ppb, counted) * Math.max(0, reportAge_s);
  return [
    {
      name: 'offset',
      ns: Math.max(largestOffset_ns(tracking, selected, updates), scatterOf(updates)),
    },
    { name: 'root_dispersion', ns: tracking.root_dispersion_s * 1e9 },
    { name: 'half_root_delay', ns: (tracking.root_delay_s * 1e9) / 2 },
    { name: 'drift', ns: excess_ns + unreported_ns },
  ];
}

/** A crystal is not farther off than this, whatever a young regression believes. */
const worstCrystal_ppm = 100;

/**
 * The last measurements themselves: each lies within half its delay of the truth. A regression over few samples says
 * tens of seconds where they all agree within some ms.
 */
function byMeasurements({
  tracking,
  updates,
  refAge_s,
  reportAge_s,
  drift_ppb,
}: NtpBoundInput): BoundTerm[] | undefined {
  const { all } = updates;
  if (all.length < fewestUpdates) return undefined;
  const steered_ppb = (Math.abs(tracking.freq_ppm) + worstCrystal_ppm) * 1e3;
  const rate_ppb = Math.max(drift_ppb, Math.min(counted_ppb(tracking), steered_ppb));
  return [
    { name: 'offset', ns: Math.abs(tracking.system_time_s) * 1e9 },
    { name: 'last_offsets', ns: largestOf(updates) },
    { name: 'error_margin', ns: Math.max(...all.map(({ margin_s }) => margin_s)) * 1e9 },
    { name: 'drift', ns: rate_ppb * Math.max(0, refAge_s + reportAge_s) },
  ];
}

/** Of two bounds that both hold, the closer one. */
export function ntpBound(input: NtpBoundInput): ErrorBound {
  const tracked = sumOf(byTracking(input));
  const terms = byMeasurements(input);
  const measured = terms && sumOf(terms);
  return measured !== undefined && (measured.absolute_ns ?? 0) < (tracked.absolute_ns ?? 0)
    ? measured
    : tracked;
}
