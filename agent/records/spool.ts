import { known } from '../lib/known.ts';
import { type Ticker, within } from '../lib/ticker.ts';
import { encodeRecord } from '../wire/values.ts';
import {
  append,
  type Contents,
  correctRecords,
  countOut,
  countPublished,
  drop,
  newContents,
  restoreRecord,
  type SpoolLimits,
  setLimits,
  takeGap,
  trim,
  untoldGap,
  type WaitingRecords,
  waitingRecords,
} from './contents.ts';
import { bytesOf, type Gap, idOf, type KeptRecord, type QueuedRecord, type SpoolRecord } from './record.ts';
import { type Sender, startSender } from './sender.ts';
import type { Outcomes, SenderDeps, SenderOptions } from './senderstate.ts';
import { isInDoubt, type SpoolStats, statsOf } from './stats.ts';
import { isWaiting, moveToBacklog } from './subjectqueue.ts';
import type { ClockCorrection } from './timecorrection.ts';

export interface SpoolDeps extends SenderDeps {
  /** Unix ms. */
  wall_ms(): number;
  /** Makes the record that reports a gap. */
  gapRecord(gap: Gap): SpoolRecord;
}

export interface SpoolOptions extends SpoolLimits, Omit<SenderOptions, 'idPrefix'> {
  readonly unit: string;
  /** Names this spool: ids of records are counted from 1, so no two spools of a unit may ever share it. */
  readonly boot: string;
}

export interface Spool {
  /** Takes a record, which is kept until a stream has it. Gives its id, `<unit>-<boot>-<seq>`. */
  put(record: SpoolRecord): string;
  /**
   * Publishes a record of now at once and plainly: without an id, nobody acknowledges it, and it does not wait behind others of
   * its subject, which are older. It is not sent while the server does not permit its subject.
   */
  putSlim(record: SpoolRecord, how: SlimHow): void;
  /** To be called when the state of the hub link changed. */
  kick(): void;
  /** The wall clock was set: waiting records that the wrong clock made are sent with corrected times. */
  correctTimes(by: ClockCorrection): void;
  /** Goes on with other limits; waiting records are kept as far as they allow. */
  configure(limits: SpoolLimits): void;
  stats(): SpoolStats;
  /** All records that wait, in order. */
  waiting(): WaitingRecords;
  /** How many records are missing and not reported yet. */
  untold(): number;
  /** Takes in the records that waited in an earlier run, as backlog before all records of this one. */
  restore(records: readonly KeptRecord[], gap?: Gap): void;
  /** Resolves true when nothing waits any more, or false after `limit_ms`. */
  drained(limit_ms: number): Promise<boolean>;
  stop(): void;
}

/** What becomes of a slim record that is not merely published. */
export interface SlimHow {
  /** While the hub is known to be away it is kept as any other record; else it is then not sent at all. */
  readonly keeps: boolean;
  /**
   * It is sent as any other record where those of its subject are stored, so that it is noticed when they no longer are.
   * So is one that does not ask, once, when another subject got into trouble.
   */
  readonly asks?: boolean;
}

/** From one report of a gap to the next; twice as long each time after one that got lost itself. */
const reportPause_ms = { least: 10_000, most: 300_000 } as const;

/** When gaps are reported. */
interface Reporting {
  pause_ms: number;
  /** Not before this monotonic ms. */
  next_ms: number;
}

/** Counts what becomes of each record. */
const countInto = (
  c: Contents,
  reporting: Reporting,
  now_ms: () => number,
  changed: () => void,
): Outcomes => ({
  stored(record, duplicate) {
    if (record.reports !== undefined) reporting.pause_ms = reportPause_ms.least;
    c.counts.stored += 1;
    if (duplicate !== false) c.counts.duplicates += 1;
    if (duplicate === 'foreign') c.counts.duplicate_ids += 1;
    countOut(c, record);
  },
  published: (queue, record) => countPublished(c, queue, record),
  lost(queue, record, why) {
    drop(c, queue, record, why);
    if (record.reports === undefined) return;
    reporting.next_ms = now_ms() + reporting.pause_ms;
    reporting.pause_ms = Math.min(reportPause_ms.most, 2 * reporting.pause_ms);
  },
  changed,
});

