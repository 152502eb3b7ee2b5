// What came of every record, told from the ids that the hub's stream has.
import { account, type StoredRecord } from '../kit/hub/storedids.ts';
import type { Run } from './vitals.ts';

/** The books of one unit over all runs of its agent. */
export interface Ledger {
  readonly stored: number;
  /** Ids that the stream has twice, and moments of slim records. */
  readonly doubled: readonly string[];
  /** Not there, although a later record of the same run is, or its agent said that it was made. */
  readonly missing: number;
  /** Given up, as the unit itself reported. */
  readonly reported: number;
  /** The same for one run that was not killed, and began with nothing waiting. */
  readonly ofLast: {
    readonly missing: readonly number[];
    readonly reported: number;
    /** How many reports that were. */
    readonly reports: number;
  };
  /** Missing and not reported: what an agent had when it was killed. */
  readonly lost: number;
  /** How many it may be: what waited when it was seen last, and what it made since. */
  readonly mayBeLost: number;
  /** Records of one subject and run that are stored before an earlier one of the same kind, fresh or backlog. */
  readonly disordered: readonly string[];
}

/** More than a unit makes in a second at an interval of one, with the events of its troubles. */
const perSecond = 25;

interface Event {
  readonly event?: string;
  readonly before?: { readonly boot: string; readonly last_seq: number };
  readonly after?: { readonly count?: number };
}

const isReport = ({ event }: { readonly event: Event }): boolean => event.event === 'records_dropped';

const countOf = (records: readonly { readonly event: Event }[]): number =>
  records.reduce(
    (sum, { event }) => sum + (event.event === 'records_dropped' ? (event.after?.count ?? 0) : 0),
    0,
  );

/** What tells a slim record, which has no id, from all others: no two are of one moment. */
const momentOf = ({ subject, sequence, made_ms }: StoredRecord): string =>
  `${subject} ${sequence} ${made_ms}`;

/** The books, from the whole stream. `endedAt_ms` tells when a run was ended, by performance.now(). */
export function makeLedger(
  all: readonly StoredRecord[],
  runs: readonly Run[],
  endedAt_ms: ReadonlyMap<Run, number>,
): Ledger {
  const records = all.filter(({ id }) => id !== '');
  const ids = new Map<string, number>();
  for (const { id } of records) ids.set(id, (ids.get(id) ?? 0) + 1);
  const slim = new Map<string, number>();
  for (const one of all.filter(({ id }) => id === ''))
    slim.set(momentOf(one), (slim.get(momentOf(one)) ?? 0) + 1);
  const events = records
    .filter(({ subject }) => subject.startsWith('ops.status.'))
    .map((record) => ({ boot: record.boot, event: record.body() as Event }));
  const missingOf = (run: Run): number[] => {
    const { missing, last } = account(records, run.boot);
    // the run after it says how far it came, where it left something
    const said = events.find(({ event }) => event.event === 'start' && event.before?.boot === run.boot);
    const tail = Math.max(0, (said?.event.before?.last_seq ?? last) - last);
    return [...missing, ...Array.from({ length: tail }, (_, i) => last + 1 + i)];
  };
  const missing = runs.reduce((sum, run) => sum + missingOf(run).length, 0);
  const reported = countOf(events);
  const last = runs.at(-1);
  const ofLast = events.filter(({ boot }) => boot === last?.boot);
  const killed = runs.filter(({ ended }) => ended === 'SIGKILL');
  const disordered: string[] = [];
  const highest = new Map<string, number>();
  for (const { boot, subject, backfill, seq, id } of records) {
    const lane = `${boot} ${subject} ${backfill}`;
    if (seq < (highest.get(lane) ?? 0)) disordered.push(id);
    else highest.set(lane, seq);
  }
  return {
    stored: ids.size,
    doubled: [...ids, ...slim].filter(([, times]) => times > 1).map(([id]) => id),
    missing,
    reported,
    ofLast: {
      missing: last === undefined ? [] : missingOf(last),
      reported: countOf(ofLast),
      reports: ofLast.filter(isReport).length,
    },
    lost: Math.max(0, missing - reported),
    mayBeLost: killed.reduce((sum, run) => {
      const seen_ms = run.last?.at_ms ?? 0;
      const blind_s = ((endedAt_ms.get(run) ?? seen_ms) - seen_ms) / 1000;
      return sum + (run.last?.waiting ?? 0) + Math.ceil((blind_s + 1) * perSecond);
    }, 0),
    disordered,
  };
}
