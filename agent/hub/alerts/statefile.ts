// What the alerter must not forget, in a file: alerts.json in the hub's run folder, or where --state says.
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { readIfThere, writeAtomic } from '../../lib/files.ts';
import { isObject, type ParseResult, parsed, parseObject, unparsed } from '../../lib/parse.ts';
import { type AlertKey, alertRules, type Condition } from './alert.ts';
import type { Counters } from './conditions.ts';
import type { Group, HeldAlert, KeeperState } from './held.ts';
import { type Journal, newJournal } from './journal.ts';
import { newKeeper } from './keeper.ts';

const fileName = 'alerts.json';
/** Of the layout below; a file of another is not read. */
const layout = 1;

/** All of it: what is told and what is to be sent of it go to the file at once, so that neither is without the other. */
export interface AlertState {
  readonly keeper: KeeperState;
  readonly journal: Journal;
  /** What was told from here and is not over. */
  readonly own: Set<AlertKey>;
}

/** Nothing was seen, nothing told. */
export const newAlertState = (id: string): AlertState => ({
  keeper: newKeeper(),
  journal: newJournal(id),
  own: new Set(),
});

/** The text of the file. */
export const formatAlertState = ({ keeper, journal, own }: AlertState): string =>
  `${JSON.stringify({ layout, keeper: { ...keeper, held: [...keeper.held], groups: [...keeper.groups] }, journal, own: [...own] })}\n`;

const areNumbers = (value: Readonly<Record<string, unknown>>, names: readonly string[]): boolean =>
  names.every((name) => Number.isFinite(value[name]));

const isHeld = (entry: unknown): entry is [AlertKey, HeldAlert] =>
  Array.isArray(entry) &&
  isObject(entry[1]) &&
  Object.hasOwn(alertRules, String(entry[1]['condition'])) &&
  typeof entry[1]['text'] === 'string' &&
  areNumbers(entry[1], ['since_ms', 'began_ms', 'seen_ms', 'held_ms', 'clear_ms']);

const isGroup = (entry: unknown): entry is [Condition, Group] =>
  Array.isArray(entry) &&
  Object.hasOwn(alertRules, String(entry[0])) &&
  isObject(entry[1]) &&
  areNumbers(entry[1], ['since_ms', 'formed_ms', 'joined_ms', 'back_ms', 'told', 'told_ms']);

const isQueued = (entry: unknown): boolean =>
  isObject(entry) &&
  areNumbers(entry, ['seq', 'at_ms']) &&
  typeof entry['id'] === 'string' &&
  (entry['event'] === 'fired' || entry['event'] === 'resolved') &&
  isObject(entry['alert']) &&
  Object.hasOwn(alertRules, String(entry['alert']['condition'])) &&
  ['key', 'severity', 'text', 'remedy'].every((name) => typeof Object(entry['alert'])[name] === 'string') &&
  areNumbers(entry['alert'], ['since_ms']);

const isCountBelow = (value: unknown, most: number): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < most;

/** Of a journal whose next number is that. */
const isCursor = (entry: unknown, next: number): boolean =>
  isObject(entry) &&
  isCountBelow(entry['done'], next) &&
  isObject(entry['dropped']) &&
  isCountBelow(entry['dropped']['count'], Infinity) &&
  Array.isArray(entry['dropped']['keys']);

/** Numbers that cannot be would have all that comes taken for told. */
function journalOf(found: unknown): Journal | undefined {
  if (!isObject(found) || typeof found['id'] !== 'string') return undefined;
  const { entries, cursors, next } = found;
  if (typeof next !== 'number' || !isCountBelow(next, Infinity)) return undefined;
  if (!Array.isArray(entries) || !entries.every(isQueued)) return undefined;
  const seqs = entries.map(({ seq }) => seq);
  if (!seqs.every((seq, at) => isCountBelow(seq, next) && (at === 0 || seq > seqs[at - 1]))) return undefined;
  if (!isObject(cursors) || !Object.values(cursors).every((one) => isCursor(one, next))) return undefined;
  return found as unknown as Journal;
}

function keeperOf(found: unknown): KeeperState | undefined {
  if (!isObject(found) || !Number.isFinite(found['clock_ms']) || !isObject(found['counters']))
    return undefined;
  const { held, groups } = found;
  if (!Array.isArray(held) || !held.every(isHeld)) return undefined;
  if (!Array.isArray(groups) || !groups.every(isGroup)) return undefined;
  return {
    ...newKeeper(), // after a restart nothing was seen just now
    clock_ms: Number(found['clock_ms']),
    held: new Map(held),
    groups: new Map(groups),
    counters: found['counters'] as Counters,
  };
}

const isKey = (entry: unknown): entry is AlertKey =>
  typeof entry === 'string' && Object.hasOwn(alertRules, entry.slice(0, entry.indexOf(':')));

/** Reads what `formatAlertState` made. */
export function parseAlertState(text: string): ParseResult<AlertState> {
  const read = parseObject(text);
  if (!read.ok) return read;
  if (read.value['layout'] !== layout) return unparsed('it is of another version');
  const [keeper, journal] = [keeperOf(read.value['keeper']), journalOf(read.value['journal'])];
  const { own } = read.value;
  const isWhole = Array.isArray(own) && own.every(isKey);
  return keeper && journal && isWhole
    ? parsed({ keeper, journal, own: new Set(own) })
    : unparsed('it is not what the alerts write');
}

/** Where the alerts keep their state. */
export interface AlertStore {
  /** What is in the file; a new state where there is none, or, with why, none that can be read. */
  load(id: string): { readonly state: AlertState; readonly why?: string };
  /** Throws where it cannot be written. */
  save(text: string): void;
}

/** The file in that folder. */
export function alertStore(folder: string): AlertStore {
  const path = join(folder, fileName);
  return {
    load(id) {
      try {
        const text = readIfThere(path);
        if (text === undefined) return { state: newAlertState(id) };
        const read = parseAlertState(text);
        return read.ok ? { state: read.value } : { state: newAlertState(id), why: `${path}: ${read.why}` };
      } catch (error) {
        return { state: newAlertState(id), why: `${path} cannot be read: ${messageOf(error)}` };
      }
    },
    save: (text) => writeAtomic(path, text, { durable: true }),
  };
}
