import type { PtpFacts } from '../facts.ts';
import type { DataSetId } from './pmc.ts';

/** A question that ptp4l is asked again and again. */
export interface PtpQuestion {
  readonly id: DataSetId;
  readonly command: string;
  /** Least seconds between two of them; 0 is at each poll. */
  readonly every_s: number;
  /** The pace while the daemon pushes this by itself. */
  readonly pushed?: { readonly by: PtpFacts['events'][number]; readonly every_s: number };
  /** One reply comes from each port. */
  readonly eachPort?: true;
  /** Answered over the writable socket only. */
  readonly writable?: true;
  /** Asked anew at once when a state has changed. */
  readonly afterChange?: true;
}

/** The line of linuxptp 4.4; older versions take the words that they know, and reply what they will push. */
const subscribe =
  'SET SUBSCRIBE_EVENTS_NP duration 180 NOTIFY_PORT_STATE on NOTIFY_TIME_SYNC on NOTIFY_PARENT_DATA_SET on NOTIFY_CMLDS off';

/** What is asked, in this order: the number of ports first, since it says how many replies to wait for. */
const ptpQuestions: readonly PtpQuestion[] = [
  { id: 'DEFAULT_DATA_SET', command: 'GET DEFAULT_DATA_SET', every_s: 30 },
  { id: 'SUBSCRIBE_EVENTS_NP', command: subscribe, every_s: 60, writable: true },
  {
    id: 'PORT_DATA_SET',
    command: 'GET PORT_DATA_SET',
    every_s: 0,
    pushed: { by: 'port_state', every_s: 5 },
    eachPort: true,
    afterChange: true,
  },
  {
    id: 'TIME_STATUS_NP',
    command: 'GET TIME_STATUS_NP',
    every_s: 0,
    pushed: { by: 'time_sync', every_s: 2.5 }, // counted from the last push, so not asked while they come
    afterChange: true,
  },
  // the path delay moves, and the answer is the sign of life where no Sync is one
  {
    id: 'CURRENT_DATA_SET',
    command: 'GET CURRENT_DATA_SET',
    every_s: 0,
    pushed: { by: 'time_sync', every_s: 5 },
    afterChange: true,
  },
  {
    id: 'PARENT_DATA_SET',
    command: 'GET PARENT_DATA_SET',
    every_s: 0, // the bound rests on it, so it is as fresh as the bound; the same for the next
    pushed: { by: 'parent_data_set', every_s: 5 },
    afterChange: true,
  },
  {
    id: 'TIME_PROPERTIES_DATA_SET',
    command: 'GET TIME_PROPERTIES_DATA_SET',
    every_s: 0,
    pushed: { by: 'parent_data_set', every_s: 2 }, // not pushed itself, but no Announce comes more often, by default
    afterChange: true,
  },
  {
    id: 'PORT_STATS_NP',
    command: 'GET PORT_STATS_NP',
    every_s: 2,
    pushed: { by: 'time_sync', every_s: 3 },
    eachPort: true,
  },
  {
    id: 'PORT_PROPERTIES_NP',
    command: 'GET PORT_PROPERTIES_NP',
    every_s: 60,
    eachPort: true,
    writable: true,
  },
];

/** Which question is next. */
export interface PtpSchedule {
  /** The first question that is due, by what the daemon has promised to push. Undefined when none is. */
  next(now_ms: number, events: PtpFacts['events'], writable: boolean): PtpQuestion | undefined;
  /** It was asked, or its answer came unasked: its period begins anew. */
  done(id: DataSetId, now_ms: number): void;
  /** Makes all that `which` picks due at once. */
  makeDue(which: (question: PtpQuestion) => boolean): void;
  /** This daemon or this pmc does not know it: it is not asked again. */
  giveUp(question: PtpQuestion): void;
  /** Another daemon or pmc: everything is open again. */
  reset(): void;
}

/** A schedule by which everything is due. */
export function ptpSchedule(poll_ms: number): PtpSchedule {
  const last = new Map<DataSetId, number>();
  const givenUp = new Set<PtpQuestion>();

  const period_ms = ({ pushed, every_s }: PtpQuestion, events: PtpFacts['events']): number =>
    Math.max(poll_ms, 1000 * (pushed !== undefined && events.includes(pushed.by) ? pushed.every_s : every_s));

  return {
    next(now_ms, events, writable) {
      return ptpQuestions.find((question) => {
        if (givenUp.has(question) || (question.writable === true && !writable)) return false;
        const since_ms = now_ms - (last.get(question.id) ?? Number.NEGATIVE_INFINITY);
        return since_ms > period_ms(question, events) - poll_ms / 2; // nearer to this poll than to the next
      });
    },
    done: (id, now_ms) => last.set(id, now_ms),
    makeDue(which) {
      for (const question of ptpQuestions) if (which(question)) last.delete(question.id);
    },
    giveUp: (question) => givenUp.add(question),
    reset() {
      last.clear();
      givenUp.clear();
    },
  };
}

/** How long an answer stands before it is forgotten: some of its periods may be missed. */
export function life_ms(id: DataSetId, poll_ms: number): number {
  const question = ptpQuestions.find((one) => one.id === id);
  const slowest_s = Math.max(question?.every_s ?? 0, question?.pushed?.every_s ?? 0);
  return 3 * Math.max(poll_ms, slowest_s * 1000) + poll_ms;
}
