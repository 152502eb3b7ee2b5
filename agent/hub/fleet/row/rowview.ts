// A unit as its newest records show it: what still holds of them. Pure.
import { trafficProfiles } from '../../../config/traffic.ts';
import { known } from '../../../lib/known.ts';
import { isClientId } from '../clients.ts';
import type { Expiry, State } from '../model.ts';
import type { RecordFields, ReportedClock } from '../record/fields.ts';
import type { RecordKind } from '../record/unitrecord.ts';
import { interval_s, type Last, lackedSet, missedIntervals, setOf, type UnitRow } from './rows.ts';

/** A unit at this moment. What is not known is missing. */
export interface Unit extends Omit<RecordFields, 'clock' | 'stopping' | 'isDraining'> {
  readonly unit: string;
  /** An app by its id; all others are units. */
  readonly kind?: 'client';
  readonly state: State;
  /** Since its last record, which may have come before we looked: then it is of the roster and `unheard`. */
  readonly age_s: number;
  readonly clock?: ReportedClock;
  /** The run of its agent, as the ids of its records name it. */
  readonly boot?: string;
  /** How often its agent was restarted since the first record. */
  readonly restarts: number;
  /** The unit that its records name, where that is another one. */
  readonly claims?: string;
  readonly unheard?: true;
  /** It refers to a full set of records of which nothing has come yet: problems, version, certificates and what waits are not known. */
  readonly unread?: true;
  /** Two agents speak under that id: this is the one heard last. */
  readonly two_speak?: true;
}

/** From one full set of records to the next, as most units send them, and a little more. */
const fullSets_s = trafficProfiles.standard.full_s + 10;
/** So long the longest backlog takes to drain. */
const draining_ms = 10_000;

/** The fields of the newest record of a kind; none once other kinds kept coming without it for so many intervals. */
function fieldsOf(row: UnitRow, kind: RecordKind, intervals = missedIntervals): RecordFields {
  const last = row.last[kind];
  const old = last !== undefined && row.newest_ms - last.at_ms > intervals * interval_s(row) * 1000;
  return old ? {} : (last?.record.fields ?? {});
}

/** The full record of that kind, where all that it says still holds. */
function stillTold(row: UnitRow, kind: RecordKind): RecordFields {
  const set = setOf(row);
  const told = row.full[kind]?.record;
  return set !== undefined && set === told?.seq ? told.fields : {};
}

/** The fields of the newest heartbeat; a slim one is filled up with what still holds, and with what a run never changes. */
function heartbeatOf(row: UnitRow): RecordFields {
  const newest = fieldsOf(row, 'heartbeat');
  if (row.last.heartbeat?.record.isFull === true || Object.keys(newest).length === 0) return newest;
  const { version, tenant } = row.full.heartbeat?.record.fields ?? {};
  return { ...known({ version, tenant }), ...stillTold(row, 'heartbeat'), ...newest };
}

/** The clock of the newest record that has it, and whether it is in holdover, which a heartbeat does not say. */
function clockOf(row: UnitRow, ofHeartbeat: ReportedClock | undefined) {
  const newest = fieldsOf(row, 'time', 1.2);
  const told = stillTold(row, 'time');
  const holdover = told.clock?.holdover;
  return known({
    clock: newest.clock ?? (ofHeartbeat && { ...ofHeartbeat, ...known({ holdover }) }),
    clock_reason: newest.clock_reason ?? told.clock_reason,
    grandmaster: newest.grandmaster ?? told.grandmaster,
    ntp_server: newest.ntp_server ?? told.ntp_server,
    clock_for_s: newest.clock_for_s ?? told.clock_for_s,
    evidence: newest.evidence ?? told.evidence,
  });
}

/**
 * Records that wait, where a stream takes them all: those that were on their way are gone, and as long as each heartbeat says that
 * the full set still holds no others wait, since what no stream takes is a finding, which changes that set.
 */
function waitingOf(row: UnitRow, { isDraining, backlog, spool_share }: RecordFields): RecordFields {
  const isPast = (last: Last | undefined): boolean => row.newest_ms - (last?.at_ms ?? 0) > draining_ms;
  if (stillTold(row, 'nats').isDraining === true && isPast(row.full.nats))
    return { backlog: 0, spool_share: 0 };
  return isDraining === true && isPast(row.last.nats) ? {} : known({ backlog, spool_share });
}

/** Of the link what still holds, and figures no older than full sets are apart. */
function linkOf(row: UnitRow): RecordFields {
  const usual_s = missedIntervals * interval_s(row);
  const isSlim = row.newest_ms - row.slim_ms < usual_s * 1000;
  const { hub_up } = stillTold(row, 'nats');
  const told = fieldsOf(row, 'nats', (isSlim ? Math.max(usual_s, fullSets_s) : usual_s) / interval_s(row));
  const { isDraining: _, backlog: _b, spool_share: _s, ...newest } = told;
  return { ...known({ hub_up }), ...waitingOf(row, told), ...newest };
}

const day_ms = 86_400_000;

const isUnread = (row: UnitRow): boolean =>
  lackedSet(row) !== undefined && (row.full.heartbeat === undefined || row.full.nats === undefined);

/** What it has told of its certificates and logins, or of the first that ends, which is in each full set, at the age of now. */
function expiriesOf({ expires, full }: UnitRow, now_ms: number): RecordFields {
  const days_left = full.nats?.record.fields.certificate_days_left;
  const first = days_left === undefined ? undefined : [{ what: 'certificate', days_left }];
  const { at_ms, list } = expires ?? { at_ms: full.nats?.at_ms ?? now_ms, list: first };
  const left = (one: Expiry) => ({ ...one, days_left: one.days_left - (now_ms - at_ms) / day_ms });
  return known({ expires: list?.map(left) });
}

/** Of a unit that is gone nothing that it measured: that says nothing of now. */
export function view(row: UnitRow, now_ms: number): Unit {
  const { stopping, clock, health, ...heartbeat } = heartbeatOf(row);
  const kind = isClientId(row.unit) ? ('client' as const) : undefined;
  const seen = {
    unit: row.unit,
    age_s: (now_ms - row.newest_ms) / 1000,
    restarts: row.restarts,
    ...known({
      kind,
      boot: row.speakers.boot,
      unheard: row.isUnheard || undefined,
      claims: Object.values(row.last).find(({ record }) => record.claims !== undefined)?.record.claims,
      version: heartbeat.version,
      tenant: heartbeat.tenant,
      problems: heartbeat.problems,
      interval_s: heartbeat.interval_s ?? row.last.heartbeat?.record.fields.interval_s, // by it is judged for how long it is silent
      ...expiriesOf(row, now_ms),
    }),
  };
  if (stopping === true) return { ...seen, state: 'stopped' };
  if (row.offline) return { ...seen, state: kind === undefined ? 'offline' : 'away' };
  return {
    ...seen,
    state: health ?? 'unknown',
    ...heartbeat,
    ...linkOf(row),
    ...clockOf(row, clock),
    ...known({
      health,
      unread: isUnread(row) || undefined,
      two_speak: row.speakers.areTwo || undefined,
    }),
  };
}
