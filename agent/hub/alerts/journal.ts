// What was to be told and is not yet: one queue for all outputs, in order, with how far each output has come. Pure.
import { known } from '../../lib/known.ts';
import type { Notice } from './alert.ts';

/** A notice with its number, from 1 on. */
export interface Queued extends Notice {
  readonly seq: number;
  /** The same however often it is sent, also after a restart; no other notice has it. */
  readonly id: string;
  /** For that output alone. */
  readonly only?: string;
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
  /** By what the receiver is told from another one. */
  readonly target?: string;
  /** It was not told yet of all that fired as it came. */
  readonly owes?: true;
}

export interface Journal {
  /** Of this start, for the ids of what comes: what an earlier start has sent need not be in the file. */
  id: string;
  next: number;
  entries: Queued[];
  cursors: Readonly<Record<string, Cursor>>;
}

/** Nothing was dropped. */
export const noneDropped: Dropped = { count: 0, keys: [] };
const mostKeys = 20;

/** A journal without an entry. */
export const newJournal = (id: string): Journal => ({ id, next: 1, entries: [], cursors: {} });

/**
 * Takes over the outputs that there are now: a new one begins with what comes, and one that goes to another receiver gets what
 * waits for it; both are owed what fires. One that is gone is forgotten.
 */
export function useOutputs(
  journal: Journal,
  outputs: readonly { readonly name: string; readonly target: string }[],
): void {
  journal.cursors = Object.fromEntries(
    outputs.map(({ name, target }) => {
      const { [name]: cursor = { done: journal.next - 1, dropped: noneDropped } } = journal.cursors;
      return [name, cursor.target === target ? cursor : { ...cursor, target, owes: true }];
    }),
  );
  forgetDone(journal);
}

/** It has been told of all that fires. */
export function owesNothing(journal: Journal, output: string): void {
  const cursor = journal.cursors[output];
  if (cursor === undefined) return;
  const { owes: _, ...rest } = cursor;
  journal.cursors = { ...journal.cursors, [output]: rest };
}

const isFor = ({ only }: Queued, output: string): boolean => only === undefined || only === output;

/** What an output has not delivered yet, the oldest first. */
export const waitingFor = ({ entries, cursors }: Journal, output: string): readonly Queued[] => {
  const done = cursors[output]?.done ?? 0;
  return entries.filter((one) => one.seq > done && isFor(one, output));
};

function forgetDone(journal: Journal): void {
  const cursors = Object.entries(journal.cursors);
  journal.entries = journal.entries.filter((one) =>
    cursors.some(([name, { done }]) => done < one.seq && isFor(one, name)),
  );
}

const withDropped = ({ dropped: { count, keys } }: Cursor, { alert }: Queued): Dropped => ({
  count: count + 1,
  keys: [...keys, alert.key].slice(-mostKeys),
});

/** Takes one out: one that a later one of the same alert makes old, else the oldest. */
function dropOne(journal: Journal): void {
  const forAll = journal.entries.filter(({ only }) => only === undefined);
  const newest = new Map(forAll.map(({ alert, seq }) => [alert.key, seq])); // one for all makes any before it old
  const old = journal.entries.findIndex(({ alert, seq }) => (newest.get(alert.key) ?? 0) > seq);
  const [gone] = journal.entries.splice(Math.max(0, old), 1);
  if (gone === undefined) return;
  journal.cursors = Object.fromEntries(
    Object.entries(journal.cursors).map(([name, cursor]) => {
      if (cursor.done >= gone.seq || !isFor(gone, name)) return [name, cursor];
      return [name, { ...cursor, dropped: withDropped(cursor, gone) }];
    }),
  );
}

/** Takes in what is to be told, to all or only to that output; of more than `most` that wait some are dropped, and each is told so. */
export function queueNotices(
  journal: Journal,
  notices: readonly Notice[],
  most: number,
  only?: string,
): void {
  for (const notice of notices) {
    const seq = journal.next;
    journal.entries.push({ ...notice, seq, id: `${journal.id}-${seq}`, ...known({ only }) });
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
    [output]: { ...cursor, done: Math.max(done, cursor.done), dropped, last_ms: at_ms },
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
