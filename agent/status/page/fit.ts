// What has no end, such as findings and the names that others give, is cut until the page is as small as it promises.
import type { StatusSnapshot } from '../snapshot.ts';

/** How much is shown of what has no end. */
export interface Room {
  readonly findings: number;
  readonly changes: number;
  /** Of each table. */
  readonly rows: number;
  /** Of a text or name. */
  readonly letters: number;
  readonly day: boolean;
}

/** From what nearly every unit needs to what always fits. */
export const rooms: readonly [Room, ...Room[]] = [
  { findings: 8, changes: 10, rows: 12, letters: 600, day: true },
  { findings: 5, changes: 6, rows: 8, letters: 300, day: true },
  { findings: 4, changes: 4, rows: 5, letters: 150, day: true },
  { findings: 3, changes: 3, rows: 3, letters: 80, day: false },
  { findings: 2, changes: 2, rows: 1, letters: 18, day: false },
];

/** A command that is cut in the middle does something else. */
const commands: ReadonlySet<string> = new Set(['remedy']);

/** A text as it may be; of a command that would be cut, the one that tells all commands. */
function cutText(text: string, key: string, { letters }: Room): string {
  if (commands.has(key)) return text.length <= 2 * letters ? text : 'nunect doctor';
  return text.length <= letters ? text : `${text.slice(0, letters)}…`;
}

function cut(value: unknown, key: string, within: Room): unknown {
  if (typeof value === 'string') return cutText(value, key, within);
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, cut(one, name, within)]));
  const most = key === 'troubles' ? within.findings : key === 'changes' ? within.changes : within.rows;
  return value.slice(0, most).map((one) => cut(one, '', within));
}

/** The state with no more of anything than that. */
export const cutTo = (snapshot: StatusSnapshot, within: Room): StatusSnapshot =>
  cut(snapshot, '', within) as StatusSnapshot;
