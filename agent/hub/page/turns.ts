// Who of the servers of a hub tells the alerts: the first that is there and sees the units, else the first that is there. Told by two
// for a moment is better than by none.
import { parseObject } from '../../lib/parse.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import { alertSubjects } from '../../wire/subjects.ts';

export interface TurnDeps {
  readonly ticker: Ticker;
  readonly link: Pick<Link, 'publish' | 'subscribe' | 'state'>;
  /** All servers in their order, the same on each; this one is `own`. */
  readonly servers: readonly string[];
  readonly own: string;
  /** Whether it sees what it is to tell of. */
  sees(): boolean;
  /** Is called whenever it becomes this server's turn, or no longer is. */
  changed(isMine: boolean): void;
}

export interface Turns {
  /** Whose turn it is, where that is another's and it has said so. */
  teller(): string | undefined;
  stop(): void;
}

const beat_ms = 5000;
/** Who did not look for longer was held up: of its silence nobody else is to blame. */
const longestPause_ms = 2 * beat_ms;
/** So long nobody of those before has said anything; and so long where this server's own link is away, which may be its own fault. */
const silent_ms = { linked: 20_000, unlinked: 180_000 } as const;

/** The teller that a message is of; one that does not say whether it sees does. */
function tellerIn(data: Uint8Array) {
  const read = parseObject(new TextDecoder().decode(data));
  if (!read.ok) return undefined;
  const { server, sees } = read.value;
  return typeof server === 'string' ? { server, sees: sees !== false } : undefined;
}

/** Takes the turn once nobody has it who can tell better, and gives it back when one does again. */
export function takeTurns({ ticker, link, servers, own, sees, changed }: TurnDeps): Turns {
  const before = new Set(servers.slice(0, Math.max(0, servers.indexOf(own))));
  const isBetter = (one: { readonly server: string; readonly sees: boolean }): boolean =>
    one.sees === sees() ? before.has(one.server) : one.sees && servers.includes(one.server);
  let isBest = before.size === 0; // as far as is known: at the start the others are waited for
  let heard_ms = ticker.now_ms();
  let teller: string | undefined;
  let isMine = false;
  const settle = (next: boolean): void => {
    if (next === isMine) return;
    isMine = next;
    changed(isMine);
  };
  let looked_ms = ticker.now_ms();
  const look = (): void => {
    const now_ms = ticker.now_ms();
    // what the others said meanwhile may not be read yet, and what this one sees is of before
    if (now_ms - looked_ms > longestPause_ms) heard_ms = now_ms;
    looked_ms = now_ms;
    const silence_ms = now_ms - heard_ms;
    const limit_ms = link.state().connected ? silent_ms.linked : silent_ms.unlinked;
    if (!isBest && silence_ms < limit_ms) return;
    isBest = true;
    teller = undefined;
    settle(true);
    link.publish(alertSubjects.teller, JSON.stringify({ server: own, sees: sees() }));
  };
  const unsubscribe = link.subscribe(alertSubjects.teller, ({ data }) => {
    const found = tellerIn(data);
    if (found === undefined || found.server === own || !isBetter(found)) return;
    heard_ms = ticker.now_ms();
    isBest = false;
    teller = found.server;
    settle(false);
  });
  const cancel = ticker.every(beat_ms, look);
  look();
  return {
    teller: () => teller,
    stop() {
      cancel();
      unsubscribe();
    },
  };
}
