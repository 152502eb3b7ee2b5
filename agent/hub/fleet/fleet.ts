// The units of a hub: one row each, kept up to date by record after record. Time is monotonic ms, passed in. Pure.

import type { UnitRecord } from './record/unitrecord.ts';
import {
  cameLate,
  hearOther,
  interval_s,
  isOfAnother,
  keepFull,
  lackedSet,
  missedIntervals,
  newRow,
  type StoredRecord,
  takeSet,
  type UnitRow,
  update,
} from './row/rows.ts';
import { type Unit, view } from './row/rowview.ts';

/** A full set of records by its sequence. */
export interface LackedSet {
  readonly unit: string;
  readonly set: number;
}

export interface Fleet {
  /** Takes a record in. */
  add(record: UnitRecord, now_ms: number): void;
  /** Takes in the last heartbeat of a unit as the roster has it, which the hub heard at `heard_ms`. */
  addLast(record: UnitRecord, heard_ms: number, now_ms: number): void;
  /** The full sets that are referred to and not here, those of the unwell first. */
  lacking(): LackedSet[];
  /** Takes in such a set as a stream has it. */
  addSet(unit: string, set: readonly StoredRecord[], now_ms: number): void;
  /** A client was heard that sends no heartbeats, or not now. */
  hear(unit: string, now_ms: number): void;
  /** It is not expected any more. */
  forget(unit: string): void;
  /**
   * Marks the units that are silent for too long as offline. To be called about every second while the connection is
   * proven to work; the silence of a longer pause between two calls is not counted against the units.
   */
  markSilent(now_ms: number): void;
  units(now_ms: number): Unit[];
  unit(id: string, now_ms: number): Unit | undefined;
  /** The ids of the units that were heard, fell silent or were forgotten since the last call. */
  takeChanged(): ReadonlySet<string>;
  /** There are more units than the limit; the further ones are left out. */
  isTruncated(): boolean;
}

/** Between two proofs that the connection works. */
const longestGap_ms = 3000;
/** So late may the roster be: a cluster's follows its source anew after a change of leader, with back-off. */
const lateRoster_ms = 150_000;
/** From one sign of life to the next of a client that sends no heartbeats; after three of them it is away. */
const clientPause_s = 100;

/** A unit of the roster was dead before we looked. */
const wasDead = (row: UnitRow, now_ms: number): boolean =>
  row.isUnheard && now_ms - row.newest_ms > missedIntervals * interval_s(row) * 1000 + lateRoster_ms;

interface State {
  readonly rows: Map<string, UnitRow>;
  readonly limit: number;
  changed: Set<string>;
  isTruncated: boolean;
  /** When the connection was last proven to work, and since when it has been without a pause. */
  proven_ms: number;
  since_ms: number;
}

function markSilent(state: State, now_ms: number): void {
  if (now_ms - state.proven_ms > longestGap_ms) state.since_ms = now_ms;
  state.proven_ms = now_ms;
  for (const row of state.rows.values()) {
    if (row.offline) continue;
    const silent_ms = now_ms - Math.max(row.newest_ms, state.since_ms);
    row.offline = silent_ms > missedIntervals * interval_s(row) * 1000 || wasDead(row, now_ms);
    if (row.offline) state.changed.add(row.unit);
  }
}

function rowOf(state: State, unit: string, now_ms: number): UnitRow | undefined {
  const { rows, limit } = state;
  const found = rows.get(unit);
  if (found !== undefined) return found;
  state.isTruncated ||= rows.size >= limit;
  if (rows.size >= limit) return undefined;
  const row = newRow(unit, now_ms);
  rows.set(unit, row);
  return row;
}

function add(state: State, record: UnitRecord, now_ms: number): void {
  const { unit, backfill } = record;
  const row = backfill ? state.rows.get(unit) : rowOf(state, unit, now_ms);
  if (row === undefined) return;
  if (!backfill && isOfAnother(row, record, now_ms)) hearOther(row, now_ms);
  else if (!backfill && !cameLate(row, record, now_ms)) update(row, record, now_ms);
  keepFull(row, record, now_ms);
  state.changed.add(unit);
}

function addLast(state: State, record: UnitRecord, heard_ms: number, now_ms: number): void {
  const isNew = !state.rows.has(record.unit);
  const row = rowOf(state, record.unit, heard_ms);
  if (row === undefined) return;
  if (!isNew && (heard_ms <= row.newest_ms || cameLate(row, record, heard_ms))) return;
  update(row, record, heard_ms);
  keepFull(row, record, heard_ms);
  row.isUnheard = isNew;
  row.offline = wasDead(row, now_ms);
  state.changed.add(record.unit);
}

function lacking({ rows }: State): LackedSet[] {
  const [unwell, well]: [LackedSet[], LackedSet[]] = [[], []];
  for (const row of rows.values()) {
    const set = lackedSet(row);
    const isWell = row.last.heartbeat?.record.fields.health === 'healthy' && !row.offline;
    if (set !== undefined) (isWell ? well : unwell).push({ unit: row.unit, set });
  }
  return [...unwell, ...well];
}

function addSet(state: State, unit: string, set: readonly StoredRecord[], now_ms: number): void {
  const row = state.rows.get(unit);
  if (row !== undefined && takeSet(row, set, now_ms)) state.changed.add(unit);
}

function hear(state: State, unit: string, now_ms: number): void {
  const row = rowOf(state, unit, now_ms);
  if (row === undefined) return;
  if (row.last.heartbeat === undefined) row.pause_s = clientPause_s;
  Object.assign(row, { newest_ms: now_ms, offline: false, isUnheard: false });
  state.changed.add(unit);
}

/** A fleet without a unit; it takes no more than `limit`. */
export function newFleet(limit: number): Fleet {
  const rows = new Map<string, UnitRow>();
  const state: State = {
    ...{ rows, limit, changed: new Set(), isTruncated: false },
    ...{ proven_ms: -Infinity, since_ms: 0 },
  };
  return {
    add: (record, now_ms) => add(state, record, now_ms),
    addLast: (record, heard_ms, now_ms) => addLast(state, record, heard_ms, now_ms),
    lacking: () => lacking(state),
    addSet: (unit, set, now_ms) => addSet(state, unit, set, now_ms),
    hear: (unit, now_ms) => hear(state, unit, now_ms),
    forget(unit) {
      if (!rows.delete(unit)) return;
      state.changed.add(unit);
      state.isTruncated = false; // there is room: whoever is still left out shows with its next record
    },
    markSilent: (now_ms) => markSilent(state, now_ms),
    units: (now_ms) => [...rows.values()].map((row) => view(row, now_ms)),
    unit(id, now_ms) {
      const row = rows.get(id);
      return row && view(row, now_ms);
    },
    takeChanged() {
      const taken = state.changed;
      state.changed = new Set();
      return taken;
    },
    isTruncated: () => state.isTruncated,
  };
}
