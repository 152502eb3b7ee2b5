// What somebody who looks at the page can do: ask a unit for its time, and forget one.

import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Link } from '../../nats/link.ts';
import { openBook } from '../book/book.ts';
import { type ForgettingHub, type Forgotten, forgetUnit } from '../enrol/forgetting.ts';
import type { FleetUnit } from '../fleet/model.ts';
import type { AskSummary } from '../measure/asknow.ts';
import type { Measuring } from '../measure/measure.ts';
import { askProblems, type ToldProblems } from './unit/problems.ts';

/** The last answer of a unit that somebody asked. */
export interface Asked {
  /** Unix ms. */
  readonly at_ms: number;
  readonly summary: AskSummary;
  /** What it finds wrong with itself, with what mends it. */
  readonly told: ToldProblems;
}

export interface PageActions {
  /** Resolves once it has answered, or will not; up to 10 s. */
  ask(unit: Pick<FleetUnit, 'unit' | 'role'>): Promise<void>;
  asked(unit: string): Asked | undefined;
  /** Whether units can be forgotten from here. */
  readonly canForget: boolean;
  forget(unit: string): Promise<Forgotten>;
}

/** Of a unit that has not told another. */
const defaultRole = 'leaf';
/** Answers that are kept, the oldest goes first. */
const mostAsked = 1000;

export interface ActionDeps {
  readonly measuring: Pick<Measuring, 'ask'>;
  readonly link: Pick<Link, 'request'>;
  readonly wall_ms: () => number;
  readonly log: Log;
  /** The hub of a folder; without it nothing can be changed. */
  readonly kit?: Omit<ForgettingHub, 'book'>;
}

/** The actions of one page; whoever asks sees what others have asked before. */
export function pageActions({ measuring, link, wall_ms, log, kit }: ActionDeps): PageActions {
  const asked = new Map<string, Asked>();
  return {
    async ask({ unit, role = defaultRole }) {
      const summary = await measuring.ask(unit);
      const told = await askProblems(link, unit, role, wall_ms()); // not at once: the exchanges would wait for its answer
      asked.delete(unit);
      asked.set(unit, { at_ms: wall_ms(), summary, told });
      const [oldest] = asked.keys();
      if (asked.size > mostAsked && oldest !== undefined) asked.delete(oldest);
    },
    asked: (unit) => asked.get(unit),
    canForget: kit !== undefined,
    async forget(unit) {
      if (kit === undefined) return { state: 'refused', why: 'the folder of the hub is not here' };
      try {
        const outcome = await forgetUnit({ ...kit, book: openBook(kit.links.book) }, unit);
        log.info('a unit was forgotten from the page', { unit, state: outcome.state });
        return outcome;
      } catch (error) {
        return { state: 'refused', why: messageOf(error) };
      }
    },
  };
}
