// What is kept of a unit: its newest records, and how they follow each other. Time is monotonic ms, passed in. Pure.
import { known } from '../../../lib/known.ts';
import type { Expiry } from '../model.ts';
import type { RecordKind, UnitRecord } from '../record/unitrecord.ts';
import { beginRun, heardRun, isOfOther, newSpeakers, type Speakers } from './speakers.ts';

/** The newest record of one kind. */
export interface Last {
  readonly at_ms: number;
  readonly record: UnitRecord;
  /** The run of the agent at that time, which a slim record does not name. */
  readonly run?: string | undefined;
}

/** A unit and what it has told. */
export interface UnitRow {
  readonly unit: string;
  last: Partial<Record<RecordKind, Last>>;
  /** The newest full record of each kind: slim ones lack what only that one says. */
  full: Partial<Record<RecordKind, Last>>;
  /** Time of the newest slim heartbeat: where there are some, other kinds come with full sets only. */
  slim_ms: number;
  /** Time of the newest live record of any kind. */
  newest_ms: number;
  /** The run of the agent that is shown, and others. */
  readonly speakers: Speakers;
  restarts: number;
  /** For a unit that does not send its interval: the pause between its last two heartbeats, if longer than usual. */
  pause_s: number;
  offline: boolean;
  /** It is known from the roster alone: nothing was heard of it yet. */
  isUnheard: boolean;
  /** Its certificates and logins, which it names at its start, on a change and daily. */
  expires: { readonly at_ms: number; readonly list: readonly Expiry[] } | undefined;
}

/** For a unit that does not send its interval: that of the Go guardian. */
export const usualInterval_s = 5;
/** Three intervals, and the random part by which the agent spreads the heartbeats of a fleet. */
export const missedIntervals = 3.1;
/** Time from one of its heartbeats to the next. */
export const interval_s = (row: UnitRow): number =>
  row.last.heartbeat?.record.fields.interval_s ?? row.pause_s;

/** A record that came after a newer one or twice, or is of an earlier run of the agent. */
export function cameLate(row: UnitRow, record: UnitRecord, now_ms: number): boolean {
  const last = row.last[record.kind];
  if (record.boot !== undefined && record.n !== undefined) {
    if (row.speakers.past.has(record.boot)) return true;
    if (last === undefined || record.boot !== row.speakers.boot) return false;
    if (last.run !== undefined && last.run !== row.speakers.boot) return false; // which counted on its own
    const { n, seq } = last.record;
    return n === undefined ? (record.seq ?? 0) <= (seq ?? -1) : record.n <= n; // a slim one has come meanwhile
  }
  if (last?.record.seq === undefined || record.seq === undefined || record.seq > last.record.seq)
    return false;
  return now_ms - last.at_ms < interval_s(row) * 900; // later than that it has begun to count anew
}

function countRestart(row: UnitRow, record: UnitRecord, now_ms: number): void {
  const last = row.last[record.kind]?.record;
  const { speakers } = row;
  const { boot } = speakers;
  const restarted = record.boot === undefined && boot === undefined && (record.seq ?? 0) < (last?.seq ?? 0);
  if (record.boot !== undefined && record.boot !== boot) {
    const isSecond = boot !== undefined || (record.seq ?? Infinity) < (last?.seq ?? 0); // of the first only slim ones came
    if (isSecond) row.restarts += 1;
    if (speakers.areTwo) clear(row);
    beginRun(speakers, record, now_ms);
  } else if (restarted && record.kind === 'heartbeat') row.restarts += 1;
}

/** Nothing of what one agent has said is left beside what another one says. */
function clear(row: UnitRow): void {
  row.speakers.pastFull = row.full.heartbeat?.record.seq;
  Object.assign(row, {
    last: {},
    full: {},
    slim_ms: -Infinity,
    pause_s: usualInterval_s,
    expires: undefined,
  });
}

/** Who speaks: where two do by turns, the one that is shown changes. Gives whether the record is of the other one. */
export function isOfAnother(row: UnitRow, record: UnitRecord, now_ms: number): boolean {
  const { speakers } = row;
  if (heardRun(speakers, record, now_ms)) {
    clear(row);
    beginRun(speakers, record, now_ms);
  }
  return isOfOther(speakers, record, row.full.heartbeat?.record.seq);
}

/** The other one speaks: somebody is there, and not the one that has stopped. */
export function hearOther(row: UnitRow, now_ms: number): void {
  if (row.last.heartbeat?.record.fields.stopping === true) clear(row);
  Object.assign(row, { newest_ms: now_ms, offline: false, isUnheard: false });
}

