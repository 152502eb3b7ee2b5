// How a stream grows, and in how many days it is full. Pure.
import type { BothClocks } from '../../lib/ticker.ts';
import { fullFrom } from '../run/status/figures.ts';
import type { StreamFacts } from './jetstreamfacts.ts';
import type { HubStreamView, StreamLeft } from './model.ts';

const day_s = 86_400;
/** From less nothing is concluded. */
const least_s = 600;
/** What is full later than in ten years is not. */
const mostDays = 3650;

/** What came into a stream in a time. */
export interface Inflow {
  readonly messages: number;
  readonly over_s: number;
}

/** A stream as it was at a moment; `at_ms`: monotonic. */
export interface StreamSample {
  readonly at_ms: number;
  readonly bytes: number;
  readonly last_seq: number;
}

/** Samples of one stream: one in ten minutes, for 24 hours. */
const every_ms = 600_000;
const mostSamples = 145;

/** Notes how a stream is now, where it is time for that. */
export function noteSample(samples: StreamSample[], now: StreamSample): void {
  const last = samples.at(-1);
  if (last !== undefined && now.last_seq < last.last_seq) samples.length = 0; // it was made anew
  if (last !== undefined && samples.length > 0 && now.at_ms - last.at_ms < every_ms) return;
  samples.push(now);
  if (samples.length > mostSamples) samples.shift();
}

/** How much a stream has grown since the oldest sample. */
function netGrowth(stream: StreamFacts, samples: readonly StreamSample[], now_ms: number) {
  const [first] = samples;
  const over_s = first === undefined ? 0 : (now_ms - first.at_ms) / 1000;
  if (first === undefined || over_s < least_s) return undefined;
  return { bytes_per_day: ((stream.bytes - first.bytes) / over_s) * day_s, over_s };
}

/** What came into a stream since the oldest sample, where nobody could tell of the time before. */
export function inflowSince(
  stream: StreamFacts,
  samples: readonly StreamSample[],
  now_ms: number,
): Inflow | undefined {
  const [first] = samples;
  return first && { messages: stream.last_seq - first.last_seq, over_s: (now_ms - first.at_ms) / 1000 };
}

/** What ends the growth of a stream: its own limit, whichever is nearer, or else the servers' store. */
export function streamLimitOf(
  stream: StreamFacts,
  store_max_bytes: number | undefined,
): HubStreamView['limit'] {
  const { bytes, messages, max_bytes, max_msgs } = stream;
  const found: NonNullable<HubStreamView['limit']>[] = [];
  if (max_bytes !== undefined) found.push({ by: 'bytes', max: max_bytes, share: bytes / max_bytes });
  if (max_msgs !== undefined) found.push({ by: 'messages', max: max_msgs, share: messages / max_msgs });
  const [nearest] = found.toSorted((a, b) => b.share - a.share);
  if (nearest !== undefined) return nearest;
  return store_max_bytes ? { by: 'store', max: store_max_bytes, share: bytes / store_max_bytes } : undefined;
}

/** Days until `room` is used up. */
function daysOf(room: number, per_day: number): StreamLeft {
  const days = room / per_day;
  return per_day <= 0 || days > mostDays ? { kind: 'steady', by: 'rate' } : { kind: 'days', days };
}

/**
 * Growth and time left of a stream. `inflow`: of the last 24 hours, or as much of them as is known. Of a stream from which
 * records go otherwise than by age and size only what it has grown while we looked tells anything.
 */
export function forecast(
  stream: StreamFacts,
  limit: HubStreamView['limit'],
  inflow: Inflow | undefined,
  samples: readonly StreamSample[],
  now: BothClocks,
): Pick<HubStreamView, 'growth' | 'left'> {
  const net = netGrowth(stream, samples, now.mono_ms);
  const growth = net === undefined ? {} : { growth: net };
  if (limit === undefined) return { ...growth, left: { kind: 'unlimited' } };
  if (limit.share >= fullFrom) return { ...growth, left: { kind: 'full' } };
  const unit = limit.by === 'messages' ? Math.max(1, stream.messages) / Math.max(1, stream.bytes) : 1;
  const room = limit.max * (1 - limit.share);
  if (!stream.isPlain)
    return net === undefined
      ? { left: { kind: 'unknown' } }
      : { ...growth, left: daysOf(room, net.bytes_per_day * unit) };
  if (inflow === undefined || inflow.over_s < least_s) return { ...growth, left: { kind: 'unknown' } };
  const size = stream.messages === 0 ? 0 : stream.bytes / stream.messages;
  const bytes_per_day = (inflow.messages / inflow.over_s) * day_s * size;
  const { max_age_s = Number.POSITIVE_INFINITY, first_ms = now.wall_ms } = stream;
  if (
    (bytes_per_day * unit * max_age_s) / day_s <= limit.max * fullFrom &&
    max_age_s < Number.POSITIVE_INFINITY
  )
    return { ...growth, left: { kind: 'steady', by: 'age' } };
  // once the oldest go by age only what is left of the inflow fills it
  const isAging = (now.wall_ms - first_ms) / 1000 >= max_age_s;
  const grown = isAging ? net : { bytes_per_day, over_s: inflow.over_s };
  if (grown === undefined) return { left: { kind: 'unknown' } };
  return { growth: grown, left: daysOf(room, grown.bytes_per_day * unit) };
}
