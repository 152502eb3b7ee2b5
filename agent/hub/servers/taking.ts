// What becomes of the answers to each question.
import { known } from '../../lib/known.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import { whoIs } from './answers.ts';
import { askServer, firstSince, type Heard, type HubQuestion, listStreams } from './ask.ts';
import { type ConnectionFacts, type LeafzLink, parseConnections, parseLeafs } from './connections.ts';
import { noteSample } from './forecast.ts';
import type { Identities } from './identities.ts';
import { parseJetstream, parseStream, type StreamFacts } from './jetstreamfacts.ts';
import type { LeafLink, SlowConsumer } from './model.ts';
import { type Rates, sumTraffic } from './rates.ts';
import { type HubSights, isGone, mergedStreams, noteLags, streamKey } from './seen.ts';
import { parseAccounts, parseHealth, parseRoutes, parseServer } from './serverfacts.ts';
import type { UsualRtts } from './usual.ts';

export interface HubWatchDeps {
  /** Of a user of the system account. */
  readonly sys: Link;
  /** Of the accounts that have streams, by name in lower case: what came in the last 24 hours is asked of them. */
  readonly accounts: Readonly<Record<string, Link>>;
  readonly ticker: Ticker;
  wall_ms(): number;
  /** Round trip that a unit itself reports of its link: a server measures a busy one but once an hour. */
  unitRtt_us?(unit: string): number | undefined;
}

/** What is kept from one answer to the next. */
export interface Taking {
  readonly deps: HubWatchDeps;
  readonly seen: HubSights;
  readonly rates: Rates;
  readonly usual: UsualRtts;
  readonly identities: Identities;
  /** Bytes that waited for a connection at the look before. */
  readonly waiting: Map<string, number>;
}

/** What was not taken for so long is forgotten. */
const forget_ms = 600_000;
const day_ms = 86_400_000;

/** Keeps what each server answered, and of the others what they answered last, as long as they are there. */
function keep<T>(
  { seen }: Taking,
  into: Map<string, T>,
  heard: readonly Heard[],
  read: (one: Heard) => T,
): void {
  for (const one of heard) into.set(one.server, read(one));
  for (const name of into.keys()) {
    const server = seen.servers.get(name);
    if (server === undefined || isGone(server)) into.delete(name);
  }
}

function takeServers(taking: Taking, heard: readonly Heard[]): void {
  const { seen, rates, deps, identities } = taking;
  for (const [name, one] of seen.servers) if (!heard.some(({ server }) => server === name)) one.missed += 1;
  for (const one of heard) {
    const facts = parseServer(one.data);
    if (facts === undefined) continue;
    seen.cluster = one.cluster ?? seen.cluster;
    const traffic = rates.take(`server ${facts.id}`, facts.counts, one.at_ms);
    seen.servers.set(one.server, { facts, traffic, heard_ms: deps.wall_ms(), missed: 0, isStopping: false });
  }
  for (const [name, { heard_ms }] of seen.servers)
    if (!seen.expected.includes(name) && deps.wall_ms() - heard_ms > day_ms) seen.servers.delete(name);
  identities.keep(new Set([...seen.servers.values()].map(({ facts }) => facts.id)));
  rates.forget(deps.ticker.now_ms() - forget_ms);
}

/** By what a link is known when it comes again. */
const linkKey = ({ account, who }: LeafLink): string => `${account} ${who}`;

function linkOf(taking: Taking, by: Heard, { counts, ...leaf }: LeafzLink): LeafLink {
  const { deps, identities, rates, usual } = taking;
  const known_as = identities.of(by.id, leaf.id);
  const unit = known_as?.login;
  const reported = unit === undefined ? undefined : deps.unitRtt_us?.(unit);
  const rtt_us = reported ?? leaf.rtt_us;
  const link: LeafLink = {
    ...leaf,
    server: by.server,
    who: whoIs({ ...leaf, kind: 'leaf', ...known({ login: unit }) }),
    account: known_as?.account ?? leaf.account,
    ...known({
      unit,
      since_ms: known_as?.start_ms,
      rtt_us,
      rtt_by:
        rtt_us === undefined ? undefined : reported === undefined ? ('server' as const) : ('unit' as const),
      traffic: rates.take(`link ${by.id} ${leaf.id}`, counts, by.at_ms),
    }),
  };
  return rtt_us === undefined ? link : { ...link, ...usual.take(linkKey(link), rtt_us, by.at_ms) };
}

async function takeLinks(taking: Taking, heard: readonly Heard[]): Promise<void> {
  const { deps, identities, seen } = taking;
  const strange = new Set<string>();
  const all = heard.map((one) => ({ one, leafs: parseLeafs(one.data) }));
  for (const { one, leafs } of all)
    if (leafs.some(({ id }) => identities.of(one.id, id) === undefined)) strange.add(one.id);
  for (const id of strange) await identities.lookUp({ link: deps.sys, ticker: deps.ticker }, id);
  keep(taking, seen.links, heard, (by) =>
    (all.find(({ one }) => one === by)?.leafs ?? []).map((leaf) => linkOf(taking, by, leaf)),
  );
}

