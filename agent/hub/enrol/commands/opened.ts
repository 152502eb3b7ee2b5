// What the commands about units have in common: the hub of a folder, a link to its server, and the book read to its end.
import { connected } from '../../../cli/connect/connect.ts';
import type { CommandIo } from '../../../cli/io.ts';
import { visible } from '../../../lib/format.ts';
import { systemTicker } from '../../../lib/ticker.ts';
import { type Book, openBook } from '../../book/book.ts';
import { defaultHubDir } from '../../kit/hubdir.ts';
import { type HubHere, loadHub } from '../../run/hubhere.ts';
import { type HubLinks, openHubLinks } from '../../run/hublinks.ts';
import type { IssuerHub } from '../answers.ts';
import { patiently } from '../carryout.ts';
import { accountSigner, readIssuerHub } from '../issuerhub.ts';
import { bringRevocations } from '../revoking.ts';
import type { IssueTime } from '../unitrecords.ts';

/** The flags of all commands about units. */
export const hubFlags = {
  dir: { type: 'string', default: defaultHubDir },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Their lines in the usage. */
export const hubUsage = `  --dir DIR     folder of the hub, which must run (default ${defaultHubDir})
`;

/** A hub that a command works on. */
export interface OpenedHub {
  readonly here: HubHere;
  readonly hub: IssuerHub;
  readonly book: Book;
  readonly links: HubLinks;
  /** Ends the waiting for a stream. */
  readonly signal: AbortSignal;
  moment(): IssueTime;
}

/** What a command that is started is given. */
export interface UnitsCommand {
  readonly io: CommandIo;
  readonly signal: AbortSignal;
  /** Its name, as `revoke`. */
  readonly name: string;
  readonly dir: string;
}

const day_ms = 24 * 3600 * 1000;

/** Does `work` with the hub of a folder. Gives its exit code; 1 where the hub cannot be reached. */
export async function withHub(
  { io, signal, name, dir }: UnitsCommand,
  work: (hub: OpenedHub) => Promise<number>,
): Promise<number> {
  const here = loadHub(dir);
  const hub = readIssuerHub(here);
  const ticker = systemTicker();
  const ending = new AbortController();
  const links = openHubLinks(here, `nunect-hub ${name}`, ticker, ending.signal);
  try {
    const whys = await Promise.all(Object.values(links).map((link) => connected(link, ticker, signal)));
    const why = whys.find((one) => one !== undefined);
    if (why !== undefined) {
      io.stderr(
        `nunect-hub ${name}: ${here.connect.servers}: ${visible(why)}; does the hub run? see 'nunect-hub status'\n`,
      );
      return 1;
    }
    const book = openBook(links.book);
    await patiently(() => book.catchUp(), signal);
    const life_ms = here.file.days * day_ms;
    return await work({ here, hub, book, links, signal, moment: () => ({ now_ms: Date.now(), life_ms }) });
  } finally {
    await Promise.all(Object.values(links).map((link) => link.stop()));
    ending.abort();
  }
}

/** Brings to the servers what is void, and says what came of it; gives the exit code. */
export async function closeLogins(
  { here, book, links }: OpenedHub,
  { io, name }: UnitsCommand,
): Promise<number> {
  const outcome = await bringRevocations(links.sys, here.file, book, () => accountSigner(here), Date.now());
  if (outcome.state === 'failed') {
    io.stderr(
      `nunect-hub ${name}: it is written down, and no new login is given; the present one holds until its end: ${visible(outcome.why)}. Then call 'nunect-hub revoke'\n`,
    );
    return 1;
  }
  const servers = here.file.servers.length;
  if (outcome.state === 'done' && outcome.servers < servers)
    io.stderr(
      `nunect-hub ${name}: ${outcome.servers} of ${servers} servers have closed it; the others do when they are there again\n`,
    );
  return 0;
}
