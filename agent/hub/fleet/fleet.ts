// The units of a hub: one row each, kept up to date by record after record. Time is monotonic ms, passed in.
import { trafficProfiles } from '../../config/traffic.ts';
import { known } from '../../lib/known.ts';
import type { RecordFields, RecordKind, ReportedClock, UnitRecord } from './unitrecord.ts';

/** `unknown`: there are records, but none with its health. `stopped`: on purpose. `offline`: heartbeats are missing. */
export const states = ['critical', 'offline', 'degraded', 'unknown', 'healthy', 'stopped'] as const;
export type State = (typeof states)[number];

/** A unit at this moment. What is not known is missing. */
export interface Unit extends Omit<RecordFields, 'clock' | 'stopping' | 'isDraining'> {
  readonly unit: string;
  readonly state: State;
  /** Since its last record. */
  readonly age_s: number;
  readonly clock?: ReportedClock;
  /** How often its agent was restarted since the first record. */
  readonly restarts: number;
  /** The unit that its records name, where that is another one. */
  readonly claims?: string;
}

export interface Fleet {
  /** Takes a record in. */
  add(record: UnitRecord, now_ms: number): void;
  /**
   * Marks the units that are silent for too long as offline. To be called about every second while the connection is
   * proven to work; the silence of a longer pause between two calls is not counted against the units.
   */
  markSilent(now_ms: number): void;
  units(now_ms: number): Unit[];
  /** There are more units than the limit; the further ones are left out. */
  isTruncated(): boolean;
}

/** The newest record of one kind. */
interface Last {
  readonly at_ms: number;
  readonly record: UnitRecord;
  /** The run of the agent at that time, which a slim record does not name. */
  readonly run?: string | undefined;
}

interface Row {
  readonly unit: string;
  readonly last: Partial<Record<RecordKind, Last>>;
  /** The newest full record of each kind: slim ones lack what only that one says. */
  readonly full: Partial<Record<RecordKind, Last>>;
  /** Time of the newest slim heartbeat: where there are some, other kinds come with full sets only. */
  slim_ms: number;
  /** Time of the newest live record of any kind. */
  newest_ms: number;
  boot: string | undefined;
  /** Earlier runs of the agent. */
  readonly pastBoots: string[];
  restarts: number;
  /** For a unit that does not send its interval: the pause between its last two heartbeats, if longer than usual. */
  pause_s: number;
  offline: boolean;
}

/** For a unit that does not send its interval: that of the Go guardian. */
const usualInterval_s = 5;
/** Three intervals, and the random part by which the agent spreads the heartbeats of a fleet. */
const missedIntervals = 3.1;
const mostPastBoots = 4;
/** Between two proofs that the connection works. */
const longestGap_ms = 3000;

/** From one full set of records to the next, as most units send them, and a little more. */
const fullSets_s = trafficProfiles.standard.full_s + 10;
/** So long the longest backlog takes to drain. */
const draining_ms = 10_000;

const interval_s = (row: Row): number => row.last.heartbeat?.record.fields.interval_s ?? row.pause_s;

/** A record that came after a newer one or twice, or is of an earlier run of the agent. */
function isLate(row: Row, record: UnitRecord, now_ms: number): boolean {
  const last = row.last[record.kind];
  if (record.boot !== undefined && record.n !== undefined) {
    if (row.pastBoots.includes(record.boot)) return true;
    if (last === undefined || record.boot !== row.boot) return false;
    if (last.run !== undefined && last.run !== row.boot) return false; // which counted on its own
    const { n, seq } = last.record;
    return n === undefined ? (record.seq ?? 0) <= (seq ?? -1) : record.n <= n; // a slim one has come meanwhile
  }
  if (last?.record.seq === undefined || record.seq === undefined || record.seq > last.record.seq)
    return false;
  return now_ms - last.at_ms < interval_s(row) * 900; // later than that it has begun to count anew
}

function countRestart(row: Row, record: UnitRecord): void {
  const last = row.last[record.kind]?.record;
  const restarted =
    record.boot === undefined && row.boot === undefined && (record.seq ?? 0) < (last?.seq ?? 0);
  if (record.boot !== undefined && record.boot !== row.boot) {
    const isSecond = row.boot !== undefined || (record.seq ?? Infinity) < (last?.seq ?? 0); // of the first only slim ones came
    if (isSecond) row.restarts += 1;
    if (row.boot !== undefined) row.pastBoots.push(row.boot);
    if (row.pastBoots.length > mostPastBoots) row.pastBoots.shift();
    row.boot = record.boot;
  } else if (restarted && record.kind === 'heartbeat') row.restarts += 1;
}

/** Keeps a full record for the slim ones that refer to it, even where it came behind them. */
function keepFull({ full, boot }: Row, record: UnitRecord, now_ms: number): void {
  const before = full[record.kind]?.record;
  const isOfRun = record.boot !== undefined && record.boot === boot;
  if (record.isFull && isOfRun && !(before?.boot === boot && (before?.seq ?? 0) >= (record.seq ?? 0)))
    full[record.kind] = { at_ms: now_ms, record };
}

