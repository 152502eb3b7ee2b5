// Records that could not be read: how many, and whose, by their subjects. They are told of for ten minutes. Pure: time is passed in.
import { token } from '../../../config/rules.ts';

export interface Unreadable {
  /** A record on that subject, at that monotonic time. */
  note(subject: string, now_ms: number): void;
  /** `3 records of ship-7 could not be read in the last 10 min`; undefined where all could. */
  words(now_ms: number): string | undefined;
}

const minute_ms = 60_000;
const told_min = 10;
/** Anybody may send in any name: of so many it is told apart, in each minute. */
const mostUnits = 100;
const mostNamed = 3;

const unitIn = (subject: string): string => subject.slice(subject.lastIndexOf('.') + 1);

/** Those that are told of, by unit; '' are all others. */
function sumOf(minutes: ReadonlyMap<number, ReadonlyMap<string, number>>): Map<string, number> {
  const sum = new Map<string, number>();
  for (const counts of minutes.values())
    for (const [unit, count] of counts) sum.set(unit, (sum.get(unit) ?? 0) + count);
  return sum;
}

/** `ship-7`, `ship-7, ship-8, ship-9 and others`. */
function whose(units: ReadonlyMap<string, number>): string {
  const named = [...units.keys()].filter((unit) => unit !== '').sort();
  if (named.length === 0) return '';
  const isMore = named.length > mostNamed || units.has('');
  return ` of ${named.slice(0, mostNamed).join(', ')}${isMore ? ' and others' : ''}`;
}

export function newUnreadable(): Unreadable {
  const minutes = new Map<number, Map<string, number>>();
  const forget = (now_ms: number): void => {
    for (const minute of minutes.keys())
      if ((minute + told_min) * minute_ms <= now_ms) minutes.delete(minute);
  };
  return {
    note(subject, now_ms) {
      const minute = Math.floor(now_ms / minute_ms);
      const counts = minutes.get(minute) ?? new Map<string, number>();
      minutes.set(minute, counts);
      const id = unitIn(subject);
      const isKept = token.pattern.test(id) && (counts.has(id) || counts.size < mostUnits);
      const unit = isKept ? id : '';
      counts.set(unit, (counts.get(unit) ?? 0) + 1);
      forget(now_ms);
    },
    words(now_ms) {
      forget(now_ms);
      const units = sumOf(minutes);
      const count = [...units.values()].reduce((sum, one) => sum + one, 0);
      if (count === 0) return undefined;
      const records = count === 1 ? '1 record' : `${count} records`;
      return `${records}${whose(units)} could not be read in the last ${told_min} min`;
    },
  };
}
