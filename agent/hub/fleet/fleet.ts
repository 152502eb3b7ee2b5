// The units of a hub: one row each, kept up to date by record after record. Time is monotonic ms, passed in. Pure.
import { interval_s, isLate, keepFull, missedIntervals, newRow, type Row, update } from './rows.ts';
import { type Unit, view } from './rowview.ts';
import type { UnitRecord } from './unitrecord.ts';

export interface Fleet {
  /** Takes a record in. */
  add(record: UnitRecord, now_ms: number): void;
  /** Takes in the last heartbeat of a unit as the roster has it, which the hub heard at `heard_ms`. */
  addLast(record: UnitRecord, heard_ms: number, now_ms: number): void;
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
const wasDead = (row: Row, now_ms: number): boolean =>
  row.isUnheard && now_ms - row.newest_ms > missedIntervals * interval_s(row) * 1000 + lateRoster_ms;

/** A fleet without a unit; it takes no more than `limit`. */
export function newFleet(limit: number): Fleet {
  const rows = new Map<string, Row>();
  let changed = new Set<string>();
  let isTruncated = false;
  let proven_ms = -Infinity;
  let since_ms = 0;

  function markSilent(now_ms: number): void {
    if (now_ms - proven_ms > longestGap_ms) since_ms = now_ms;
    proven_ms = now_ms;
    for (const row of rows.values()) {
      if (row.offline) continue;
      const silent_ms = now_ms - Math.max(row.newest_ms, since_ms);
      row.offline = silent_ms > missedIntervals * interval_s(row) * 1000 || wasDead(row, now_ms);
      if (row.offline) changed.add(row.unit);
    }
  }

  function rowOf(unit: string, now_ms: number): Row | undefined {
    const found = rows.get(unit);
    if (found !== undefined) return found;
    isTruncated ||= rows.size >= limit;
    if (rows.size >= limit) return undefined;
    const row = newRow(unit, now_ms);
    rows.set(unit, row);
    return row;
  }

  return {
    add(record, now_ms) {
      const row = record.backfill ? rows.get(record.unit) : rowOf(record.unit, now_ms);
      if (row === undefined) return;
      if (!record.backfill && !isLate(row, record, now_ms)) update(row, record, now_ms);
      keepFull(row, record, now_ms);
      changed.add(record.unit);
    },
    addLast(record, heard_ms, now_ms) {
      const isNew = !rows.has(record.unit);
      const row = rowOf(record.unit, heard_ms);
      if (row === undefined || (!isNew && (heard_ms <= row.newest_ms || isLate(row, record, heard_ms))))
        return;
      update(row, record, heard_ms);
      keepFull(row, record, heard_ms);
      row.isUnheard = isNew;
      row.offline = wasDead(row, now_ms);
      changed.add(record.unit);
    },
    hear(unit, now_ms) {
      const row = rowOf(unit, now_ms);
      if (row === undefined) return;
      if (row.last.heartbeat === undefined) row.pause_s = clientPause_s;
      Object.assign(row, { newest_ms: now_ms, offline: false, isUnheard: false });
      changed.add(unit);
    },
    forget(unit) {
      if (rows.delete(unit)) changed.add(unit);
    },
    markSilent,
    units: (now_ms) => [...rows.values()].map((row) => view(row, now_ms)),
    unit(id, now_ms) {
      const row = rows.get(id);
      return row && view(row, now_ms);
    },
    takeChanged() {
      const taken = changed;
      changed = new Set();
      return taken;
    },
    isTruncated: () => isTruncated,
  };
}
