// The units that were heard: one row each, from record after record. Time is monotonic ms, passed in.
import { known } from '../../lib/known.ts';
import type { ClockTold, Figures, Part, Told } from './unitrecord.ts';

/** `unknown`: heard, but not what its health is. `stopped`: by intention. `offline`: it misses its heartbeats. */
export const states = ['critical', 'offline', 'degraded', 'unknown', 'healthy', 'stopped'] as const;
export type State = (typeof states)[number];

/** A unit as it stands now. What is not known is not there. */
export interface Unit extends Omit<Figures, 'clock' | 'stopping'> {
  readonly unit: string;
  readonly state: State;
  /** Since its last record. */
  readonly age_s: number;
  readonly clock?: ClockTold;
  /** How often its agent was started since it was heard first. */
  readonly restarts: number;
  /** The unit that its records say they are of, where that is another one. */
  readonly claims?: string;
}

export interface Fleet {
  /** Takes a record. */
  hear(told: Told, now_ms: number): void;
  /**
   * The connection is proven to work: whoever is silent for too long is offline from now on. To be called every
   * second or so. Where it was not, for longer, nobody is to blame for what could not be heard meanwhile.
   */
  judge(now_ms: number): void;
  units(now_ms: number): Unit[];
  /** Some units are not shown: there are more than the limit. */
  more(): boolean;
}

/** One part of a row: the newest record that told it. */
interface Last {
  readonly at_ms: number;
  readonly told: Told;
}

interface Row {
  readonly unit: string;
  readonly last: Partial<Record<Part, Last>>;
  /** The newest live record of any part. */
  heard_ms: number;
  boot: string | undefined;
  /** Runs of the agent that are over. */
  readonly past: string[];
  restarts: number;
  /** Where the unit does not tell its interval: the pause between the last two heartbeats, if it is longer than usual. */
  pause_s: number;
  offline: boolean;
}

/** Where a unit says nothing of its interval: that of the guardian. */
const usualInterval_s = 5;
/** Three intervals, and what the agent moves each by so that a fleet does not speak in unison. */
const missed = 3.1;
const pastBoots = 4;
/** Between two proofs that the connection works. */
const longestGap_ms = 3000;

const interval_s = (row: Row): number => row.last.heartbeat?.told.figures.interval_s ?? row.pause_s;

/** A record that was overtaken by a newer one, came twice, or is of a run of the agent that is over. */
function isLate(row: Row, told: Told, now_ms: number): boolean {
  const last = row.last[told.part];
  if (told.boot !== undefined && told.n !== undefined) {
    if (row.past.includes(told.boot)) return true;
    return told.boot === last?.told.boot && told.n <= (last.told.n ?? -1);
  }
  if (last?.told.seq === undefined || told.seq === undefined || told.seq > last.told.seq) return false;
  return now_ms - last.at_ms < interval_s(row) * 900; // later than that it has begun to count anew
}

function noteRestart(row: Row, told: Told): void {
  const last = row.last[told.part]?.told;
  const anew = told.boot === undefined && row.boot === undefined && (told.seq ?? 0) < (last?.seq ?? 0);
  if (told.boot !== undefined && told.boot !== row.boot) {
    if (row.boot !== undefined) {
      row.past.push(row.boot);
      if (row.past.length > pastBoots) row.past.shift();
      row.restarts += 1;
    }
    row.boot = told.boot;
  } else if (anew && told.part === 'heartbeat') row.restarts += 1;
}

function take(row: Row, told: Told, now_ms: number): void {
  const { part } = told;
  noteRestart(row, told);
  if (part === 'heartbeat') {
    const before = row.last.heartbeat;
    if (before?.told.seq !== undefined && told.seq === before.told.seq + 1) {
      row.pause_s = Math.max(usualInterval_s, (now_ms - before.at_ms) / 1000);
    }
  }
  row.last[part] = { at_ms: now_ms, told };
  row.heard_ms = now_ms;
  row.offline = false;
}

/** What a part tells; nothing once the others have gone on without it for so many intervals. */
function figures(row: Row, part: Part, intervals = missed): Figures {
  const last = row.last[part];
  const old = last !== undefined && row.heard_ms - last.at_ms > intervals * interval_s(row) * 1000;
  return old ? {} : (last?.told.figures ?? {});
}

function view(row: Row, now_ms: number): Unit {
  const { stopping, clock, health, ...heartbeat } = figures(row, 'heartbeat');
  const verdict = figures(row, 'time', 1.2); // the heartbeat tells the clock too, but not whether it is in holdover
  return {
    unit: row.unit,
    state: stopping === true ? 'stopped' : row.offline ? 'offline' : (health ?? 'unknown'),
    age_s: (now_ms - row.heard_ms) / 1000,
    restarts: row.restarts,
    ...heartbeat,
    ...figures(row, 'nats'),
    ...known({
      health,
      clock: verdict.clock ?? clock,
      clock_reason: verdict.clock_reason,
      claims: Object.values(row.last).find(({ told }) => told.claims !== undefined)?.told.claims,
    }),
  };
}

/** No unit yet; of more than `limit` the further ones are left out. */
export function emptyFleet(limit: number): Fleet {
  const rows = new Map<string, Row>();
  let more = false;
  let proven_ms = -Infinity;
  let since_ms = 0;

  function judge(now_ms: number): void {
    if (now_ms - proven_ms > longestGap_ms) since_ms = now_ms;
    proven_ms = now_ms;
    for (const row of rows.values()) {
      const silent_ms = now_ms - Math.max(row.heard_ms, since_ms);
      if (silent_ms > missed * interval_s(row) * 1000) row.offline = true;
    }
  }

  function rowOf(unit: string, now_ms: number): Row | undefined {
    const found = rows.get(unit);
    if (found !== undefined) return found;
    more ||= rows.size >= limit;
    if (rows.size >= limit) return undefined;
    const row: Row = {
      unit,
      last: {},
      heard_ms: now_ms,
      boot: undefined,
      past: [],
      restarts: 0,
      pause_s: usualInterval_s,
      offline: false,
    };
    rows.set(unit, row);
    return row;
  }

  return {
    hear(told, now_ms) {
      if (told.backfill) return;
      const row = rowOf(told.unit, now_ms);
      if (row !== undefined && !isLate(row, told, now_ms)) take(row, told, now_ms);
    },
    judge,
    units: (now_ms) => [...rows.values()].map((row) => view(row, now_ms)),
    more: () => more,
  };
}
