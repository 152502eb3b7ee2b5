// Who uses the local server, by its CONNZ report: how many, and how much they send and take.
import { known } from '../../lib/known.ts';
import { isObject } from '../../lib/parse.ts';
import { absent, fresh, type Reading } from '../../lib/reading.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { type AskLeaf, Unanswered } from './ask.ts';
import { amount, reportIn, wholeNumber, word } from './reports.ts';

/** One client connection. Counts are since it was made. */
export interface Client {
  /** Number of the connection within the server. */
  readonly id: number;
  readonly name?: string;
  readonly user?: string;
  readonly address: string;
  /** From it, and to it. */
  readonly in_msgs: number;
  readonly out_msgs: number;
  /** What it has not read yet. */
  readonly pending_bytes: number;
}

/** A client with its rates since the look before; they are missing for one that was not there then. */
export type BusyClient = Omit<Client, 'id' | 'in_msgs' | 'out_msgs'> & Rates;

interface Rates {
  readonly in_msgs_per_s?: number;
  readonly out_msgs_per_s?: number;
}

/** All clients of the server but the agent itself. */
export interface ClientFacts extends Rates {
  readonly count: number;
  /** The busiest first. */
  readonly busiest: readonly BusyClient[];
}

function parseClient(entry: unknown): Client[] {
  if (!isObject(entry)) return [];
  const id = wholeNumber(entry['cid']);
  if (id === undefined) return [];
  return [
    {
      id,
      address: word(entry['ip']) ?? '',
      in_msgs: wholeNumber(entry['in_msgs']) ?? 0,
      out_msgs: wholeNumber(entry['out_msgs']) ?? 0,
      pending_bytes: amount(entry['pending_bytes']) ?? 0,
      ...known({ name: word(entry['name']), user: word(entry['authorized_user']) }),
    },
  ];
}

/** The report of a server's own account lists links to other servers, too; older servers do not say which is what. */
const isLink = (entry: unknown): boolean => isObject(entry) && (entry['kind'] ?? 'Client') !== 'Client';

/** The clients in a CONNZ report, and how many there are in all; undefined when it cannot be understood. */
export function parseConnz(text: string): { readonly total: number; readonly clients: Client[] } | undefined {
  const report = reportIn(text);
  const total = wholeNumber(report?.['total']);
  const all: unknown = report?.['connections'] ?? [];
  if (total === undefined || !Array.isArray(all)) return undefined;
  const rest = all.filter((entry) => !isLink(entry));
  return { total: total - (all.length - rest.length), clients: rest.flatMap(parseClient) };
}

/** One look. */
interface Look {
  readonly at_ms: number;
  readonly clients: ReadonlyMap<number, Client>;
}

function ratesOf({ id, in_msgs, out_msgs }: Client, before: Look | undefined, now_ms: number): Rates {
  const then = before?.clients.get(id);
  const span_s = (now_ms - (before?.at_ms ?? now_ms)) / 1000;
  if (then === undefined || span_s <= 0) return {};
  return {
    in_msgs_per_s: Math.max(0, in_msgs - then.in_msgs) / span_s,
    out_msgs_per_s: Math.max(0, out_msgs - then.out_msgs) / span_s,
  };
}

const shown = 10;
/** While the server does not tell it is asked more often: it has just been started. */
const again_ms = 3000;
const sumOf = (rates: readonly Rates[], of: (one: Rates) => number | undefined): number =>
  rates.reduce((sum, one) => sum + (of(one) ?? 0), 0);
const trafficOf = ({ in_msgs_per_s = 0, out_msgs_per_s = 0 }: Rates): number =>
  in_msgs_per_s + out_msgs_per_s;

/** What is to be told of one look, by the one before. `hidden` clients are in none of the lists. */
function factsOf({ at_ms, clients }: Look, before: Look | undefined, hidden: number): ClientFacts {
  const rated = [...clients.values()].map((client) => {
    const { id: _id, in_msgs: _in, out_msgs: _out, ...rest } = client;
    return { ...rest, ...ratesOf(client, before, at_ms) };
  });
  const isRated = before !== undefined;
  return {
    count: clients.size + hidden,
    ...(isRated && {
      in_msgs_per_s: sumOf(rated, (one) => one.in_msgs_per_s),
      out_msgs_per_s: sumOf(rated, (one) => one.out_msgs_per_s),
    }),
    busiest: rated.toSorted((a, b) => trafficOf(b) - trafficOf(a)).slice(0, shown),
  };
}

export interface ClientWatch {
  /** Absent while the server does not tell. */
  read(): Reading<ClientFacts>;
  stop(): void;
}

/** Looks at the clients of the server from time to time. `isOwn`: connections that are the agent's. */
export function watchClients(
  deps: { readonly ask: AskLeaf; readonly ticker: Ticker; isOwn(client: Client): boolean },
  opts: { readonly intervalMs: number },
): ClientWatch {
  const { ticker, ask, isOwn } = deps;
  let reading: Reading<ClientFacts> = absent('not_yet');
  let before: Look | undefined;
  let isAsking = false;
  let due_ms = 0;

  async function look(): Promise<void> {
    if (isAsking || ticker.now_ms() < due_ms) return;
    isAsking = true;
    try {
      const report = parseConnz(await ask('connz'));
      if (report === undefined)
        throw new Unanswered('garbled', 'the CONNZ report of the server cannot be read');
      const { total, clients } = report;
      const others = clients.filter((client) => !isOwn(client));
      const now = { at_ms: ticker.now_ms(), clients: new Map(others.map((one) => [one.id, one])) };
      reading = fresh(factsOf(now, before, Math.max(0, total - clients.length)), now.at_ms);
      before = now;
      due_ms = now.at_ms + opts.intervalMs;
    } catch (error) {
      before = undefined;
      reading =
        error instanceof Unanswered ? absent(error.code, error.message) : absent('no_reply', String(error));
    } finally {
      isAsking = false;
    }
  }

  const stop = ticker.every(Math.min(opts.intervalMs, again_ms), () => void look(), 0.1);
  void look();
  return { read: () => reading, stop };
}