function takeAccounts(taking: Taking, heard: readonly Heard[]): void {
  const { seen, rates } = taking;
  keep(taking, seen.accounts, heard, ({ data }) => parseAccounts(data));
  const found = heard.flatMap(({ id, at_ms, data }) =>
    parseAccounts(data).map(
      (one) => [one.id, rates.take(`account ${id} ${one.id}`, one.counts, at_ms)] as const,
    ),
  );
  seen.account_traffic.clear();
  for (const account of new Set(found.map(([id]) => id)))
    seen.account_traffic.set(
      account,
      sumTraffic(found.flatMap(([id, one]) => (id === account ? [one] : []))),
    );
}

/** How long what was found of the time before we looked is used. */
const history_ms = 1_800_000;

/** Finds out what came into a stream in the last 24 hours. */
async function askHistory({ seen, deps }: Taking, stream: StreamFacts): Promise<void> {
  const now_ms = deps.ticker.now_ms();
  const key = streamKey(stream);
  const history = seen.histories.get(key) ?? { samples: [], asked_ms: Number.NEGATIVE_INFINITY };
  seen.histories.set(key, history);
  noteSample(history.samples, { at_ms: now_ms, bytes: stream.bytes, last_seq: stream.last_seq });
  const link = deps.accounts[stream.account.toLowerCase()];
  if (link === undefined || !stream.isPlain || now_ms - history.asked_ms < history_ms) return;
  history.asked_ms = now_ms;
  const wall_ms = deps.wall_ms();
  const { first_ms = wall_ms } = stream;
  const from_ms = Math.max(wall_ms - day_ms, first_ms);
  const first = await firstSince(link, stream.name, from_ms);
  if (first === undefined) return;
  const seq = first === 'none' ? stream.last_seq + 1 : first.seq;
  history.before = { seq, from_ms: now_ms - Math.max(0, wall_ms - from_ms) };
}

function takeStreams(taking: Taking, heard: readonly Heard[]): Promise<void> {
  keep(taking, taking.seen.jetstream, heard, ({ data }) => parseJetstream(data));
  return noteStreams(taking);
}

/** The streams as the accounts themselves tell them, where the servers tell us nothing. */
export async function takeListedStreams(taking: Taking): Promise<void> {
  const { seen, deps } = taking;
  const streams: StreamFacts[] = [];
  for (const [account, link] of Object.entries(deps.accounts))
    for (const one of (await listStreams(link)) ?? [])
      streams.push(
        ...[parseStream(account.toUpperCase(), one, link.state().server?.name)].filter(
          (stream) => stream !== undefined,
        ),
      );
  seen.jetstream.clear();
  if (streams.length > 0) seen.jetstream.set('', { streams, behind: [] });
  await noteStreams(taking);
}

async function noteStreams(taking: Taking): Promise<void> {
  const { seen, deps } = taking;
  noteLags(seen, deps.ticker.now_ms());
  const streams = mergedStreams(seen);
  const keys = new Set(streams.map(streamKey));
  for (const key of seen.histories.keys()) if (!keys.has(key)) seen.histories.delete(key);
  for (const stream of streams) await askHistory(taking, stream);
}

/** What waits at two looks in a row, or at one where the server soon cuts it off. */
const slowFrom_bytes = 2 ** 20;
const slowFrom_share = 0.25;

async function slowOf(
  taking: Taking,
  by: Heard,
  one: ConnectionFacts,
  max_bytes: number | undefined,
): Promise<SlowConsumer> {
  const { deps } = taking;
  const more = { cid: one.id, subscriptions: true, auth: true };
  const heard = await askServer({ link: deps.sys, ticker: deps.ticker }, by.id, 'CONNZ', more);
  const {
    login,
    account,
    subjects = [],
  } = heard === undefined ? {} : (parseConnections(heard.data).listed[0] ?? {});
  const { id, kind, pending_bytes } = one;
  const known_as = { ...taking.identities.of(by.id, id), ...known({ login, account }) }; // of a leaf below 2.15 only we know it
  const who = whoIs({ ...one, ...known({ login: known_as.login }) });
  return {
    server: by.server,
    id,
    kind,
    pending_bytes,
    subjects,
    who,
    ...known({ account: known_as.account, max_bytes }),
  };
}

async function takeConnections(taking: Taking, heard: readonly Heard[]): Promise<void> {
  const { seen, waiting } = taking;
  const before = new Map(waiting);
  const found = new Map<Heard, readonly SlowConsumer[]>();
  waiting.clear();
  for (const by of heard) {
    const max_bytes = seen.servers.get(by.server)?.facts.max_pending_bytes;
    const slow: SlowConsumer[] = [];
    for (const one of parseConnections(by.data).listed) {
      if (one.pending_bytes < slowFrom_bytes) continue;
      const key = `${by.id} ${one.id}`;
      waiting.set(key, one.pending_bytes);
      if (before.has(key) || one.pending_bytes >= (max_bytes ?? Number.POSITIVE_INFINITY) * slowFrom_share)
        slow.push(await slowOf(taking, by, one, max_bytes));
    }
    found.set(by, slow);
  }
  keep(taking, seen.slow, heard, (by) => found.get(by) ?? []);
}

/** By the question that was asked. */
export const taking: Readonly<
  Record<HubQuestion, (taking: Taking, heard: readonly Heard[]) => void | Promise<void>>
> = {
  servers: takeServers,
  health: (taking, heard) => keep(taking, taking.seen.health, heard, ({ data }) => parseHealth(data)),
  routes: (taking, heard) => keep(taking, taking.seen.routes, heard, ({ data }) => parseRoutes(data)),
  links: takeLinks,
  accounts: takeAccounts,
  streams: takeStreams,
  connections: takeConnections,
};