/** Keeps a full record for the slim ones that refer to it, even where it came behind them. */
export function keepFull({ full, speakers: { boot } }: UnitRow, record: UnitRecord, now_ms: number): void {
  const before = full[record.kind]?.record;
  const isOfRun = record.boot !== undefined && record.boot === boot;
  if (record.isFull && isOfRun && !(before?.boot === boot && (before?.seq ?? 0) >= (record.seq ?? 0)))
    full[record.kind] = { at_ms: now_ms, record };
}

const kinds: readonly RecordKind[] = ['heartbeat', 'time', 'nats'];

/** The full set of records that its newest heartbeat is of, or refers to, by its sequence: all that it says still holds. */
export function setOf({ last: { heartbeat } }: UnitRow): number | undefined {
  const { full, isFull, seq } = heartbeat?.record ?? {};
  return full ?? (isFull === true ? seq : undefined);
}

/** That set, where not all of it is here: it came before we looked, or was lost on the way. */
export function lackedSet(row: UnitRow): number | undefined {
  const { full, boot } = row.last.heartbeat?.record ?? {};
  // the rest of the set of a full one that was heard comes at once; the Go guardian, whose records have no id, sends no sets
  if (full === undefined && !(row.isUnheard && boot !== undefined)) return undefined;
  const set = setOf(row);
  return kinds.every((kind) => row.full[kind]?.record.seq === set) ? undefined : set;
}

/** A record of a stream, and when it came there. */
export interface StoredRecord {
  readonly record: UnitRecord;
  readonly at_ms: number;
}

/** Of what it has said for how long it lasts, how long that is now. */
function agedFields({ clock_for_s, hub_for_s, ...fields }: UnitRecord['fields'], age_s: number) {
  const aged = (for_s: number | undefined) => for_s && for_s + age_s;
  return { ...fields, ...known({ clock_for_s: aged(clock_for_s), hub_for_s: aged(hub_for_s) }) };
}

/** Takes in the set that is lacked, as a stream has it; false where it is of another run of the agent. */
export function takeSet(row: UnitRow, set: readonly StoredRecord[], now_ms: number): boolean {
  const { speakers, full } = row;
  const [first] = set;
  const boot = first?.record.boot;
  if (first === undefined || boot === undefined || speakers.areTwo || speakers.past.has(boot)) return false;
  if (boot !== speakers.boot && first.at_ms <= (full.nats?.at_ms ?? -Infinity)) return false;
  if (speakers.boot === undefined)
    beginRun(speakers, first.record, first.at_ms); // slim ones name none
  else countRestart(row, first.record, first.at_ms);
  for (const { record: stored, at_ms } of set) {
    const { kind } = stored;
    const record = { ...stored, fields: agedFields(stored.fields, (now_ms - at_ms) / 1000) };
    keepFull(row, record, at_ms);
    if ((row.last[kind]?.at_ms ?? -Infinity) < at_ms) row.last[kind] = { at_ms, record, run: boot };
    const list = record.fields.expires;
    if (list !== undefined && row.expires === undefined) row.expires = { at_ms, list };
  }
  const { heartbeat } = row.last;
  if (heartbeat?.record.isFull === false) row.slim_ms = heartbeat.at_ms;
  return true;
}

/** Takes in a record that is not late. */
export function update(row: UnitRow, record: UnitRecord, now_ms: number): void {
  const { kind } = record;
  countRestart(row, record, now_ms);
  if (kind === 'heartbeat') {
    const before = row.last.heartbeat;
    if (before?.record.seq !== undefined && record.seq === before.record.seq + 1) {
      row.pause_s = Math.max(usualInterval_s, (now_ms - before.at_ms) / 1000);
    }
  }
  if (kind === 'heartbeat' && !record.isFull && row.speakers.boot !== undefined) row.slim_ms = now_ms;
  row.last[kind] = { at_ms: now_ms, record, run: row.speakers.boot };
  row.newest_ms = now_ms;
  row.offline = false;
  row.isUnheard = false;
  const list = record.fields.expires;
  if (list !== undefined) row.expires = { at_ms: now_ms, list };
}

/** A unit of which nothing is known yet. */
export const newRow = (unit: string, now_ms: number): UnitRow => ({
  unit,
  last: {},
  full: {},
  slim_ms: -Infinity,
  newest_ms: now_ms,
  speakers: newSpeakers(),
  restarts: 0,
  pause_s: usualInterval_s,
  offline: false,
  isUnheard: false,
  expires: undefined,
});
