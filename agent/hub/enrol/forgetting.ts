// A unit is shut out and taken off the list, as an operator wants it from a page.
import type { Book } from '../book/book.ts';
import { takeOffRoster } from '../book/roster.ts';
import type { HubHere } from '../run/hubhere.ts';
import type { HubLinks } from '../run/hublinks.ts';
import { carryOut } from './carryout.ts';
import { accountSigner } from './issuerhub.ts';
import { orderForgetting } from './orders.ts';
import { bringRevocations } from './revoking.ts';

/** A hub in which a unit is to be forgotten. */
export interface ForgettingHub {
  readonly here: HubHere;
  readonly links: HubLinks;
  readonly book: Book;
  readonly signal: AbortSignal;
}

/** `open`: written down, but what it has to log in with still holds, and why. `refused`: nothing was done. */
export type Forgotten =
  | { readonly state: 'done' }
  | { readonly state: 'open' | 'refused'; readonly why: string };

/** Shuts a unit out and frees its id; one that is only heard of is taken off the list. Throws where the streams do not answer. */
export async function forgetUnit(hub: ForgettingHub, unit: string): Promise<Forgotten> {
  const { here, links, book } = hub;
  await book.catchUp();
  const ordered = await carryOut(
    hub,
    (bindings) => orderForgetting(bindings, unit, Date.now()),
    (record) => record,
  );
  if (!ordered.ok)
    return (await takeOffRoster(links.fleet, unit))
      ? { state: 'done' }
      : { state: 'refused', why: ordered.why };
  const outcome = await bringRevocations(links.sys, here.file, book, () => accountSigner(here), Date.now());
  if (ordered.value.kind === 'unit') await takeOffRoster(links.fleet, ordered.value.unit); // now that it sends no more
  return outcome.state === 'failed' ? { state: 'open', why: outcome.why } : { state: 'done' };
}
