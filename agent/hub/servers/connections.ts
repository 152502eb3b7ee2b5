// Who is connected to a server: LEAFZ and CONNZ. Pure.
import { amount, wholeNumber } from '../../leaf/watch/reports.ts';
import { known } from '../../lib/known.ts';
import { momentIn } from '../asks/api.ts';
import type { Json } from '../fleet/record/values.ts';
import { connectionKind, objectsIn, parseLoginName, plainName } from './answers.ts';
import type { ConnectionKind, LeafLink } from './model.ts';
import type { Counts } from './rates.ts';
import { rttIn } from './serverfacts.ts';

/** A leaf link in LEAFZ. `account` is the account's key. */
export type LeafzLink = Pick<
  LeafLink,
  'id' | 'name' | 'account' | 'address' | 'rtt_us' | 'subscriptions' | 'websocket'
> & { readonly counts: Counts };

/** The leafs that have joined a server; those that it joins itself are left out. */
export const parseLeafs = (data: Json): LeafzLink[] =>
  objectsIn(data['leafs']).flatMap((leaf) => {
    const id = wholeNumber(leaf['id']);
    if (id === undefined || leaf['is_spoke'] === true) return [];
    return [
      {
        id,
        account: plainName(leaf['account']) ?? '',
        counts: {
          in_msgs: wholeNumber(leaf['in_msgs']) ?? 0,
          out_msgs: wholeNumber(leaf['out_msgs']) ?? 0,
          in_bytes: wholeNumber(leaf['in_bytes']) ?? 0,
          out_bytes: wholeNumber(leaf['out_bytes']) ?? 0,
        },
        ...known({
          name: plainName(leaf['name']),
          address: plainName(leaf['ip']),
          rtt_us: rttIn(leaf['rtt']),
          subscriptions: wholeNumber(leaf['subscriptions']),
          websocket: leaf['websocket'] === true ? (true as const) : undefined,
        }),
      },
    ];
  });

/** A connection in CONNZ. Names and account are only there where they were asked for. */
export interface ConnectionFacts {
  readonly id: number;
  readonly kind: ConnectionKind;
  readonly pending_bytes: number;
  readonly name?: string;
  /** The name in its login. */
  readonly login?: string;
  /** The account's name, as far as it has one. */
  readonly account?: string;
  readonly address?: string;
  readonly start_ms?: number;
  readonly subjects: readonly string[];
}

/** Subjects of a connection that are kept. */
const mostSubjects = 8;

/** A page of connections, and how many there are in all. */
export function parseConnections(data: Json): {
  readonly total: number;
  readonly listed: readonly ConnectionFacts[];
} {
  const listed = objectsIn(data['connections']).flatMap((one) => {
    const id = wholeNumber(one['cid']);
    if (id === undefined) return [];
    const all = Array.isArray(one['subscriptions_list']) ? one['subscriptions_list'] : [];
    return [
      {
        id,
        kind: connectionKind(one['kind'], one['type']),
        pending_bytes: amount(one['pending_bytes']) ?? 0,
        subjects: all.slice(0, mostSubjects).flatMap((subject) => plainName(subject) ?? []),
        ...known({
          name: plainName(one['name']),
          login: parseLoginName(one['jwt']),
          address: plainName(one['ip']),
          account: plainName(one['name_tag']) ?? plainName(one['account']),
          start_ms: momentIn(one['start']),
        }),
      },
    ];
  });
  return { total: wholeNumber(data['total']) ?? listed.length, listed };
}