function update(row: Row, record: UnitRecord, now_ms: number): void {
  const { kind } = record;
  countRestart(row, record);
  if (kind === 'heartbeat') {
    const before = row.last.heartbeat;
    if (before?.record.seq !== undefined && record.seq === before.record.seq + 1) {
      row.pause_s = Math.max(usualInterval_s, (now_ms - before.at_ms) / 1000);
    }
  }
  if (kind === 'heartbeat' && !record.isFull && row.boot !== undefined) row.slim_ms = now_ms;
  row.last[kind] = { at_ms: now_ms, record, run: row.boot };
  row.newest_ms = now_ms;
  row.offline = false;
}

/** The fields of the newest record of a kind; none once other kinds kept coming without it for so many intervals. */
function fieldsOf(row: Row, kind: RecordKind, intervals = missedIntervals): RecordFields {
  const last = row.last[kind];
  const old = last !== undefined && row.newest_ms - last.at_ms > intervals * interval_s(row) * 1000;
  return old ? {} : (last?.record.fields ?? {});
}

/** The full record of that kind in the set that the newest heartbeat is of, or refers to: all that it says still holds. */
function stillTold({ last, full }: Row, kind: RecordKind): RecordFields {
  const { heartbeat } = last;
  const set =
    heartbeat?.record.full ?? (heartbeat?.record.isFull === true ? heartbeat.record.seq : undefined);
  const told = full[kind]?.record;
  return set !== undefined && set === told?.seq ? told.fields : {};
}

/** The fields of the newest heartbeat; a slim one is filled up with what still holds, and with what a run never changes. */
function heartbeatOf(row: Row): RecordFields {
  const newest = fieldsOf(row, 'heartbeat');
  if (row.last.heartbeat?.record.isFull === true || Object.keys(newest).length === 0) return newest;
  const { version, tenant } = row.full.heartbeat?.record.fields ?? {};
  return { ...known({ version, tenant }), ...stillTold(row, 'heartbeat'), ...newest };
}

/** The clock of the newest record that has it, and whether it is in holdover, which a heartbeat does not say. */
function clockOf(row: Row, ofHeartbeat: ReportedClock | undefined) {
  const newest = fieldsOf(row, 'time', 1.2);
  const told = stillTold(row, 'time');
  const holdover = told.clock?.holdover;
  return known({
    clock: newest.clock ?? (ofHeartbeat && { ...ofHeartbeat, ...known({ holdover }) }),
    clock_reason: newest.clock_reason ?? told.clock_reason,
  });
}

/** Of the link what still holds, and figures no older than full sets are apart. */
function linkOf(row: Row): RecordFields {
  const usual_s = missedIntervals * interval_s(row);
  const isSlim = row.newest_ms - row.slim_ms < usual_s * 1000;
  const { hub_up } = stillTold(row, 'nats');
  const { isDraining, backlog, ...newest } = fieldsOf(
    row,
    'nats',
    (isSlim ? Math.max(usual_s, fullSets_s) : usual_s) / interval_s(row),
  );
  const isDrained = isDraining === true && row.newest_ms - (row.last.nats?.at_ms ?? 0) > draining_ms;
  return { ...known({ hub_up, backlog: isDrained ? undefined : backlog }), ...newest };
}

/** Of a unit that is gone nothing that it measured: that says nothing of now. */
function view(row: Row, now_ms: number): Unit {
  const { stopping, clock, health, ...heartbeat } = heartbeatOf(row);
  const isGone = stopping === true || row.offline;
  const seen = {
    unit: row.unit,
    age_s: (now_ms - row.newest_ms) / 1000,
    restarts: row.restarts,
    ...known({
      claims: Object.values(row.last).find(({ record }) => record.claims !== undefined)?.record.claims,
      version: heartbeat.version,
      problems: heartbeat.problems,
    }),
  };
  if (isGone) return { ...seen, state: stopping === true ? 'stopped' : 'offline' };
  return {
    ...seen,
    state: health ?? 'unknown',
    ...heartbeat,
    ...linkOf(row),
    ...clockOf(row, clock),
    ...known({ health }),
  };
}

/** A fleet without a unit; it takes no more than `limit`. */
export function newFleet(limit: number): Fleet {
  const rows = new Map<string, Row>();
  let isTruncated = false;
  let proven_ms = -Infinity;
  let since_ms = 0;

  function markSilent(now_ms: number): void {
    if (now_ms - proven_ms > longestGap_ms) since_ms = now_ms;
    proven_ms = now_ms;
    for (const row of rows.values()) {
      const silent_ms = now_ms - Math.max(row.newest_ms, since_ms);
      if (silent_ms > missedIntervals * interval_s(row) * 1000) row.offline = true;
    }
  }

  function rowOf(unit: string, now_ms: number): Row | undefined {
    const found = rows.get(unit);
    if (found !== undefined) return found;
    isTruncated ||= rows.size >= limit;
    if (rows.size >= limit) return undefined;
    const row: Row = {
      unit,
      last: {},
      full: {},
      slim_ms: -Infinity,
      newest_ms: now_ms,
      boot: undefined,
      pastBoots: [],
      restarts: 0,
      pause_s: usualInterval_s,
      offline: false,
    };
    rows.set(unit, row);
    return row;
  }

  return {
    add(record, now_ms) {
      const row = record.backfill ? rows.get(record.unit) : rowOf(record.unit, now_ms);
      if (row === undefined) return;
      if (!record.backfill && !isLate(row, record, now_ms)) update(row, record, now_ms);
      keepFull(row, record, now_ms);
    },
    markSilent,
    units: (now_ms) => [...rows.values()].map((row) => view(row, now_ms)),
    isTruncated: () => isTruncated,
  };
}
