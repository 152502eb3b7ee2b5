// The last days of the units that somebody looks at: read when they are looked at, and kept for as long as somebody does.
import { known } from '../../../../lib/known.ts';
import { type Ticker, within } from '../../../../lib/ticker.ts';
import type { Link } from '../../../../nats/link.ts';
import type { FleetChange, FleetUnit } from '../../../fleet/model.ts';
import { type DayOptions, type DayRead, historyOf, newDay } from './day.ts';
import { dayGrid } from './grid.ts';
import type { Silence, UnitHistory } from './history.ts';
import { readDay } from './read.ts';

/** How the days of units are got. */
export interface DayKeeper {
  /**
   * The last day of a unit as far as it is read, after at most `patience_ms`; undefined where nothing is yet. What is older than a
   * minute is read on, at most for two units at a time. Never rejects.
   */
  look(
    unit: FleetUnit,
    changes: readonly FleetChange[],
    patience_ms: number,
  ): Promise<UnitHistory | undefined>;
}

/** What was read of one. */
interface Kept {
  readonly day: DayRead;
  shown: UnitHistory | undefined;
  read_ms: number;
  reading: Promise<void> | undefined;
}

const fresh_ms = 60_000;
/** A day takes some 100 KB. */
const mostKept = 32;
const mostReading = 2;

/** The silences that the hub has seen itself, by what happened to the unit: of these the stream need not be searched. */
export function silencesSeen(unit: string, changes: readonly FleetChange[]): Silence[] {
  const found: { from_ms: number; to_ms?: number }[] = [];
  for (const { unit: of, what, at_ms, before, after } of changes) {
    if (of !== unit || what !== 'state') continue;
    const last = found.at(-1);
    if (after === 'offline' || after === 'away') found.push({ from_ms: at_ms });
    else if ((before === 'offline' || before === 'away') && last && last.to_ms === undefined)
      last.to_ms = at_ms;
  }
  return found;
}

/** Keeps them for a page. `wall_ms`: the hub's clock, Unix ms. */
export function keepDays(link: Link, ticker: Ticker, wall_ms: () => number): DayKeeper {
  const kept = new Map<string, Kept>();
  let reading = 0;

  function keptOf(unit: string): Kept {
    const one: Kept = kept.get(unit) ?? {
      ...{ day: newDay(), shown: undefined, read_ms: Number.NEGATIVE_INFINITY, reading: undefined },
    };
    kept.delete(unit);
    kept.set(unit, one); // the last that was looked at is the last to go
    for (const [id, { reading: isRead }] of kept)
      if (kept.size > mostKept && isRead === undefined) kept.delete(id);
    return one;
  }

  function optionsOf(
    { unit, interval_s, link: leaf }: FleetUnit,
    changes: readonly FleetChange[],
  ): DayOptions {
    const linked_ms = leaf?.since_ms;
    const of = { unit, grid: dayGrid, now_ms: wall_ms(), silences: silencesSeen(unit, changes) };
    return { ...of, ...known({ interval_s, linked_ms }) };
  }

  return {
    async look(unit, changes, patience_ms) {
      const one = keptOf(unit.unit);
      const isOld = ticker.now_ms() - one.read_ms > fresh_ms;
      if (isOld && one.reading === undefined && reading < mostReading) {
        reading += 1;
        const opts = optionsOf(unit, changes);
        one.reading = readDay(link, one.day, opts, ticker.now_ms).then(() => {
          reading -= 1;
          one.reading = undefined;
          one.read_ms = ticker.now_ms();
          one.shown = historyOf(one.day, opts);
        });
      }
      if (one.shown === undefined && one.reading !== undefined)
        await within(ticker, patience_ms, one.reading);
      return one.shown;
    },
  };
}
