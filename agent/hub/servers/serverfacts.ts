// What servers say of themselves: VARZ, HEALTHZ, ROUTEZ and the figures of their accounts. Pure.

import { amount, wholeNumber } from '../../leaf/watch/reports.ts';
import { known } from '../../lib/known.ts';
import { isObject } from '../../lib/parse.ts';
import { parseGoDuration } from '../../wire/values.ts';
import { momentIn } from '../asks/api.ts';
import { type Json, objectIn } from '../fleet/record/values.ts';
import { objectsIn, plainName } from './answers.ts';
import type { HubServer } from './model.ts';
import type { Counts } from './rates.ts';

/** Of a server, what its own VARZ has. */
export type VarzFacts = Omit<
  HubServer,
  'state' | 'traffic' | 'to_others_us' | 'is_leader' | 'catching_up'
> & {
  readonly id: string;
  readonly counts: Counts;
  /** Id of the account of the servers themselves. */
  readonly system_account?: string;
};

const day_ms = 86_400_000;

function spanIn(start: unknown, now: unknown): number | undefined {
  const [from, to] = [momentIn(start), momentIn(now)];
  return from === undefined || to === undefined ? undefined : Math.max(0, (to - from) / 1000);
}

const countsIn = (data: Json): Counts => ({
  in_msgs: wholeNumber(data['in_msgs']) ?? 0,
  out_msgs: wholeNumber(data['out_msgs']) ?? 0,
  in_bytes: wholeNumber(data['in_bytes']) ?? 0,
  out_bytes: wholeNumber(data['out_bytes']) ?? 0,
});

function daysUntil(moment: unknown, now: unknown): number | undefined {
  const [to, from] = [momentIn(moment), momentIn(now)];
  return from === undefined || to === undefined ? undefined : Math.floor((to - from) / day_ms);
}

/** A server in its VARZ; undefined where that cannot be understood. */
export function parseServer(data: Json): VarzFacts | undefined {
  const id = plainName(data['server_id']);
  if (id === undefined || wholeNumber(data['connections']) === undefined) return undefined;
  const jetstream = objectIn(data['jetstream']);
  const host = plainName(data['host']);
  return {
    id,
    name: plainName(data['server_name']) ?? id,
    counts: countsIn(data),
    ...known({
      address: host === '0.0.0.0' || host === '::' ? undefined : host,
      version: plainName(data['version']),
      uptime_s: spanIn(data['start'], data['now']),
      cpu_percent: amount(data['cpu']),
      cores: wholeNumber(data['cores']),
      memory_bytes: wholeNumber(data['mem']),
      leafs: wholeNumber(data['leafnodes']),
      clients: wholeNumber(data['connections']),
      subscriptions: wholeNumber(data['subscriptions']),
      slow_consumers: wholeNumber(data['slow_consumers']),
      stale_connections: wholeNumber(data['stale_connections']),
      max_pending_bytes: wholeNumber(data['max_pending']),
      system_account: plainName(data['system_account']),
      store_bytes: wholeNumber(objectIn(jetstream['stats'])['storage']),
      store_max_bytes: wholeNumber(objectIn(jetstream['config'])['max_storage']),
      certificate_days: daysUntil(data['tls_cert_not_after'], data['now']),
    }),
  };
}

/** Why a server is not well, by its HEALTHZ; undefined where it is. */
export function parseHealth(data: Json): string | undefined {
  if (data['status'] === 'ok') return undefined;
  return (
    plainName(data['error']) ??
    plainName(objectsIn(data['errors'])[0]?.['error']) ??
    'it is not well, without a reason'
  );
}

/** A connection to another server. */
export interface RouteFacts {
  readonly to: string;
  readonly rtt_us?: number;
  readonly pending_bytes: number;
  readonly since_ms?: number;
}

/** `0s`: not measured yet. */
export const rttIn = (value: unknown): number | undefined =>
  parseGoDuration(plainName(value) ?? '') || undefined;

/** The connections to other servers in a ROUTEZ; there are several to each. */
export const parseRoutes = (data: Json): RouteFacts[] =>
  objectsIn(data['routes']).flatMap((route) => {
    const to = plainName(route['remote_name']) ?? plainName(route['remote_id']);
    if (to === undefined) return [];
    const since_ms = momentIn(route['start']);
    return [
      {
        to,
        pending_bytes: wholeNumber(route['pending_size']) ?? 0,
        ...known({ rtt_us: rttIn(route['rtt']), since_ms }),
      },
    ];
  });

/** An account at one server. */
export interface AccountFacts {
  readonly id: string;
  readonly name: string;
  readonly leafs: number;
  readonly clients: number;
  readonly subscriptions: number;
  readonly slow_consumers: number;
  /** Without what came from other servers of the cluster, or went there. */
  readonly counts: Counts;
}

/** What clients and leafs alone sent or were sent. */
function ownCount(figures: unknown, name: 'msgs' | 'bytes'): number {
  const all = objectIn(figures);
  const routed = objectIn(all['routes'])[name];
  return Math.max(0, (wholeNumber(all[name]) ?? 0) - (wholeNumber(routed) ?? 0));
}

/** The accounts in the answer to ACCOUNT.PING.STATZ. */
export const parseAccounts = (data: Json): AccountFacts[] =>
  objectsIn(data['account_statz']).flatMap((account) => {
    const id = plainName(account['acc']);
    if (id === undefined || !isObject(account['sent'])) return [];
    const { sent, received } = account;
    return [
      {
        id,
        name: plainName(account['name']) ?? id,
        leafs: wholeNumber(account['leafnodes']) ?? 0,
        clients: wholeNumber(account['conns']) ?? 0,
        subscriptions: wholeNumber(account['num_subscriptions']) ?? 0,
        slow_consumers: wholeNumber(account['slow_consumers']) ?? 0,
        counts: {
          in_msgs: ownCount(received, 'msgs'),
          out_msgs: ownCount(sent, 'msgs'),
          in_bytes: ownCount(received, 'bytes'),
          out_bytes: ownCount(sent, 'bytes'),
        },
      },
    ];
  });
