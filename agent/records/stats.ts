import { known } from '../lib/known.ts';
import type { DropReason } from './gap.ts';
import { type RecordCounts, totalOf } from './record.ts';
import { oldestRecord } from './select.ts';
import type { Sender } from './sender.ts';
import type { InFlight } from './senderstate.ts';
import { isWaiting, type Queues, type StorageState, type SubjectQueue } from './subjectqueue.ts';

/**
 * `stored`: a stream acknowledges all. `partly`: some subjects, others not. `refused`: the stream says no. `failing`:
 * nobody acknowledges. `plain`: nobody does, and records are published all the same. `denied`: the server does not permit it.
 * `offline`: the hub cannot be reached and records wait. `starting`: nothing is known yet.
 */
export type SpoolState = 'starting' | 'partly' | 'offline' | Exclude<StorageState, 'untried'>;

export interface SpoolStats {
  readonly state: SpoolState;
  /** Subjects whose records are not stored although the hub is reachable, and why. */
  readonly unstored: readonly {
    readonly subject: string;
    readonly state: StorageState;
    readonly why: string;
    /** For how long by now; missing while the hub cannot be reached. */
    readonly for_s?: number;
  }[];
  readonly pending: number;
  readonly bytes: number;
  readonly budget_bytes: number;
  /** Age of the oldest record that waits; missing when none does. Time that the machine was off is not in it. */
  readonly oldest_age_s?: number;
  /** How long an outage may last before records are dropped, at the rate of the last half hour; missing at first. */
  readonly capacity_s?: number;
  /** Records acknowledged by a stream; `duplicates` of them the stream had already. */
  readonly stored: number;
  readonly duplicates: number;
  /** Of those, records that had never been sent before: the stream has other records, from elsewhere, under their ids. */
  readonly duplicate_ids: number;
  /** Records published without an acknowledgement: where a hub is configured, it does not have them. */
  readonly published: number;
  /** Slim records, which nobody acknowledges: sent, and not sent since the hub was away or the server does not permit them. */
  readonly slim: number;
  readonly slim_unsent: number;
  /** `totalOf` gives their sum. */
  readonly dropped: Readonly<RecordCounts>;
  /** How many for which reason; missing when none was. */
  readonly drop_reasons?: Readonly<Partial<Record<DropReason, number>>>;
}

/** How fast bytes come in, over the last half hour or so. */
export interface PutRate {
  add(bytes: number, now_ms: number): void;
  /** Bytes; undefined in the first half minute, or when nothing came. */
  perSecond(now_ms: number): number | undefined;
}

const least_ms = 30_000;
const window_ms = 1_800_000;

export function putRate(start_ms: number): PutRate {
  let from_ms = start_ms;
  let total = 0;
  return {
    add(bytes, now_ms) {
      total += bytes;
      if (now_ms - from_ms < window_ms) return;
      total /= 2;
      from_ms = (from_ms + now_ms) / 2;
    },
    perSecond(now_ms) {
      const passed_ms = now_ms - from_ms;
      return passed_ms < least_ms || total === 0 ? undefined : (total * 1000) / passed_ms;
    },
  };
}

/** What the figures are made of. */
export interface Counted {
  readonly queues: Queues;
  readonly counts: Record<
    | 'pending'
    | 'bytes'
    | 'reports'
    | 'stored'
    | 'duplicates'
    | 'duplicate_ids'
    | 'published'
    | 'slim'
    | 'slim_unsent',
    number
  >;
  readonly dropped: RecordCounts;
  readonly dropReasons: Partial<Record<DropReason, number>>;
  readonly rate: PutRate;
  readonly limits: { readonly memory_bytes: number };
}

/** Metrics come at an interval: what none had for so many intervals and so long is over. */
const lateAfter = 2.5;
const late_ms = 5000;

/** Whether that happened as lately as metrics come. */
const isOfNow = ({ priority, interval_ms = 0 }: SubjectQueue, at_ms = -Infinity, now_ms: number): boolean =>
  priority === 'metric' && now_ms - at_ms < lateAfter * interval_ms + late_ms;

/** Records of it wait that nobody stores, are published without being stored, or are too large for it. */
const isTroubled = (queue: SubjectQueue, now_ms: number): boolean =>
  queue.why !== '' &&
  (queue.state === 'plain' ||
    queue.inFlight > 0 ||
    isWaiting(queue) ||
    (queue.state === 'refused' && isOfNow(queue, queue.lastTooLarge_ms, now_ms)));

/** Records of one set: some are stored a moment before others are refused. */
const together_ms = 5000;

/**
 * Monotonic ms from which on a record that was stored proves that the trouble of others is theirs alone; -Infinity without any.
 * Of the newest trouble: where nothing is stored any more, the next record that asks has one of its own.
 */
const proofFrom_ms = (troubled: Iterable<SubjectQueue>): number =>
  Math.max(...[...troubled].map(({ troubledSince_ms = -Infinity }) => troubledSince_ms - together_ms));

/** Whether another subject got into trouble since one of this was stored: the stream of this may be gone, too. */
export const isInDoubt = ({ lastStored_ms = -Infinity }: SubjectQueue, queues: Queues): boolean =>
  lastStored_ms < proofFrom_ms(queues.values());

/** The gravest state of any subject; `partly` where others are being stored. */
function stateOf(queues: Queues, now_ms: number): SpoolState {
  const all = [...queues.values()].filter((queue) => queue.state === 'stored' || isTroubled(queue, now_ms));
  const trouble = (['refused', 'failing', 'denied', 'plain'] as const).find((one) =>
    all.some(({ state }) => state === one),
  );
  if (trouble === undefined) return all.length > 0 ? 'stored' : 'starting';
  const from_ms = proofFrom_ms(all.filter(({ state }) => state !== 'stored'));
  const isProof = ({ state, priority, lastStored_ms = -Infinity }: SubjectQueue): boolean =>
    state === 'stored' && priority === 'metric' && lastStored_ms >= from_ms;
  return all.some(isProof) ? 'partly' : trouble;
}

function oldest_ms({ queues }: Counted, inFlight: Iterable<InFlight>): number {
  const heads = (['fresh', 'backlog'] as const).map((list) => oldestRecord(queues, list));
  const sent = [...inFlight].map(({ record }) => record);
  return Math.min(...[...heads, ...sent].map((record) => record?.put_ms ?? Infinity));
}

export function statsOf(
  c: Counted,
  sender: Pick<Sender, 'offline' | 'isTried' | 'inFlight'>,
  now_ms: number,
): SpoolStats {
  const { pending, bytes, reports: _reports, ...counts } = c.counts;
  const { memory_bytes } = c.limits;
  const since_ms = oldest_ms(c, sender.inFlight());
  const perSecond = c.rate.perSecond(now_ms);
  return {
    state: !sender.isTried() ? 'starting' : sender.offline() ? 'offline' : stateOf(c.queues, now_ms),
    unstored: [...c.queues.values()]
      .filter((queue) => isTroubled(queue, now_ms))
      .map(({ subject, state, why, troubledSince_ms: since }) => ({
        subject,
        state,
        why,
        ...known({ for_s: since && (now_ms - since) / 1000 }),
      })),
    pending,
    bytes,
    budget_bytes: memory_bytes,
    ...(since_ms === Infinity ? {} : { oldest_age_s: (now_ms - since_ms) / 1000 }),
    ...known({ capacity_s: perSecond && Math.round(memory_bytes / perSecond) }),
    ...counts,
    dropped: { ...c.dropped },
    ...(totalOf(c.dropped) === 0 ? {} : { drop_reasons: { ...c.dropReasons } }),
  };
}
