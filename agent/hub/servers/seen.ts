// What was seen of a hub last, and how it looks as a whole. Pure.
import { known } from '../../lib/known.ts';
import type { BothClocks } from '../../lib/ticker.ts';
import type { HubQuestion } from './ask.ts';
import type { EventBook } from './events.ts';
import { forecast, type Inflow, inflowSince, type StreamSample, streamLimitOf } from './forecast.ts';
import { type JetstreamFacts, mergeConsumers, mergeStreams, type StreamFacts } from './jetstreamfacts.ts';
import { findingsOf } from './judge.ts';
import type {
  HubAccountView,
  HubRoute,
  HubServer,
  HubStreamView,
  HubTold,
  HubView,
  LeafLink,
  MessageRates,
  SlowConsumer,
} from './model.ts';
import { sumTraffic } from './rates.ts';
import type { AccountFacts, RouteFacts, VarzFacts } from './serverfacts.ts';

/** A server as it was seen last. */
export interface ServerSeen {
  readonly facts: VarzFacts;
  readonly traffic: MessageRates | undefined;
  readonly heard_ms: number;
  /** Questions in a row that it has not answered. */
  missed: number;
  /** It said that it stops. */
  isStopping: boolean;
}

/** From so many unanswered questions on a server is gone. */
const goneFrom = 2;

/** Whether it is there no longer. */
export const isGone = ({ missed, isStopping }: ServerSeen): boolean => missed >= goneFrom || isStopping;

/** A stream by the time, and when what was found of the time before was asked for. */
export interface StreamHistory {
  readonly samples: StreamSample[];
  /** The first record of the last 24 hours, and since when there would have been some; `from_ms`: monotonic. */
  before?: { readonly seq: number; readonly from_ms: number };
  asked_ms: number;
}

/** All that was seen last, by the name of the server. */
export interface HubSights {
  /** That should be there. */
  readonly expected: readonly string[];
  /** When it began to be watched, by the wall clock. */
  readonly since_ms: number;
  readonly servers: Map<string, ServerSeen>;
  readonly health: Map<string, string | undefined>;
  readonly routes: Map<string, readonly RouteFacts[]>;
  readonly links: Map<string, readonly LeafLink[]>;
  readonly accounts: Map<string, readonly AccountFacts[]>;
  readonly account_traffic: Map<string, MessageRates | undefined>;
  readonly jetstream: Map<string, JetstreamFacts>;
  readonly slow: Map<string, readonly SlowConsumer[]>;
  readonly histories: Map<string, StreamHistory>;
  readonly events: EventBook;
  /** What servers lacked at the look before, to tell how fast they catch up; `at_ms`: monotonic. */
  readonly lags: Map<string, { lag: number; at_ms: number; per_s: number | undefined }>;
  cluster: string | undefined;
  trouble: string | undefined;
  connected: boolean;
}

/** By account and name. */
export const streamKey = ({ account, name }: Pick<StreamFacts, 'account' | 'name'>): string =>
  `${account} ${name}`;

/** Forgets what nobody has asked for lately: it would be shown as of now. */
export function dropSights(seen: HubSights, question: HubQuestion): void {
  if (question === 'routes') seen.routes.clear();
  if (question === 'connections') seen.slow.clear();
  if (question !== 'accounts') return;
  seen.accounts.clear();
  seen.account_traffic.clear();
}

/** Notes how far servers are behind, where they are. */
export function noteLags(seen: HubSights, mono_ms: number): void {
  const now = new Map<string, number>();
  for (const { behind } of mergedStreams(seen))
    for (const { server, lag, offline } of behind)
      if (!offline) now.set(server, (now.get(server) ?? 0) + lag);
  for (const [server, lag] of now) {
    const before = seen.lags.get(server);
    const span_s = before === undefined ? 0 : (mono_ms - before.at_ms) / 1000;
    const per_s =
      before !== undefined && span_s > 0 && before.lag > lag ? (before.lag - lag) / span_s : undefined;
    seen.lags.set(server, { lag, at_ms: mono_ms, per_s });
  }
  for (const server of seen.lags.keys()) if (!now.has(server)) seen.lags.delete(server);
}

