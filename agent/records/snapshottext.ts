// The snapshot of a spool as text. Each line is one JSON object that ends in a line feed and begins with
// {"check":"<8 hex digits>", the first of the SHA-256 of what follows the comma, so that a changed line is detected.
// The first line is the header, each other line is one record, in order:
//   {"check":"…","format":"nunect-spool-1","unit":"u1","boot":"1f…","ended":"stop","last_seq":812,"records":2,
//    "kernel_boot":"…","mono_ms":…,"wall_ms":…,"gap":{…}}
//   {"check":"…","id":"u1-1f…-801","subject":"ops.heartbeat.u1","worth":"metric","wall_ms":…,"put_ms":…,
//    "headers":{"X-Unit-ID":["u1"]},"body":{…}}
// `worth` is the record's priority. `shift_ms`: by how much the clock was wrong when it was made. `settled`: it was made
// before this boot of the machine. `reports`: the gap that it tells of.

import { createHash } from 'node:crypto';
import { known } from '../lib/known.ts';
import { isObject } from '../lib/parse.ts';
import type { WaitingRecords } from './contents.ts';
import { type Gap, type KeptRecord, recordPriorities } from './record.ts';

const format = 'nunect-spool-1';

/** Whose snapshot it is, and of when. */
export interface SnapshotHeader {
  readonly unit: string;
  /** The run of the agent that wrote it. */
  readonly boot: string;
  /** `stop`: written at the end of the run. `running`: more records were put after it. */
  readonly ended: 'stop' | 'running';
  /** The last seq by then: the ids of that run end here, or later when it was `running`. */
  readonly last_seq: number;
  /** How many follow. */
  readonly records: number;
  /** The boot of the machine, which `mono_ms` and `put_ms` are of. */
  readonly kernel_boot: string;
  readonly mono_ms: number;
  readonly wall_ms: number;
  /** What is missing and not reported yet. */
  readonly gap?: Gap;
}

/** What can be read in a snapshot. */
export interface SnapshotContent {
  /** Missing when that line is broken. */
  readonly header?: SnapshotHeader;
  /** Only those of the unit asked for. */
  readonly records: readonly KeptRecord[];
  /** Records that are missing, as far as can be told. */
  readonly broken: number;
}

const checkOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

const line = (rest: string): string => `{"check":"${checkOf(rest)}",${rest}\n`;

function recordLine({ payload, priority, ...facts }: KeptRecord): string {
  return line(`${JSON.stringify({ ...facts, worth: priority }).slice(1, -1)},"body":${payload}}`);
}

const linesAtOnce = 200;

/** The text in chunks, so that other work goes on between them. */
export function* snapshotText(
  header: Omit<SnapshotHeader, 'last_seq' | 'records' | 'gap'>,
  { records, last_seq, gap }: WaitingRecords,
): Generator<string> {
  const first = { format, ...header, last_seq, records: records.length, ...known({ gap }) };
  yield line(JSON.stringify(first).slice(1));
  for (let at = 0; at < records.length; at += linesAtOnce)
    yield records
      .slice(at, at + linesAtOnce)
      .map(recordLine)
      .join('');
}

type Fields = Readonly<Record<string, unknown>>;

/** The object of a line; undefined when the line is not what was written. */
function readLine(text: string): Fields | undefined {
  const [, check, rest = ''] = /^\{"check":"([0-9a-f]{8})",(.*)$/s.exec(text) ?? [];
  if (check === undefined || checkOf(rest) !== check) return undefined;
  try {
    return JSON.parse(`{${rest}`) as Fields;
  } catch {
    return undefined;
  }
}

function readRecord(fields: Fields, unit: string): KeptRecord | undefined {
  const { body, worth: priority, ...facts } = fields;
  const { id, subject, wall_ms, put_ms } = facts;
  const rest = typeof id === 'string' && id.startsWith(`${unit}-`) ? id.slice(unit.length + 1) : '';
  const isRight =
    /^[A-Za-z0-9]+-\d+$/.test(rest) && // boots have no dash: else it would be of another unit
    typeof subject === 'string' &&
    recordPriorities.some((one) => one === priority) &&
    [wall_ms, put_ms].every(Number.isFinite) &&
    isObject(body);
  return isRight
    ? ({ ...facts, priority, payload: JSON.stringify(body) } as unknown as KeptRecord)
    : undefined;
}

/** The header and the records of that unit whose lines are intact. Never throws. */
export function readSnapshot(lines: Iterable<string>, unit: string): SnapshotContent {
  let header: SnapshotHeader | undefined;
  const records: KeptRecord[] = [];
  let bad = 0;
  for (const text of lines) {
    const fields = readLine(text);
    if (fields?.['format'] === format) {
      header = fields as unknown as SnapshotHeader;
      continue;
    }
    const record = fields && readRecord(fields, unit);
    if (record === undefined) bad += 1;
    else records.push(record);
  }
  // records that were cut off left no line: only the header tells their number
  const broken = header === undefined ? bad : Math.max(bad, header.records - records.length);
  return { records, broken, ...known({ header }) };
}

/** The records with their times moved onto the monotonic clock of this boot of the machine. */
export function withTimesOfThisBoot(
  { header, records }: SnapshotContent,
  now: { readonly kernel_boot: string; readonly mono_ms: number },
): KeptRecord[] {
  const isSame = header?.kernel_boot === now.kernel_boot;
  return records.map((record) => {
    const age_ms = header === undefined ? 0 : (isSame ? now.mono_ms : header.mono_ms) - record.put_ms;
    const put_ms = now.mono_ms - Math.max(0, age_ms);
    return isSame ? { ...record, put_ms } : { ...record, put_ms, settled: true };
  });
}