/** Resolves true when nothing waits any more, or false after `limit_ms`. */
async function whenEmpty({ counts, onEmpty }: Contents, ticker: Ticker, limit_ms: number): Promise<boolean> {
  if (counts.pending === 0) return true;
  const empty = new Promise<true>((resolve) => onEmpty.add(() => resolve(true)));
  return (await within(ticker, limit_ms, empty)) ?? false;
}

/** What needs no more than the records and their sender. */
const overContents = (
  contents: Contents,
  sender: Sender,
  ticker: Ticker,
): Pick<Spool, 'kick' | 'correctTimes' | 'stats' | 'waiting' | 'untold' | 'drained'> => ({
  kick: sender.kick,
  correctTimes: (by) => correctRecords(contents, sender.inFlight(), by),
  stats: () => statsOf(contents, sender, ticker.now_ms()),
  waiting: () => waitingRecords(contents, sender.inFlight()),
  untold: () => untoldGap(contents)?.count ?? 0,
  drained: (limit_ms) => whenEmpty(contents, ticker, limit_ms),
});

/** Gives false where it is to be put as any other record: it is asked for an acknowledgement, or to be kept until it can be sent. */
function publishSlim(
  { link, ticker }: SpoolDeps,
  { counts, queues, rate }: Contents,
  sender: Sender,
  { subject, body, headers }: SpoolRecord,
  { keeps, asks }: SlimHow,
): boolean {
  const queue = queues.get(subject);
  const isIdle = queue?.state === 'stored' && !isWaiting(queue) && queue.inFlight === 0;
  if (isIdle && !sender.isAway() && (asks || isInDoubt(queue, queues))) return false;
  const payload = encodeRecord(body);
  const isDenied = queue?.state === 'denied';
  const isSent = !isDenied && !sender.isAway() && link.publish(subject, payload, known({ headers }));
  if (!isSent && keeps && !isDenied) return false;
  if (isSent && queue !== undefined) moveToBacklog(queue); // it has overtaken them, and they must say that they are older
  counts[isSent ? 'slim' : 'slim_unsent'] += 1;
  if (keeps) rate.add(bytesOf(payload, headers), ticker.now_ms()); // as in an outage
  return true;
}

/** Keeps records in RAM, within a budget, until they are stored at the hub. */
export function openSpool(deps: SpoolDeps, opts: SpoolOptions): Spool {
  const { ticker } = deps;
  const idPrefix = `${opts.unit}-${opts.boot}`;
  const contents = newContents(idPrefix, opts, ticker.now_ms());
  const add = (record: SpoolRecord, reports?: Gap, isKept = true): QueuedRecord => {
    const put_ms = ticker.now_ms();
    const made = { put_ms, wall_ms: deps.wall_ms(), backlog: sender.offline(), ...known({ reports }) };
    const queued = append(contents, record, made);
    if (isKept) contents.rate.add(queued.bytes, put_ms);
    return queued;
  };
  const reporting: Reporting = { pause_ms: reportPause_ms.least, next_ms: 0 };

  /** One at a time. A report may exceed the memory: it must not push out records of its own. */
  function reportGap(): void {
    if (sender.offline() || contents.counts.reports > 0 || ticker.now_ms() < reporting.next_ms) return;
    const gap = takeGap(contents);
    if (gap === undefined) return;
    add(deps.gapRecord(gap), gap);
    sender.pump();
  }

  const outcomes = countInto(contents, reporting, ticker.now_ms, () => queueMicrotask(reportGap));
  const sender: Sender = startSender(deps, { ...opts, idPrefix }, contents.queues, outcomes);
  const cancelReports = ticker.every(reportPause_ms.least, reportGap);

  function put(record: SpoolRecord, isKept = true): string {
    const queued = add(record, undefined, isKept);
    trim(contents);
    sender.pump();
    return idOf(queued, idPrefix);
  }

  return {
    put: (record) => put(record),
    putSlim(record, how) {
      if (!publishSlim(deps, contents, sender, record, how)) put(record, how.keeps); // of an outage none is kept else
    },
    configure(limits) {
      setLimits(contents, limits);
      sender.configure(limits);
    },
    ...overContents(contents, sender, ticker),
    restore(records, gap) {
      for (const record of records) restoreRecord(contents, record);
      if (gap !== undefined) add(deps.gapRecord(gap), gap);
      trim(contents);
      sender.pump();
    },
    stop() {
      cancelReports();
      sender.stop();
    },
  };
}
