// What single records of a stream tell of a unit. Others wrote everything in them. Pure.
import { known } from '../../../../lib/known.ts';
import { isObject, parseObject } from '../../../../lib/parse.ts';
import { subjectsOf } from '../../../../wire/subjects.ts';
import type { StreamMessage } from '../../../asks/streamread.ts';
import { parseRecord, type RecordKind, type UnitRecord } from '../../../fleet/record/unitrecord.ts';
import { figure, mostOf, plainText } from '../../../fleet/record/values.ts';
import type { UnitDevice, UnitEvent, UnitLogLine, UnitLook } from './history.ts';

type Json = Readonly<Record<string, unknown>>;
/** What the records of NUNECT are read of. */
type Stored = Pick<StreamMessage, 'subject' | 'at_ms' | 'data' | 'headers'>;

/** Longer than any record of a unit. */
const longest_bytes = 1_048_576;

function bodyOf(data: Uint8Array): Json {
  const body = data.length > longest_bytes ? undefined : parseObject(new TextDecoder().decode(data));
  return body?.ok === true ? body.value : {};
}
const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The subjects of the records that a look is made of. */
export const lookSubjects = (unit: string) => {
  const { heartbeat, metric } = subjectsOf(unit, '*');
  return { heartbeat, time: metric.time, rtt: metric.rtt, nats: metric.nats };
};

const kindOf = (subject: string): RecordKind | 'rtt' | undefined => {
  const [, second, third] = subject.split('.');
  if (second === 'heartbeat') return second;
  return third === 'time' || third === 'nats' || third === 'rtt' ? third : undefined;
};

/** So long the figures of a record are told for. */
const told_ms = 600_000;

/**
 * What the newest records say together; undefined where there are none. What is older than 10 minutes says nothing of that moment,
 * nor does what came late: it shows an earlier one.
 */
export function lookOf(messages: readonly Stored[]): UnitLook | undefined {
  const heard_ms = Math.max(...messages.map(({ at_ms }) => at_ms));
  if (!Number.isFinite(heard_ms)) return undefined;
  const said: Partial<Record<RecordKind, UnitRecord['fields']>> = {};
  let rtt_us: number | undefined;
  for (const { subject, data, headers, at_ms } of messages) {
    const kind = kindOf(subject);
    if (kind === undefined || heard_ms - at_ms > told_ms) continue;
    if (kind === 'rtt') {
      const { backfill, hub_rtt_us } = bodyOf(data);
      if (backfill !== true) rtt_us = figure(hub_rtt_us, mostOf.rtt_us);
      continue;
    }
    const record = parseRecord(kind, { subject, data, headers, size: () => data.length });
    if (record !== undefined && !record.backfill) said[kind] = record.fields;
  }
  const { heartbeat, time, nats } = said;
  const holdover = time?.clock?.holdover;
  return {
    heard_ms,
    ...known({
      interval_s: heartbeat?.interval_s,
      health: heartbeat?.health,
      clock: heartbeat?.clock ? { ...heartbeat.clock, ...known({ holdover }) } : time?.clock,
      hub_rtt_us: rtt_us ?? nats?.hub_rtt_us,
      backlog: nats?.backlog,
    }),
  };
}

/** Of a record of the link that came late: when the unit made it, and how many records waited then. */
export function lateBacklogOf({ data }: Stored): { at_ms: number; backlog: number } | undefined {
  const { ts, backfill, spool } = bodyOf(data);
  const at_ms = figure(ts, mostOf.wall_ms);
  const backlog = figure(objectOf(spool)['pending'], mostOf.count);
  return backfill === true && at_ms !== undefined && backlog !== undefined ? { at_ms, backlog } : undefined;
}

const longestEvidence = 300;
/** A state of an event, which is a text, a number or a small object of these. */
function stateOf(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value, 100);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (!isObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 6)
      .flatMap(([name, one]) => (isObject(one) ? [] : [[plainText(name, 40) ?? '?', stateOf(one)]])),
  );
}

