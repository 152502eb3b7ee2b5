import type { ClockSummary } from '../clock/types.ts';
import { formatUs } from '../lib/format.ts';
import type { OneWay } from '../peers/oneway.ts';

/** One echo that was asked for. */
export interface EchoSample {
  /** Counted from 1. */
  readonly seq: number;
  /** Missing when it was lost. */
  readonly rtt_us?: number;
  /** Bytes of the payload that came back. */
  readonly bytes?: number;
  /** Why there is no answer. */
  readonly lost?: string;
  readonly seen?: OneWay;
  /** Error bound that the unit states of its clock. */
  readonly bound_ns?: number;
  /** The same against its grandmaster. */
  readonly rel_ns?: number;
  /** The clock of this machine, without which there are no one-way times. */
  readonly own?: ClockSummary;
}

/** The figures at the end. Times in µs over the answered ones. */
export interface EchoSummary {
  readonly sent: number;
  readonly answered: number;
  readonly loss_percent: number;
  readonly min_us?: number;
  readonly avg_us?: number;
  readonly max_us?: number;
  /** Standard deviation, as ping's mdev. */
  readonly mdev_us?: number;
}

/** One line for one echo. */
export function formatSample(unit: string, sample: EchoSample): string {
  if (sample.rtt_us === undefined) return `${unit}: seq=${sample.seq} lost: ${sample.lost ?? 'no answer'}`;
  const { seen = {} } = sample;
  const clock =
    seen.clock_source === undefined
      ? ''
      : ` clock=${seen.clock_source}/${seen.clock_quality ?? 'unknown'}${
          sample.bound_ns === undefined ? '' : ` ±${formatUs(sample.bound_ns / 1000)}`
        }${sample.rel_ns === undefined ? '' : ` ±${formatUs(sample.rel_ns / 1000)} against its grandmaster`}`;
  const oneWay =
    seen.clocks_contradict === true
      ? ' CLOCKS CONTRADICT: one of them is off by more than its error bound'
      : seen.forward_us === undefined || seen.back_us === undefined || seen.one_way_error_us === undefined
        ? ''
        : ` there=${formatUs(seen.forward_us)} back=${formatUs(seen.back_us)} ±${formatUs(seen.one_way_error_us)}`;
  return `${unit}: seq=${sample.seq} bytes=${sample.bytes ?? 0} rtt=${formatUs(sample.rtt_us)}${oneWay}${clock}`;
}

/** Why an answered echo has no one-way times; undefined when it has, or was lost. */
export function whyNoOneWay({ rtt_us, seen, own, bound_ns }: EchoSample): string | undefined {
  if (rtt_us === undefined || seen === undefined || own === undefined) return undefined;
  if (seen.forward_us !== undefined || seen.clocks_contradict === true) return undefined;
  const lacking = (source: string | undefined, bound: number | undefined): string | undefined =>
    source !== 'ptp' && source !== 'ntp'
      ? 'is not known to be synchronised'
      : bound === undefined
        ? 'states no error bound'
        : undefined;
  const [here, there] = [lacking(own.source, own.error_bound_ns), lacking(seen.clock_source, bound_ns)];
  if (here !== undefined) return `the clock of this machine ${here}`;
  return there === undefined ? undefined : `the clock of the unit ${there}`;
}

/** Sums up the echoes of one call. */
export function summarise(samples: readonly EchoSample[]): EchoSummary {
  const times = samples.flatMap(({ rtt_us }) => (rtt_us === undefined ? [] : [rtt_us]));
  const sent = samples.length;
  const loss_percent = sent === 0 ? 0 : (100 * (sent - times.length)) / sent;
  if (times.length === 0) return { sent, answered: 0, loss_percent };
  const avg_us = times.reduce((sum, time) => sum + time, 0) / times.length;
  const variance = times.reduce((sum, time) => sum + (time - avg_us) ** 2, 0) / times.length;
  return {
    sent,
    answered: times.length,
    loss_percent,
    min_us: Math.min(...times),
    avg_us,
    max_us: Math.max(...times),
    mdev_us: Math.sqrt(variance),
  };
}

/** The lines at the end, as ping has them. */
export function formatSummary(unit: string, summary: EchoSummary): string {
  const { sent, answered, loss_percent, min_us, avg_us, max_us, mdev_us } = summary;
  const head = `--- ${unit}: ${sent} sent, ${answered} answered, ${Number(loss_percent.toFixed(1))} % lost`;
  if (min_us === undefined || avg_us === undefined || max_us === undefined || mdev_us === undefined)
    return head;
  return `${head}\nrtt min/avg/max/mdev ${[min_us, avg_us, max_us, mdev_us].map(formatUs).join(' / ')}`;
}
