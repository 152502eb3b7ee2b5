// The flight recorder of a unit around a change of its clock: the record that it sent then, read of stream NUNECT.
import { messageOf } from '../../../lib/errors.ts';
import { known } from '../../../lib/known.ts';
import { isObject, type ParseResult, parsed, parseObject, unparsed } from '../../../lib/parse.ts';
import type { Link } from '../../../nats/link.ts';
import { subjectsOf } from '../../../wire/subjects.ts';
import { getDirect, type StreamMessage } from '../../asks/streamread.ts';
import { figure, mostOf, plainText } from '../../fleet/record/values.ts';

/** One second of the recorder; what was not known is missing. */
export interface RecordedSecond {
  /** By the clock of the unit, Unix ms. */
  readonly wall_ms: number;
  /** Monotonic, on the scale of the changes. */
  readonly mono_ms: number;
  readonly source?: string;
  readonly quality?: string;
  readonly holdover: boolean;
  readonly offset_ns?: number;
  readonly error_bound_ns?: number;
  readonly error_rel_ns?: number;
  readonly port_state?: string;
  readonly ntp_source?: string;
  readonly ntp_last_rx_s?: number;
  readonly hub_up?: boolean;
  readonly hub_rtt_us?: number;
}

/** What was recorded around one or more changes. */
export interface Recording {
  readonly changes: readonly { readonly mono_ms: number; readonly evidence?: string }[];
  readonly seconds: readonly RecordedSecond[];
  /** Of the record in the stream. */
  readonly bytes: number;
  /** When the hub took it, Unix ms. */
  readonly at_ms: number;
}

const longest_bytes = 131_072;
const mostSeconds = 240;
/** By a clock that may be anywhere. */
const moment = (value: unknown): number | undefined => figure(value, mostOf.count, -mostOf.count);

/** Reads a record of `ops.metric.recorder`. */
export function parseRecording(data: Uint8Array, at_ms: number): ParseResult<Recording> {
  if (data.length > longest_bytes) return unparsed('it is longer than any recording');
  const found = parseObject(new TextDecoder().decode(data));
  if (!found.ok) return found;
  const { columns, rows, changes } = found.value;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return unparsed('it has no rows');
  const place = new Map(columns.slice(0, 32).map((name, at) => [name, at]));
  const seconds = rows.slice(0, mostSeconds).flatMap((row) => secondOf(row, place));
  const told = (Array.isArray(changes) ? changes : []).slice(0, 16).flatMap((change) => {
    const mono_ms = isObject(change) ? moment(change['mono_ms']) : undefined;
    const evidence = isObject(change) ? plainText(change['evidence'], 400) : undefined;
    return mono_ms === undefined ? [] : [{ mono_ms, ...known({ evidence }) }];
  });
  return parsed({ changes: told, seconds, bytes: data.length, at_ms });
}

function secondOf(row: unknown, place: ReadonlyMap<unknown, number>): RecordedSecond[] {
  if (!Array.isArray(row)) return [];
  const cell = (name: string): unknown => row[place.get(name) ?? -1];
  const text = (name: string): string | undefined => plainText(cell(name), 64);
  const [wall_ms, mono_ms] = [moment(cell('wall_ms')), moment(cell('mono_ms'))];
  if (wall_ms === undefined || mono_ms === undefined) return [];
  const [hub, bound_ns] = [cell('hub_up'), (name: string) => figure(cell(name), mostOf.error_ns)];
  const offset = figure(cell('offset_ns'), mostOf.offset_ns, -mostOf.offset_ns);
  return [
    {
      ...{ wall_ms, mono_ms, holdover: cell('holdover') === 1 },
      ...known({
        ...{ source: text('source'), quality: text('quality') },
        ...{ offset_ns: offset, error_bound_ns: bound_ns('error_bound_ns') },
        ...{ error_rel_ns: bound_ns('error_rel_ns'), port_state: text('port_state') },
        ...{ ntp_source: text('ntp_source'), ntp_last_rx_s: figure(cell('ntp_last_rx_s'), mostOf.span_s) },
        ...{
          hub_up: typeof hub === 'number' ? hub === 1 : undefined,
          hub_rtt_us: figure(cell('hub_rtt_us'), mostOf.rtt_us),
        },
      }),
    },
  ];
}

/** A record is complete 10 s after the last change that it has, waits for up to 12 min for the one before, and may come later. */
const before_ms = 5000;

/**
 * The recording of that moment, Unix ms: the first that the hub took from then on; or why there is none. Where the newest of all is
 * older the stream is not searched. Never rejects.
 */
export async function readRecording(
  link: Link,
  unit: string,
  at_ms: number,
): Promise<ParseResult<Recording>> {
  const { recorder } = subjectsOf(unit, '*').metric;
  const found: StreamMessage[] = [];
  const take = (message: StreamMessage): void => void found.push(message);
  try {
    await getDirect(link, 'NUNECT', { multi_last: [recorder] }, take);
    const [newest] = found.splice(0);
    if (newest === undefined || newest.at_ms < at_ms - before_ms)
      return unparsed('the hub has no recording of that time');
    const start_time = new Date(at_ms - before_ms).toISOString();
    await getDirect(link, 'NUNECT', { next_by_subj: recorder, start_time }, take);
  } catch (error) {
    return unparsed(messageOf(error));
  }
  const [first] = found;
  return first === undefined
    ? unparsed('the hub has no recording of that time')
    : parseRecording(first.data, first.at_ms);
}
