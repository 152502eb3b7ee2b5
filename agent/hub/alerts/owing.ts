// What an output has to be told yet that is new, or goes to another receiver now: all that fired before. Pure but for the journal.
import type { Alert, AlertKey } from './alert.ts';
import { type Journal, owesNothing, queueNotices, waitingFor } from './journal.ts';

/** By output: what fired as it came. */
export type Owing = Map<string, Set<AlertKey>>;

/** Of each output that is owed something. */
export const newOwing = ({ cursors }: Journal, firing: readonly Alert[]): Owing =>
  new Map(
    Object.entries(cursors)
      .filter(([, { owes }]) => owes === true)
      .map(([name]) => [name, new Set(firing.map(({ key }) => key))]),
  );

/** Queues for them what of it fires still and is seen to; gives whether that is news. At most `most` notices may wait. */
export function payOwed(
  owing: Owing,
  journal: Journal,
  firing: readonly Alert[],
  isSure: (alert: Alert) => boolean,
  { at_ms, most }: { readonly at_ms: number; readonly most: number },
): boolean {
  let isNews = false;
  for (const [output, keys] of owing) {
    const waiting = new Map(waitingFor(journal, output).map(({ alert, event }) => [alert.key, event]));
    const mine = firing.filter(({ key }) => keys.has(key) && waiting.get(key) !== 'fired');
    const sure = mine.filter(isSure);
    queueNotices(
      journal,
      sure.map((alert) => ({ event: 'fired', at_ms, alert })),
      most,
      output,
    );
    const left = mine.filter((alert) => !sure.includes(alert));
    isNews ||= sure.length > 0 || left.length === 0;
    owing.set(output, new Set(left.map(({ key }) => key)));
    if (left.length > 0) continue;
    owing.delete(output);
    owesNothing(journal, output);
  }
  return isNews;
}
