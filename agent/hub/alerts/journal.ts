// What was to be told and is not yet: one queue for all outputs, in order, with how far each output has come. Pure.
import type { Notice } from './alert.ts';

/** A notice with its number, from 1 on. */
export interface Queued extends Notice {
  readonly seq: number;
}

/** What an output will never have, because the queue was full. */
export interface Dropped {
  readonly count: number;
  /** Of the last few. */
  readonly keys: readonly string[];
}

/** How far an output has come. */
export interface Cursor {
  readonly done: number;
  /** Not told of yet. */
  readonly dropped: Dropped;
  /** When something was delivered last, Unix ms. */
  readonly last_ms?: number;
}

export interface Journal {
  /** Of this journal, so that no two notices of a hub have the same id. */
  readonly id: string;
  next: number;
  entries: Queued[];
  cursors: Readonly<Record<string, Cursor>>;
}

/** Nothing was dropped. */
export const noneDropped: Dropped = { count: 0, keys: [] };
const mostKeys = 20;

/** A journal without an entry. */
export const newJournal = (id: string): Journal => ({ id, next: 1, entries: [], cursors: {} });

/** The id of a notice: the same however often it is sent, also after a restart. */
export const noticeId = (journal: Pick<Journal, 'id'>, { seq }: Pick<Queued, 'seq'>): string =>
  `${journal.id}-${seq}`;

/** Takes over the outputs that there are now: a new one begins with what comes, one that is gone is forgotten. */
export function useOutputs(journal: Journal, names: readonly string[]): void {
  journal.cursors = Object.fromEntries(
    names.map((name) => [name, journal.cursors[name] ?? { done: journal.next - 1, dropped: noneDropped }]),
  );
  forgetDone(journal);
}

/** What an output has not delivered yet, the oldest first. */
export const waitingFor = ({ entries, cursors }: Journal, output: string): readonly Queued[] => {
  const done = cursors[output]?.done ?? 0;
  return done < (entries[0]?.seq ?? 0) ? entries : entries.filter(({ seq }) => seq > done);
};

function forgetDone(journal: Journal): void {
  const least = Math.min(...Object.values(journal.cursors).map(({ done }) => done));
  if (journal.entries[0] !== undefined && journal.entries[0].seq <= least)
    journal.entries = journal.entries.filter(({ seq }) => seq > least);
}

const withDropped = ({ dropped: { count, keys } }: Cursor, { alert }: Queued): Dropped => ({
  count: count + 1,
  keys: [...keys, alert.key].slice(-mostKeys),
});

/** Takes one out: one that a later one of the same alert makes old, else the oldest. */
function dropOne(journal: Journal): void {
  const newest = new Map(journal.entries.map(({ alert, seq }) => [alert.key, seq]));
  const old = journal.entries.findIndex(({ alert, seq }) => newest.get(alert.key) !== seq);
  const [gone] = journal.entries.splice(Math.max(0, old), 1);
  if (gone === undefined) return;
  journal.cursors = Object.fromEntries(
    Object.entries(journal.cursors).map(([name, cursor]) => {
      if (cursor.done >= gone.seq) return [name, cursor];
      return [name, { ...cursor, dropped: withDropped(cursor, gone) }];
    }),
  );
}

/** Takes in what is to be told; of more than `most` that wait some are dropped, and each output is told so. */
export function queueNotices(journal: Journal, notices: readonly Notice[], most: number): void {
  for (const notice of notices) {
    journal.entries.push({ ...notice, seq: journal.next });
    journal.next += 1;
  }
  forgetDone(journal); // with no output at all nothing waits
  while (journal.entries.length > most) dropOne(journal);
}

/** An output has delivered up to that number, and has told of what was dropped before. */
export function delivered(
  journal: Journal,
  output: string,
  done: number,
  told: Dropped,
  at_ms: number,
): void {
  const cursor = journal.cursors[output];
  if (cursor === undefined) return;
  const count = Math.max(0, cursor.dropped.count - told.count); // more may have been dropped meanwhile
  const dropped = count === 0 ? noneDropped : { count, keys: cursor.dropped.keys.slice(-count) };
  journal.cursors = {
    ...journal.cursors,
    [output]: { done: Math.max(done, cursor.done), dropped, last_ms: at_ms },
  };
  forgetDone(journal);
}

/** An output will never have that one: it refuses it. It is told so with the next one. */
export function giveUp(journal: Journal, output: string, seq: number): void {
  const cursor = journal.cursors[output];
  const gone = journal.entries.find((one) => one.seq === seq);
  if (cursor === undefined || gone === undefined) return;
  const dropped = withDropped(cursor, gone);
  journal.cursors = { ...journal.cursors, [output]: { ...cursor, done: seq, dropped } };
  forgetDone(journal);
}