const listOf = (jetstream: HubSights['jetstream']) =>
  [...jetstream].map(([server, { streams }]) => ({ server, streams }));

/** The streams of all servers. */
export const mergedStreams = ({ jetstream }: HubSights): StreamFacts[] => mergeStreams(listOf(jetstream));

function routesOf({ routes }: HubSights): HubRoute[] {
  return [...routes].flatMap(([from, all]) =>
    [...new Set(all.map(({ to }) => to))].map((to) => {
      const pair = all.filter((one) => one.to === to);
      const rtts = pair.flatMap(({ rtt_us }) => rtt_us ?? []);
      const since = pair.flatMap(({ since_ms }) => since_ms ?? []);
      return {
        ...{ from, to, connections: pair.length },
        pending_bytes: pair.reduce((sum, { pending_bytes }) => sum + pending_bytes, 0),
        ...(rtts.length === 0 ? {} : { rtt_us: Math.min(...rtts) }),
        ...(since.length === 0 ? {} : { since_ms: Math.min(...since) }),
      };
    }),
  );
}

function catchingUp(
  seen: HubSights,
  streams: readonly StreamFacts[],
  name: string,
): HubServer['catching_up'] {
  const of = streams.filter(({ behind }) =>
    behind.some(({ server, offline }) => server === name && !offline),
  );
  if (of.length === 0) return undefined;
  const { lag = 0, per_s } = seen.lags.get(name) ?? {};
  return { streams: of.length, lag, ...(per_s === undefined ? {} : { left_s: lag / per_s }) };
}

function serversOf(
  seen: HubSights,
  routes: readonly HubRoute[],
  streams: readonly StreamFacts[],
): HubServer[] {
  const leaders = [...seen.jetstream.values()].map(({ leader }) => leader);
  const names = [...new Set([...seen.expected, ...seen.servers.keys()])].toSorted();
  return names.map((name) => {
    const one = seen.servers.get(name);
    const isUnknown = seen.trouble !== undefined;
    if (one === undefined)
      return isUnknown
        ? { name, state: 'unknown' }
        : { name, state: 'gone', why: 'it has not answered since we look' };
    const last = {
      ...{ name, heard_ms: one.heard_ms },
      ...known({ version: one.facts.version, address: one.facts.address }),
    };
    if (isUnknown) return { ...last, state: 'unknown' };
    if (isGone(one))
      return { ...last, state: 'gone', why: one.isStopping ? 'it was stopped' : 'it does not answer' };
    const { counts: _counts, system_account: _system, ...facts } = one.facts;
    const far = routes.filter(({ from }) => from === name).flatMap(({ rtt_us }) => rtt_us ?? []);
    const catching_up = catchingUp(seen, streams, name);
    const why =
      seen.health.get(name) ?? (catching_up && `it is catching up on ${catching_up.streams} streams`);
    return {
      ...facts,
      state: why === undefined ? 'healthy' : 'degraded',
      ...known({ why, traffic: one.traffic, catching_up }),
      ...(far.length === 0 ? {} : { to_others_us: Math.max(...far) }),
      ...(leaders.includes(name) ? { is_leader: true as const } : {}),
    };
  });
}

function accountsOf({ accounts, account_traffic }: HubSights): HubAccountView[] {
  const found = new Map<string, HubAccountView>();
  for (const { counts: _counts, ...one } of [...accounts.values()].flat()) {
    const there = found.get(one.id);
    found.set(one.id, {
      ...one,
      leafs: one.leafs + (there?.leafs ?? 0),
      clients: one.clients + (there?.clients ?? 0),
      subscriptions: one.subscriptions + (there?.subscriptions ?? 0),
      slow_consumers: one.slow_consumers + (there?.slow_consumers ?? 0),
      ...known({ traffic: account_traffic.get(one.id) }),
    });
  }
  return [...found.values()].toSorted(
    (a, b) => b.leafs - a.leafs || b.clients - a.clients || (a.name < b.name ? -1 : 1),
  );
}

