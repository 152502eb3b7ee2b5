// The snapshot of a spool as text. Each line is one JSON object that ends in a line feed and begins with
// {"check":"<8 hex digits>", the first of the SHA-256 of what follows the comma: a line is right or it is not. The
// first line says whose snapshot it is and of when, each other line is one record, in order:
//   {"check":"…","format":"nunect-spool-1","unit":"u1","boot":"1f…","ended":"stop","last_seq":812,"records":2,
//    "kernel_boot":"…","mono_ms":…,"wall_ms":…,"gap":{…}}
//   {"check":"…","id":"u1-1f…-801","subject":"ops.heartbeat.u1","worth":"metric","wall_ms":…,"put_ms":…,
//    "headers":{"X-Unit-ID":["u1"]},"body":{…}}
// `shift_ms`: by how much the clock was wrong when the record was made. `settled`: it is of an earlier boot of the machine.

import { createHash } from 'node:crypto';
import { isObject } from '../lib/json.ts';
import { known } from '../lib/known.ts';
import type { Gap, KeptRecord, Waiting } from './spool.ts';
import { recordClasses } from './subjectqueue.ts';

const spoolFormat = 'nunect-spool-1';

/** Whose snapshot it is, and of when. */
export interface SpoolHeader {
  readonly unit: string;
  /** The run of the agent that wrote it. */
  readonly boot: string;
  /** `stop`: at its end, after all was put. `running`: more was put after it. */
  readonly ended: 'stop' | 'running';
  /** The seq that was given last by then: the ids of that run end here, or later when it was `running`. */
  readonly last_seq: number;
  /** How many follow. */
  readonly records: number;
  /** The boot of the machine, which `mono_ms` and `put_ms` are of. */
  readonly kernel_boot: string;
  readonly mono_ms: number;
  readonly wall_ms: number;
  readonly gap?: Gap;
}

/** What can be read of a snapshot. */
export interface SpoolContent {
  /** Missing when that line is broken. */
  readonly header?: SpoolHeader;
  /** Only those of the unit asked for. */
  readonly records: readonly KeptRecord[];
  /** Records that are missing, as far as can be told. */
  readonly broken: number;
  /** Lines that are what they were, also of other units. */
  readonly sound: number;
}

const checkOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

const line = (rest: string): string => `{"check":"${checkOf(rest)}",${rest}\n`;

function recordLine({ payload, ...facts }: KeptRecord): string {
  return line(`${JSON.stringify(facts).slice(1, -1)},"body":${payload}}`);
}

const linesAtOnce = 200;

/** The text in pieces, so that others have their turn between them. */
export function* spoolText(
  header: Omit<SpoolHeader, 'last_seq' | 'records' | 'gap'>,
  { records, last_seq, gap }: Waiting,
): Generator<string> {
  const first = { format: spoolFormat, ...header, last_seq, records: records.length, ...known({ gap }) };
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

const isHeader = (fields: Fields): boolean => fields['format'] === spoolFormat;

function readRecord(fields: Fields, unit: string): KeptRecord | undefined {
  const { body, ...facts } = fields;
  const { id, subject, worth, wall_ms, put_ms } = facts;
  const rest = typeof id === 'string' && id.startsWith(`${unit}-`) ? id.slice(unit.length + 1) : '';
  const isRight =
    /^[A-Za-z0-9]+-\d+$/.test(rest) && // boots have no dash: else it would be of another unit
    typeof subject === 'string' &&
    recordClasses.some((one) => one === worth) &&
    [wall_ms, put_ms].every(Number.isFinite) &&
    isObject(body);
  return isRight ? ({ ...facts, payload: JSON.stringify(body) } as unknown as KeptRecord) : undefined;
}

/** What of a snapshot is whole. Never throws. */
export function readSpoolText(lines: Iterable<string>, unit: string): SpoolContent {
  let header: SpoolHeader | undefined;
  const records: KeptRecord[] = [];
  let bad = 0;
  let sound = 0;
  for (const text of lines) {
    const fields = readLine(text);
    if (fields === undefined) {
      bad += 1;
      continue;
    }
    sound += 1;
    if (isHeader(fields)) header = fields as unknown as SpoolHeader;
    else {
      const record = readRecord(fields, unit);
      if (record === undefined) bad += 1;
      else records.push(record);
    }
  }
  // what was cut off left no line; of a broken header it cannot be known what it counted
  const broken = header === undefined ? bad : Math.max(bad, header.records - records.length);
  return { records, broken, sound, ...known({ header }) };
}

/** The records as they go into a spool of now: their times moved onto the monotonic clock of this boot of the machine. */
export function settle(
  { header, records }: SpoolContent,
  now: { readonly kernel_boot: string; readonly mono_ms: number },
): KeptRecord[] {
  const isSame = header?.kernel_boot === now.kernel_boot;
  return records.map((record) => {
    const age_ms = header === undefined ? 0 : (isSame ? now.mono_ms : header.mono_ms) - record.put_ms;
    const put_ms = now.mono_ms - Math.max(0, age_ms);
    return isSame ? { ...record, put_ms } : { ...record, put_ms, settled: true };
  });
}
