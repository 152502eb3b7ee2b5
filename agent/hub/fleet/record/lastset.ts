// The last full set of records of a unit, by stream NUNECT. Who begins to look hears slim ones for minutes, by `satellite` for an
// hour, which say no more than that what the full ones said still holds.
import type { Link } from '../../../nats/link.ts';
import { subjectsOf } from '../../../wire/subjects.ts';
import { getDirect, type StreamMessage } from '../../asks/streamread.ts';
import { parseRecord, type RecordKind, type UnitRecord } from './unitrecord.ts';

const stream = 'NUNECT';

/** A record, and when the stream took it, Unix ms. */
export interface StoredRecord {
  readonly record: UnitRecord;
  readonly at_ms: number;
}

async function lastOf(link: Link, subjects: readonly string[], before_ms?: number): Promise<StreamMessage[]> {
  const found: StreamMessage[] = [];
  const until = before_ms === undefined ? {} : { up_to_time: new Date(before_ms).toISOString() };
  await getDirect(link, stream, { multi_last: subjects, ...until }, (message) => void found.push(message));
  return found;
}

function recordOf({ subject, data, headers, at_ms }: StreamMessage): StoredRecord[] {
  const kind: RecordKind = subject.startsWith('ops.heartbeat.')
    ? 'heartbeat'
    : subject.startsWith('ops.metric.time.')
      ? 'time'
      : 'nats';
  const record = parseRecord(kind, { subject, data, headers, size: () => data.length });
  return record === undefined || record.backfill ? [] : [{ record, at_ms }];
}

/**
 * Reads the newest full record of each kind, by two questions: there are no slim ones of `nats`, and the full ones of its set stand
 * right before it. Nothing where the stream has none. Throws where it does not answer.
 */
export async function readLastSet(link: Link, unit: string): Promise<StoredRecord[]> {
  const { heartbeat, metric } = subjectsOf(unit, '*');
  const [nats] = await lastOf(link, [metric.nats]);
  if (nats === undefined) return [];
  const others = await lastOf(link, [heartbeat, metric.time], nats.at_ms + 1);
  return [...others, nats].flatMap(recordOf).filter(({ record }) => record.isFull);
}
