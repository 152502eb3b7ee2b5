import type { ClockSummary } from '../clock/types.ts';
import type { Incoming } from '../nats/incoming.ts';
import { headerNames, headerReader } from '../wire/headers.ts';
import type { PeerRtt } from '../wire/reports.ts';
import { beyond_us, waysOf } from './fourtimes.ts';

/** The headers of an echo, each only if it is there and makes sense. */
export function echoHeaders(message: Incoming) {
  const header = headerReader(message.headers);
  const number = (name: string): number | undefined => {
    const text = header(name);
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  return {
    received_us: number(headerNames.serverReceivedAt),
    sent_us: number(headerNames.serverSentAt),
    bound_ns: number(headerNames.clockErrorBound),
    rel_ns: number(headerNames.clockErrorRel),
    source: header(headerNames.clockSource),
    quality: header(headerNames.clockQuality),
  };
}

/** Our wall time at sending and at arrival, the round trip by the monotonic clock, and our clock. */
interface OwnTimes {
  readonly sent_us: number;
  readonly back_us: number;
  readonly rtt_us: number;
  readonly clock: ClockSummary;
}

/** One-way times that an echo gives, and the clock of the peer. */
export type OneWay = Pick<
  PeerRtt,
  'forward_us' | 'back_us' | 'one_way_error_us' | 'clocks_contradict' | 'clock_source' | 'clock_quality'
>;

/** Between reading the wall clock and the monotonic one a busy machine may let us wait. */
const slack_us = 50_000;

/**
 * One-way times from an echo, with the error that both clocks may have together. Empty unless both clocks are
 * synchronised and both errors are bounded: the difference of clocks that are not synchronised is no measurement. Times
 * that cannot be, even with the whole error, prove a bound wrong (or a clock set meanwhile), and are left out too.
 */
export function oneWay(message: Incoming, own: OwnTimes): OneWay {
  const peer = echoHeaders(message);
  const clock = {
    ...(peer.source === undefined ? {} : { clock_source: peer.source }),
    ...(peer.quality === undefined ? {} : { clock_quality: peer.quality }),
  };
  const synced = own.clock.source !== 'unsynced' && (peer.source === 'ptp' || peer.source === 'ntp');
  const bound_ns = own.clock.error_bound_ns;
  if (!synced || bound_ns === undefined || peer.bound_ns === undefined) return clock;
  const { received_us, sent_us: answered_us } = peer;
  if (received_us === undefined || answered_us === undefined) return clock;
  const ways = waysOf({ ...own, received_us, answered_us });
  const one_way_error_us = Math.ceil((bound_ns + peer.bound_ns) / 1000);
  const longest_us = own.rtt_us + one_way_error_us + slack_us; // no way is longer than the round trip, nor negative
  return beyond_us(ways, one_way_error_us) === 0 &&
    ways.forward_us <= longest_us &&
    ways.back_us <= longest_us
    ? { ...clock, ...ways, one_way_error_us }
    : { ...clock, clocks_contradict: true };
}
