import { readFileSync } from 'node:fs';
import { formatCreds, readCreds } from '../../config/formats/creds.ts';
import { savedText } from '../../config/formats/saved.ts';
import { messageOf } from '../../lib/errors.ts';
import { logTo } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { type Link, openLink } from '../../nats/link.ts';
import type { LinkOptions } from '../../nats/session.ts';
import { type HubAccount, hubAccounts } from '../kit/accounts.ts';
import type { HubHere } from './hubhere.ts';

/** How a user of the hub's own in that account connects. Throws where its credentials cannot be read. */
export function hubLinkOptions(here: HubHere, account: HubAccount, name: string): LinkOptions {
  const path = here.creds[account];
  let text: string;
  try {
    text = savedText(readFileSync(path));
  } catch (error) {
    throw new Error(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const creds = readCreds(text);
  if (!creds.ok) throw new Error(`${path}: ${creds.why}`);
  return { ...here.connect, name, inboxPrefix: '_INBOX', creds: formatCreds(creds.value) };
}

/** Opens a link that says nothing of itself: its state has what goes wrong. */
export const openQuietLink = (options: LinkOptions, ticker: Ticker, signal: AbortSignal): Link =>
  openLink({ ticker, log: logTo(() => {}) }, options, signal);

/** Links of the hub's own users, by account. */
export type HubLinks = Readonly<Record<HubAccount, Link>>;

/** Opens those of all accounts. */
export const openHubLinks = (here: HubHere, name: string, ticker: Ticker, signal: AbortSignal): HubLinks =>
  Object.fromEntries(
    hubAccounts.map((account) => [
      account,
      openQuietLink(hubLinkOptions(here, account, name), ticker, signal),
    ]),
  ) as HubLinks;
