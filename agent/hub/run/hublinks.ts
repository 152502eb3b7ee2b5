import { readFileSync } from 'node:fs';
import { formatCreds, readCreds } from '../../config/formats/creds.ts';
import { savedText } from '../../config/formats/saved.ts';
import { messageOf } from '../../lib/errors.ts';
import { logTo } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { type Link, openLink } from '../../nats/link.ts';
import type { LinkOptions } from '../../nats/session.ts';
import type { HubHere } from './hubhere.ts';

/** How a user of the hub's own in that account connects. Throws where its credentials cannot be read. */
export function hubLinkOptions(here: HubHere, account: keyof HubHere['creds'], name: string): LinkOptions {
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
export const openHubLink = (
  here: HubHere,
  account: keyof HubHere['creds'],
  name: string,
  ticker: Ticker,
  signal: AbortSignal,
): Link => openLink({ ticker, log: logTo(() => {}) }, hubLinkOptions(here, account, name), signal);
