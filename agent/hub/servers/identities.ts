// Who is behind the leaf links: LEAFZ has no more than their own word, CONNZ has their logins, at a kilobyte each. So each link
// is looked up once, by pages, and then known by the events of its coming and going.

import { known } from '../../lib/known.ts';
import { askServer } from './ask.ts';
import { type ConnectionFacts, parseConnections } from './connections.ts';
import type { ConnectionEvent } from './events.ts';

/** Who a connection is. */
export type Identity = Pick<ConnectionFacts, 'login' | 'account' | 'start_ms'>;

/** Connections in an answer: it has a megabyte or two. */
const page = 1000;
/** Nobody has more; each is two hundred bytes. */
const mostKnown = 50_000;
/** From one look at all of a server to the next. */
const again_ms = 30_000;

export interface Identities {
  of(server_id: string, id: number): Identity | undefined;
  noted(event: ConnectionEvent): void;
  /** Looks up all of a server, if it is time for that; whether it did. */
  lookUp(by: Parameters<typeof askServer>[0], server_id: string): Promise<boolean>;
  /** Servers that are there; of others nothing is kept. */
  keep(server_ids: ReadonlySet<string>): void;
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
      if (by.ticker.now_ms() < there.next_ms) return false;
      there.next_ms = Number.POSITIVE_INFINITY;
      const found = new Map<number, Identity>();
      for (let [offset, total] = [0, 1]; offset < Math.min(total, mostKnown); offset += page) {
        const heard = await askServer(by, server_id, 'CONNZ', {
          auth: true,
          sort: 'cid',
          limit: page,
          offset,
        });
        const all = heard && parseConnections(heard.data);
        for (const one of all?.listed ?? []) {
          const { kind, id, login, account, start_ms } = one;
          if (kind === 'leaf') found.set(id, known({ login, account, start_ms }));
        }
        total = all?.total ?? 0;
      }
      for (const [id, one] of found) there.known.set(id, one);
      there.next_ms = by.ticker.now_ms() + again_ms;
      return found.size > 0;
    },
    keep(server_ids) {
      for (const id of servers.keys()) if (!server_ids.has(id)) servers.delete(id);
    },
  };
}