/** What came in the last 24 hours, or since we look. */
function inflowOf(
  stream: StreamFacts,
  history: StreamHistory | undefined,
  mono_ms: number,
): Inflow | undefined {
  const before = history?.before;
  if (before === undefined) return history && inflowSince(stream, history.samples, mono_ms);
  return {
    messages: Math.max(0, stream.last_seq - before.seq + 1),
    over_s: (mono_ms - before.from_ms) / 1000,
  };
}

function streamView(seen: HubSights, stream: StreamFacts, now: BothClocks): HubStreamView {
  const history = seen.histories.get(streamKey(stream));
  const stores = [...seen.servers.values()].flatMap(({ facts }) => facts.store_max_bytes ?? []);
  const limit = streamLimitOf(stream, stores.length === 0 ? undefined : Math.min(...stores));
  const { isPlain: _plain, last_seq: _seq, max_bytes: _bytes, max_msgs: _msgs, ...rest } = stream;
  const { replicas, behind, consumer_list: _list, ...shown } = rest;
  return {
    ...shown,
    ...(limit === undefined ? {} : { limit }),
    ...forecast(stream, limit, inflowOf(stream, history, now.mono_ms), history?.samples ?? [], now),
    copies: { wanted: replicas, in_step: Math.max(0, replicas - behind.length), behind },
  };
}

/** What was seen without what is not of now: where the servers tell nothing, that is all but streams that their accounts list. */
function ofNow(seen: HubSights): HubSights {
  if (seen.trouble === undefined) return seen;
  const isListed = seen.connected && seen.servers.size === 0;
  const none = { routes: new Map(), links: new Map(), accounts: new Map(), account_traffic: new Map() };
  return { ...seen, ...none, slow: new Map(), jetstream: isListed ? seen.jetstream : new Map() };
}

function toldOf({ routes, links, accounts, jetstream, slow }: HubSights): HubTold[] {
  const all = { routes, links, accounts, streams: jetstream, connections: slow };
  return (Object.keys(all) as HubTold[]).filter((name) => all[name].size > 0);
}

/** All of it as it is at that moment. */
export function hubViewOf(all: HubSights, now: BothClocks): HubView {
  const seen = ofNow(all);
  const [routes, streams, accounts] = [routesOf(seen), mergedStreams(seen), accountsOf(seen)];
  const own = new Set([...seen.servers.values()].map(({ facts }) => facts.system_account));
  const traffic = sumTraffic(accounts.filter(({ id }) => !own.has(id)).map((one) => one.traffic));
  const view = {
    ...{ at_ms: now.wall_ms, since_ms: seen.since_ms, told: toldOf(seen) },
    connected: seen.connected,
    ...known({ trouble: seen.trouble, cluster: seen.cluster, traffic }),
    servers: serversOf(seen, routes, streams),
    routes,
    links: [...seen.links.values()].flat().toSorted((a, b) => (b.rtt_us ?? 0) - (a.rtt_us ?? 0)),
    accounts,
    streams: streams
      .map((stream) => streamView(seen, stream, now))
      .toSorted((a, b) => (b.limit?.share ?? 0) - (a.limit?.share ?? 0)),
    consumers: mergeConsumers(listOf(seen.jetstream)),
    slow: { now: [...seen.slow.values()].flat(), late: seen.events.slow(now.wall_ms) },
    events: seen.events.events(),
    minutes: seen.events.minutes(now.wall_ms),
  };
  return { ...view, findings: findingsOf(view) };
}
