// What somebody who looks at the page can do: ask a unit for its time, and forget one.

import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { openBook } from '../book/book.ts';
import { type ForgettingHub, type Forgotten, forgetUnit } from '../enrol/forgetting.ts';
import { accountSigner } from '../enrol/issuerhub.ts';
import type { AskSummary } from '../measure/asknow.ts';
import type { Measuring } from '../measure/measure.ts';

/** The last answer of a unit that somebody asked. */
export interface AskedUnit {
  /** Unix ms. */
  readonly at_ms: number;
  readonly summary: AskSummary;
}

export interface PageActions {
  /** Resolves once it has answered, or will not; up to 12 s. */
  ask(unit: string): Promise<void>;
  asked(unit: string): AskedUnit | undefined;
  /** Whether units can be forgotten from here. */
  readonly canForget: boolean;
  /** Why the keys by which logins are revoked are not here; undefined where they are, or nothing can be forgotten. */
  lackingKeys(): string | undefined;
  forget(unit: string): Promise<Forgotten>;
}

/** Answers that are kept, the oldest goes first. */
const mostAsked = 1000;

export interface ActionDeps {
  readonly measuring: Pick<Measuring, 'ask'>;
  readonly wall_ms: () => number;
  readonly log: Log;
  /** The hub of a folder; without it nothing can be changed. */
  readonly kit?: Omit<ForgettingHub, 'book'>;
}

async function forgotten(kit: Omit<ForgettingHub, 'book'>, unit: string): Promise<Forgotten> {
  try {
    return await forgetUnit({ ...kit, book: openBook(kit.links.book) }, unit);
  } catch (error) {
    return { state: 'refused', why: messageOf(error) };
  }
}

/** The actions of one page; whoever asks sees what others have asked before. */
export function pageActions({ measuring, wall_ms, log, kit }: ActionDeps): PageActions {
  const asked = new Map<string, AskedUnit>();
  return {
    async ask(unit) {
      const summary = await measuring.ask(unit);
      asked.delete(unit);
      asked.set(unit, { at_ms: wall_ms(), summary });
      const [oldest] = asked.keys();
      if (asked.size > mostAsked && oldest !== undefined) asked.delete(oldest);
    },
    asked: (unit) => asked.get(unit),
    canForget: kit !== undefined,
    lackingKeys() {
      const signer = kit && accountSigner(kit.here);
      return signer !== undefined && 'lacking' in signer ? signer.lacking : undefined;
    },
    async forget(unit) {
      if (kit === undefined) return { state: 'refused', why: 'the folder of the hub is not here' };
      const outcome = await forgotten(kit, unit);
      if (outcome.state === 'done') log.info('a unit was forgotten from the page', { unit });
      else log.warn(`a unit was to be forgotten from the page: ${outcome.state}`, { unit, why: outcome.why });
      return outcome;
    },
  };
}