/** An event of a unit (`ops.status`); undefined where that is none. */
export function eventOf({ data, at_ms }: Stored): UnitEvent | undefined {
  const { event, before, after, evidence, ts, backfill } = bodyOf(data);
  const name = typeof event === 'string' && /^[a-z0-9_]{1,40}$/.test(event) ? event : undefined;
  if (name === undefined || name === 'health') return undefined; // the answer to a question is no change
  const made_ms = backfill === true ? figure(ts, mostOf.wall_ms) : undefined;
  return {
    at_ms: made_ms ?? at_ms,
    event: name,
    ...known({
      before: stateOf(before),
      after: stateOf(after),
      evidence: plainText(evidence, longestEvidence),
    }),
  };
}

/** A line of its log (`ops.log`); undefined where that is none. */
export function logLineOf({ subject, data, at_ms }: Stored): UnitLogLine | undefined {
  const { comp, msg, fields } = bodyOf(data);
  const [part, text] = [plainText(comp, 40), plainText(msg, 300)];
  const level = subject.split('.')[2] ?? '';
  if (text === undefined) return undefined;
  const more = isObject(fields) ? plainText(JSON.stringify(fields), 300) : undefined;
  const all = [part && `${part}:`, text, more === '{}' ? undefined : more].filter(Boolean).join(' ');
  return { at_ms, level: level.slice(0, 8), text: all };
}

const words = (...parts: unknown[]): string | undefined =>
  plainText(parts.filter((part) => typeof part === 'string' && part !== '').join(' '), 120);

/** More than any device has of cores, or of load. */
const mostLoad = 1e6;

/** The device by a record of it; board, firmware and sizes are not in each. */
export function deviceOf({ data, at_ms }: Stored): UnitDevice {
  const { board, firmware, uptime_s, load, cores, memory, temperatures } = objectOf(bodyOf(data)['host']);
  const { name, version } = objectOf(firmware);
  const { total_bytes, available_bytes } = objectOf(memory);
  const heats = listOf(temperatures).flatMap((one) => figure(objectOf(one)['celsius'], 1000, -274) ?? []);
  return {
    at_ms,
    ...known({
      board: words(objectOf(board)['model']) ?? words(objectOf(board)['name']),
      firmware: words(name, version),
      uptime_s: figure(uptime_s, mostOf.span_s),
      load: figure(listOf(load)[0], mostLoad),
      cores: figure(cores, mostLoad),
      memory_total_bytes: figure(total_bytes, mostOf.count),
      memory_free_bytes: figure(available_bytes, mostOf.count),
      celsius: heats.length === 0 ? undefined : Math.max(...heats),
    }),
  };
}

/** The rows of `ops.metric.minutes`, by which a unit that sends little tells each minute. */
export function minutesOf({ data }: Stored): (UnitLook & { readonly at_ms: number })[] {
  const { since_ms, columns, rows } = bodyOf(data);
  const since = figure(since_ms, mostOf.wall_ms);
  const at = (name: string): number => listOf(columns).indexOf(name);
  if (since === undefined) return [];
  return listOf(rows)
    .slice(0, 60)
    .flatMap((row) => {
      const cell = (name: string): unknown => listOf(row)[at(name)];
      const at_s = figure(cell('at_s'), mostOf.span_s);
      const [source, quality] = [cell('source'), cell('quality')].map((one) =>
        typeof one === 'string' && /^[a-z_]{1,32}$/.test(one) ? one : undefined,
      );
      if (at_s === undefined) return [];
      const at_ms = since + at_s * 1000;
      const health = ['healthy', 'degraded', 'critical'].find((one) => one === cell('status'));
      const clock = source && {
        source,
        ...known({ quality, error_bound_ns: figure(cell('error_bound_ns'), mostOf.error_ns) }),
      };
      const look = {
        health: health as UnitLook['health'],
        clock: clock || undefined,
        hub_rtt_us: figure(cell('mean_hub_us'), mostOf.rtt_us),
      };
      return [{ at_ms, heard_ms: at_ms, ...known(look) }];
    });
}
