// Who is behind the leaf links: LEAFZ has no more than their own word, CONNZ has their logins, at a kilobyte each. So each link
// is looked up once, by pages, and then known by the events of its coming and going.

import { known } from '../../lib/known.ts';
import { askServer } from './ask.ts';
import { type ConnectionFacts, parseConnections } from './connections.ts';
import type { ConnectionEvent } from './events.ts';

/** Who a connection is. */
export type Identity = Pick<ConnectionFacts, 'login' | 'account' | 'start_ms'>;

/** Connections in an answer: it has two megabytes, packed a quarter of that. For each page a server reads the logins of all. */
const page = 2000;
/** So many times as long as a page took nothing is asked: it is work for the server. */
const rest = 4;
/** Nobody has more; each is two hundred bytes. */
const mostKnown = 50_000;
/** From one look at all of a server to the next. */
const again_ms = 30_000;

export interface Identities {
  of(server_id: string, id: number): Identity | undefined;
  noted(event: ConnectionEvent): void;
  /** Looks up all of a server, if it is time for that: its first page at once, others later. */
  lookUp(by: By, server_id: string): Promise<void>;
  /** Servers that are there; of others nothing is kept. */
  keep(server_ids: ReadonlySet<string>): void;
}

type By = Parameters<typeof askServer>[0];

/** Notes who is on a page; gives how many connections there are in all. */
async function readPage(
  by: By,
  server_id: string,
  offset: number,
  into: Map<number, Identity>,
  seen: Set<number>,
): Promise<number> {
  const heard = await askServer(by, server_id, 'CONNZ', { auth: true, sort: 'cid', limit: page, offset });
  if (heard === undefined) return 0;
  const { total, listed } = parseConnections(heard.data);
  for (const { kind, id, login, account, start_ms } of listed)
    if (kind === 'leaf') {
      if (into.size < mostKnown || into.has(id)) into.set(id, known({ login, account, start_ms }));
      seen.add(id);
    }
  return Math.min(total, mostKnown);
}

async function readOthers(
  by: By,
  server_id: string,
  total: number,
  pause_ms: number,
  there: { readonly known: Map<number, Identity>; next_ms: number },
  seen: Set<number>,
): Promise<void> {
  const before = [...there.known.keys()];
  for (let [offset, left] = [page, total]; offset < left; offset += page) {
    await new Promise<void>((resolve) => void by.ticker.after(pause_ms, resolve));
    left = await readPage(by, server_id, offset, there.known, seen);
  }
  if (seen.size > 0) for (const id of before) if (!seen.has(id)) there.known.delete(id); // gone, and its event was not read
  there.next_ms = by.ticker.now_ms() + again_ms;
}

export function newIdentities(): Identities {
  const servers = new Map<string, { known: Map<number, Identity>; next_ms: number }>();
  const at = (server_id: string) => {
    const there = servers.get(server_id) ?? {
      known: new Map<number, Identity>(),
      next_ms: Number.NEGATIVE_INFINITY,
    };
    servers.set(server_id, there);
    return there;
  };
  return {
    of: (server_id, id) => servers.get(server_id)?.known.get(id),
    noted({ event, server_id, id, ...more }) {
      const all = at(server_id).known;
      if (event.what !== 'came') all.delete(id);
      else if (event.kind === 'leaf' && all.size < mostKnown) {
        const { account } = event;
        all.set(id, { ...(account === undefined ? {} : { account }), ...more });
      }
    },
    async lookUp(by, server_id) {
      const there = at(server_id);
      if (by.ticker.now_ms() < there.next_ms) return;
      there.next_ms = Number.POSITIVE_INFINITY;
      const begun_ms = by.ticker.now_ms();
      const seen = new Set<number>();
      const total = await readPage(by, server_id, 0, there.known, seen);
      void readOthers(by, server_id, total, (by.ticker.now_ms() - begun_ms) * rest, there, seen);
    },
    keep(server_ids) {
      for (const id of servers.keys()) if (!server_ids.has(id)) servers.delete(id);
    },
  };
}
