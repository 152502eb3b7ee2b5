// What servers say of their streams and consumers: JSZ, or what JetStream's API lists. Pure.
import { wholeNumber } from '../../leaf/watch/reports.ts';
import { known } from '../../lib/known.ts';
import { isObject } from '../../lib/parse.ts';
import { momentIn } from '../asks/api.ts';
import { type Json, objectIn } from '../fleet/record/values.ts';
import { objectsIn, plainName } from './answers.ts';
import type { HubConsumerView, ReplicaBehind } from './model.ts';

/** A stream as one server has it. */
export interface StreamFacts {
  readonly account: string;
  readonly name: string;
  readonly description?: string;
  readonly messages: number;
  readonly bytes: number;
  readonly last_seq: number;
  readonly first_ms?: number;
  readonly last_ms?: number;
  /** Absent: no limit. */
  readonly max_bytes?: number;
  readonly max_msgs?: number;
  readonly max_age_s?: number;
  readonly discard: 'old' | 'new';
  /** Records go by age and size alone: not when read, and none pushes out another of its subject. */
  readonly isPlain: boolean;
  readonly consumers: number;
  readonly replicas: number;
  /** Absent: none leads. */
  readonly leader?: string;
  readonly behind: readonly ReplicaBehind[];
  readonly consumer_list: readonly HubConsumerView[];
}

/** The JetStream of a server. */
export interface JetstreamFacts {
  readonly leader?: string;
  /** Servers that have not all of what JetStream's leader knows. */
  readonly behind: readonly ReplicaBehind[];
  readonly streams: readonly StreamFacts[];
}

const positive = (value: unknown): number | undefined => wholeNumber(value) || undefined;

/** Those of a group that are not in step. */
const behindIn = (cluster: unknown): ReplicaBehind[] =>
  objectsIn(objectIn(cluster)['replicas']).flatMap((one) => {
    const server = plainName(one['name']);
    const isOffline = one['offline'] === true;
    if (server === undefined || (one['current'] === true && !isOffline)) return [];
    return [{ server, lag: wholeNumber(one['lag']) ?? 0, ...(isOffline ? { offline: true as const } : {}) }];
  });

function consumerIn(account: string, stream: string, one: Json): HubConsumerView[] {
  const name = plainName(one['name']);
  if (name === undefined) return [];
  return [
    {
      account,
      stream,
      name,
      pending: wholeNumber(one['num_pending']) ?? 0,
      ack_pending: wholeNumber(one['num_ack_pending']) ?? 0,
      redelivered: wholeNumber(one['num_redelivered']) ?? 0,
      ...known({
        leader: plainName(objectIn(one['cluster'])['leader']),
        paused: one['paused'] === true ? (true as const) : undefined,
      }),
    },
  ];
}

/**
 * A stream of JSZ (`stream_detail`), or of the answer to STREAM.LIST. `sole`: the server that tells it, which leads a stream that is
 * in no cluster: a lone server does not say so in STREAM.LIST.
 */
export function parseStream(account: string, detail: Json, sole?: string): StreamFacts | undefined {
  const config = objectIn(detail['config']);
  const name = plainName(detail['name'] ?? config['name']);
  const state = objectIn(detail['state']);
  const messages = wholeNumber(state['messages']);
  if (name === undefined || messages === undefined) return undefined;
  const age_ns = positive(config['max_age']);
  return {
    account,
    name,
    messages,
    bytes: wholeNumber(state['bytes']) ?? 0,
    last_seq: wholeNumber(state['last_seq']) ?? 0,
    discard: config['discard'] === 'new' ? 'new' : 'old',
    isPlain: config['retention'] === 'limits' && positive(config['max_msgs_per_subject']) === undefined,
    consumers: wholeNumber(state['consumer_count']) ?? 0,
    replicas: positive(config['num_replicas']) ?? 1,
    behind: behindIn(detail['cluster']),
    consumer_list: objectsIn(detail['consumer_detail']).flatMap((one) => consumerIn(account, name, one)),
    ...known({
      description: plainName(config['description']),
      first_ms: messages === 0 ? undefined : momentIn(state['first_ts']),
      last_ms: messages === 0 ? undefined : momentIn(state['last_ts']),
      max_bytes: positive(config['max_bytes']),
      max_msgs: positive(config['max_msgs']),
      max_age_s: age_ns === undefined ? undefined : age_ns / 1e9,
      leader: detail['cluster'] === undefined ? sole : plainName(objectIn(detail['cluster'])['leader']),
    }),
  };
}

/** The streams of all accounts in the JSZ of a server, with what it knows of the cluster. */
export function parseJetstream(data: Json): JetstreamFacts {
  const meta = data['meta_cluster'];
  const streams = objectsIn(data['account_details']).flatMap((account) => {
    const name = plainName(account['name']) ?? plainName(account['id']) ?? '';
    return objectsIn(account['stream_detail']).flatMap((detail) => parseStream(name, detail) ?? []);
  });
  const leader = isObject(meta) ? plainName(meta['leader']) : undefined;
  return { streams, behind: behindIn(meta), ...known({ leader }) };
}

/** What several servers say of the same streams: of each what its leader says, or where none leads the one that has most. */
export function mergeStreams(
  all: readonly { readonly server: string; readonly streams: readonly StreamFacts[] }[],
) {
  const found = new Map<string, { readonly stream: StreamFacts; readonly isLeader: boolean }>();
  for (const { server, streams } of all)
    for (const stream of streams) {
      const key = `${stream.account} ${stream.name}`;
      const there = found.get(key);
      const isLeader = stream.leader === server;
      if (there?.isLeader || (there && !isLeader && there.stream.last_seq >= stream.last_seq)) continue;
      found.set(key, { stream, isLeader });
    }
  return [...found.values()].map(({ stream }) => stream);
}

/** The consumers of all servers, each as its leader says, those with most that waits first. */
export function mergeConsumers(
  all: readonly { readonly server: string; readonly streams: readonly StreamFacts[] }[],
): HubConsumerView[] {
  const found = new Map<string, HubConsumerView>();
  for (const { server, streams } of all)
    for (const one of streams.flatMap((stream) => stream.consumer_list)) {
      const key = `${one.account} ${one.stream} ${one.name}`;
      if (one.leader === server || !found.has(key)) found.set(key, one);
    }
  const waiting = (one: HubConsumerView): number => one.pending + one.ack_pending;
  return [...found.values()].toSorted((a, b) => waiting(b) - waiting(a)).slice(0, mostConsumers);
}

const mostConsumers = 500;
