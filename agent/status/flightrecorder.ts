import { type ChronyFacts, decidingPort, type PtpFacts, selectedSource } from '../clock/facts.ts';
import { type DayRecorder, dayRecorder } from '../clock/recorder/day.ts';
import { type Excerpt, planExcerpts } from '../clock/recorder/excerpts.ts';
import { type ClockSample, clockRecorder, type Figure, type SampleTable } from '../clock/recorder/samples.ts';
import type { Timekeeper } from '../clock/timekeeper.ts';
import type { ClockSource } from '../clock/types.ts';
import type { WallClock } from '../clock/wallclock.ts';
import type { LeafWatch } from '../leaf/watch/watch.ts';
import { freshValue } from '../lib/reading.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Spool } from '../records/spool.ts';
import type { RecorderMetric, StatusChange } from '../wire/reports.ts';

export interface FlightRecorderDeps {
  /** What is looked at now: the recorder outlives a restart of both. */
  clock(): Pick<Timekeeper, 'verdict' | 'summary' | 'ptp' | 'ntp'>;
  leaf(): Pick<LeafWatch, 'read' | 'hubUp'>;
  /** Called with each sample. */
  seen(sample: ClockSample): void;
  readonly spool: Pick<Spool, 'put'>;
  readonly wall: WallClock;
  readonly ticker: Ticker;
}

export interface FlightRecorder {
  /** The verdict changed: what was recorded around it is published as soon as it is complete. */
  changed(change: StatusChange): void;
  /** All that is recorded, as `/recorder.json` shows it. */
  table(): SampleTable;
  /** One figure of all that is recorded, oldest first; NaN where it was not known. */
  column(name: Figure): Float64Array;
  /** What steered the clock at each of them. */
  sources(): (ClockSource | '')[];
  /** The last day, minute by minute. */
  readonly day: Pick<DayRecorder, 'table' | 'column'>;
  /** Publishes what is not complete yet: the unit stops. */
  finish(): void;
  stop(): void;
}

const period_ms = 1000;
/** Most rows of a record: with the longest names and figures they take 40 KB. */
const mostRows = 200;
const longestEvidence = 400;

function ptpSample(ptp: PtpFacts | undefined, now_ms: number) {
  const port = ptp && decidingPort(ptp.ports);
  const age_ms = ptp === undefined ? undefined : now_ms - ptp.ingressSeen_ms; // infinite: none was seen yet
  return { port_state: port?.portState, ingress_age_ms: age_ms };
}

function ntpSample(ntp: ChronyFacts | undefined) {
  const followed = ntp && selectedSource(ntp);
  return { ntp_source: followed?.name, ntp_last_rx_s: followed?.last_rx_s };
}

function boundsNow(clock: Pick<Timekeeper, 'summary'>): Pick<ClockSample, 'error_bound_ns' | 'error_rel_ns'> {
  const { error_bound_ns, error_rel_ns } = clock.summary();
  return { error_bound_ns, error_rel_ns };
}

function lookAt({ wall, ...deps }: FlightRecorderDeps, now_ms: number): ClockSample {
  const [clock, leaf] = [deps.clock(), deps.leaf()];
  wall.check();
  const { source, quality, holdover, offset_ns } = clock.verdict();
  return {
    mono_ms: now_ms,
    wall_ms: wall.now_us() / 1000,
    source,
    quality,
    holdover: holdover !== undefined,
    offset_ns,
    ...boundsNow(clock),
    ...ptpSample(freshValue(clock.ptp()), now_ms),
    ...ntpSample(freshValue(clock.ntp())),
    hub_up: leaf.hubUp(),
    hub_rtt_us: freshValue(leaf.read())?.hub.rtt_us,
  };
}

/** Looks at the clock each second and publishes what it saw around each change of the verdict. */
export function keepRecorder(
  deps: FlightRecorderDeps,
  opts: { readonly unit: string; readonly subject: string },
): FlightRecorder {
  const { ticker, wall } = deps;
  const recorder = clockRecorder();
  const day = dayRecorder();
  const excerpts = planExcerpts();

  function publish(excerpt: Excerpt | undefined): void {
    if (excerpt === undefined) return;
    const { from_ms, to_ms, changes, more_changes } = excerpt;
    const body: RecorderMetric = {
      ts: Math.floor(wall.now_us() / 1000),
      unit_id: opts.unit,
      changes: changes.map((change) => ({ ...change, mono_ms: Math.round(change.mono_ms) })),
      ...(more_changes === 0 ? {} : { more_changes }),
      period_ms,
      ...recorder.table(from_ms, to_ms, mostRows),
    };
    deps.spool.put({ subject: opts.subject, priority: 'event', body });
  }

  const stop = ticker.every(period_ms, () => {
    const now_ms = ticker.now_ms();
    const sample = lookAt(deps, now_ms);
    deps.seen(sample);
    recorder.push(sample);
    day.push(sample);
    publish(excerpts.due(now_ms));
  });
  return {
    changed({ before, after, evidence = '' }) {
      const mono_ms = ticker.now_ms();
      excerpts.note({ mono_ms, before, after, evidence: evidence.slice(0, longestEvidence) });
    },
    table: () => recorder.table(),
    column: recorder.column,
    sources: recorder.sources,
    day,
    finish: () => publish(excerpts.rest(ticker.now_ms())),
    stop,
  };
}
