import { headerNames } from '../wire/headers.ts';
import type { Headers } from '../wire/values.ts';
import { withTimesCorrected } from './timecorrection.ts';

/** Lowest first: when memory runs out metrics are dropped before logs, and events and errors last. */
export const recordPriorities = ['metric', 'log', 'event'] as const;
export type RecordPriority = (typeof recordPriorities)[number];

/** Numbers of records by priority. */
export type RecordCounts = Record<RecordPriority, number>;

export const noRecords = (): RecordCounts => ({ metric: 0, log: 0, event: 0 });

export const totalOf = ({ metric, log, event }: Readonly<RecordCounts>): number => metric + log + event;

/** Records that the hub does not have, to be reported in a record. Times are Unix ms of the records. */
export interface Gap {
  readonly count: number;
  readonly of: Readonly<RecordCounts>;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly why: string;
}

/** A record as it is put into the spool. */
export interface SpoolRecord {
  readonly subject: string;
  /** One and the same for all records of a subject. */
  readonly priority: RecordPriority;
  readonly body: object;
  readonly headers?: Headers;
}

/** A record that waits for its PubAck. */
export interface QueuedRecord {
  /** Its place in the order, and its id with the prefix of the spool, unless it has an id already. */
  readonly seq: number;
  /** Its whole id, when it was put in an earlier run. */
  readonly id?: string;
  /** JSON text of an object. */
  readonly payload: string;
  readonly headers?: Headers;
  /** Bytes of memory that it is counted with. */
  readonly bytes: number;
  /** Monotonic ms and Unix ms at which it was put. */
  readonly put_ms: number;
  readonly wall_ms: number;
  /** It could not be sent when it was made. */
  backlog: boolean;
  /** By how much the wall clock was wrong when it was made, as far as that is known by now. */
  shift_ms?: number;
  /** It was sent before, or may have been: then a duplicate is no surprise. */
  tried?: boolean;
  /** Made before this boot of the machine: a step of its clock tells nothing about this record. */
  readonly settled?: boolean;
  /** The gap that it tells of, which is untold again if it gets lost itself. */
  readonly reports?: Gap;
}

/** A waiting record as it is kept in a snapshot and given back to another spool. */
export interface KeptRecord
  extends Pick<
    QueuedRecord,
    'payload' | 'headers' | 'put_ms' | 'wall_ms' | 'shift_ms' | 'settled' | 'reports'
  > {
  /** `<unit>-<boot>-<seq>`, for good: a stream and its consumers recognise a duplicate by it. */
  readonly id: string;
  readonly subject: string;
  readonly priority: RecordPriority;
}

/** Measured on Node 20: what a record and each of its headers cost besides their characters. */
const recordOverhead_bytes = 200;
const headerOverhead_bytes = 80;

/** Bytes of memory that a record takes while it waits. */
export function bytesOf(payload: string, headers: Headers | undefined): number {
  let bytes = recordOverhead_bytes + Buffer.byteLength(payload);
  for (const [name, values] of Object.entries(headers ?? {})) {
    for (const value of values) bytes += headerOverhead_bytes + name.length + value.length;
  }
  return bytes;
}

/** The id that a stream detects duplicates by. */
export const idOf = (record: QueuedRecord, idPrefix: string): string =>
  record.id ?? `${idPrefix}-${record.seq}`;

/** A JSON object text with `backfill: true` added to it. */
const withBackfill = (payload: string): string =>
  `${payload.slice(0, -1)}${payload === '{}' ? '' : ','}"backfill":true}`;

/** The record as it is sent: with its id, with corrected times, and marked when it comes late. */
export function toMessage(
  record: QueuedRecord,
  idPrefix: string,
): { readonly payload: string; readonly headers: Headers } {
  const { payload, headers } =
    record.shift_ms === undefined ? record : withTimesCorrected(record, record.shift_ms);
  return {
    payload: record.backlog ? withBackfill(payload) : payload,
    headers: {
      ...headers,
      [headerNames.messageId]: [idOf(record, idPrefix)],
      ...(record.backlog ? { [headerNames.backfill]: ['true'] } : {}),
    },
  };
}
