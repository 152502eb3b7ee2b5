// Views of a hub, made by hand.
import type {
  HubEvent,
  HubServer,
  HubStreamView,
  HubView,
  LeafLink,
  SlowConsumer,
} from '../../../agent/hub/servers/model.ts';

const day_s = 86_400;
const gib = 2 ** 30;
const mib = 2 ** 20;

/** 03:16:23 UTC. */
export const hubNoon_ms = Date.UTC(2026, 10, 29, 3, 16, 23);

const traffic = (in_msgs: number, out_msgs: number) => ({
  ...{ in_msgs_per_s: in_msgs, out_msgs_per_s: out_msgs },
  ...{ in_bytes_per_s: in_msgs * 350, out_bytes_per_s: out_msgs * 350 },
});

/** A healthy server, but for what is given. */
export const hubServer = (name: string, given: Partial<HubServer> = {}): HubServer => ({
  ...{ name, state: 'healthy', id: `N${name}`, version: '2.11.16', uptime_s: 61 * day_s, cpu_percent: 9 },
  ...{ cores: 2, memory_bytes: 412 * mib, leafs: 400, clients: 9, subscriptions: 2400 },
  ...{ traffic: traffic(810, 1060), to_others_us: 400, slow_consumers: 0, stale_connections: 2 },
  ...{ max_pending_bytes: 64 * mib, store_bytes: 64 * gib, store_max_bytes: 200 * gib },
  certificate_days: 700,
  ...given,
});

/** A link that was measured, but for what is given. */
export const leafLink = (who: string, rtt_us: number, given: Partial<LeafLink> = {}): LeafLink => ({
  ...{ server: 'hub-a', id: 1, who, unit: who, name: who, account: 'HARBOUR', address: '203.0.113.7' },
  ...{
    since_ms: hubNoon_ms - 3 * day_s * 1000,
    rtt_us,
    rtt_by: 'server',
    usual_us: rtt_us,
    subscriptions: 12,
  },
  traffic: traffic(2, 1),
  ...given,
});

/** A stream with room, but for what is given. */
export const hubStream = (name: string, given: Partial<HubStreamView> = {}): HubStreamView => ({
  ...{ account: 'FLEET', name, messages: 318_000, bytes: 96 * mib, discard: 'old', consumers: 2 },
  ...{ limit: { by: 'bytes', max: gib, share: 0.09 }, max_age_s: 60 * day_s, leader: 'hub-a' },
  ...{ first_ms: hubNoon_ms - 60 * day_s * 1000, last_ms: hubNoon_ms - 1000 },
  ...{ growth: { bytes_per_day: mib, over_s: day_s }, left: { kind: 'days', days: 928 } },
  copies: { wanted: 3, in_step: 3, behind: [] },
  ...given,
});

/** Somebody came or left, so many seconds before. */
export const hubEvent = (
  before_s: number,
  what: HubEvent['what'],
  who: string,
  given: Partial<HubEvent> = {},
): HubEvent => ({
  ...{ at_ms: hubNoon_ms - before_s * 1000, what, who, kind: 'leaf', account: 'HARBOUR', server: 'hub-a' },
  times: 1,
  ...given,
});

/** What a hub told that nobody has asked anything. */
export const untoldView = (given: Partial<HubView> = {}): HubView => ({
  ...{ at_ms: hubNoon_ms, since_ms: hubNoon_ms - 3_600_000, told: [], connected: true },
  ...{ servers: [], routes: [], links: [], accounts: [], streams: [], consumers: [] },
  ...{ slow: { now: [], late: [] }, events: [], findings: [] },
  minutes: Array.from({ length: 60 }, (_, at) => ({
    ...{ at_ms: Math.floor(hubNoon_ms / 60_000 - 59 + at) * 60_000, came: 0, left: 0, refused: 0 },
  })),
  ...given,
});

const servers: readonly HubServer[] = [
  hubServer('hub-a', { address: '192.0.2.11', is_leader: true, leafs: 402 }),
  hubServer('hub-b', { address: '198.51.100.11', leafs: 401, memory_bytes: 397 * mib, cpu_percent: 8 }),
  hubServer('hub-c', {
    ...{ address: '2001:db8:c::11', state: 'degraded', why: 'it is catching up on 2 streams' },
    ...{ uptime_s: 15_000, cpu_percent: 31, memory_bytes: 688 * mib, to_others_us: 18_000 },
    catching_up: { streams: 2, lag: 41_203, left_s: 370 },
  }),
];

const streams: readonly HubStreamView[] = [
  hubStream('NUNECT', {
    ...{ description: 'Records of nunect units', messages: 41_200_000, bytes: 36.1 * gib, consumers: 4 },
    ...{ limit: { by: 'bytes', max: 40 * gib, share: 0.9025 }, left: { kind: 'days', days: 5.1 } },
    growth: { bytes_per_day: 0.8 * gib, over_s: day_s },
  }),
  hubStream('STATUS', {
    ...{ messages: 88_700_000, bytes: 21.4 * gib, limit: { by: 'bytes', max: 40 * gib, share: 0.54 } },
    ...{ growth: { bytes_per_day: 0, over_s: day_s }, left: { kind: 'steady', by: 'age' } },
    copies: { wanted: 3, in_step: 2, behind: [{ server: 'hub-c', lag: 41_203 }] },
  }),
  hubStream('UNITS', {
    ...{ description: 'The last heartbeat of each nunect unit', messages: 1214, bytes: 1.1 * mib },
    ...{ left: { kind: 'unknown' }, growth: { bytes_per_day: 300 * mib, over_s: 7200 } },
    limit: { by: 'bytes', max: 128 * mib, share: 0.01 },
  }),
  hubStream('BOUND', {
    ...{
      account: 'BOOK',
      discard: 'new',
      messages: 1214,
      bytes: 5.8 * mib,
      left: { kind: 'steady', by: 'rate' },
    },
    limit: { by: 'messages', max: 1_000_000, share: 0.001 },
  }),
  hubStream('KEPT', {
    ...{ account: 'BOOK', messages: 12, bytes: 512, left: { kind: 'unlimited' }, consumers: 0 },
    ...{ limit: { by: 'store', max: 200 * gib, share: 0.3 } },
  }),
];

const tenants = ['HARBOUR', 'RAIL', 'VALLEY', 'STAGE'] as const;

/** So many links, from 0.1 ms to 0.7 s, the slowest first; the same each time. */
export const manyLinks = (many: number): LeafLink[] =>
  Array.from({ length: many }, (_, at) => {
    const spread = Math.abs(Math.sin(at * 12.9898)) + Math.abs(Math.sin(at * 78.233));
    return leafLink(`unit-${String(at).padStart(5, '0')}`, 100 * 10 ** (spread * 1.9), {
      ...{ id: at, server: `hub-${'abc'[at % 3]}`, account: tenants[at % 4] ?? 'STAGE' },
      address: `203.0.113.${at % 250}`,
    });
  }).sort((a, b) => (b.rtt_us ?? 0) - (a.rtt_us ?? 0));

const far = leafLink('engine-19', 412_000, {
  ...{ id: 5001, usual_us: 44_000, times_slower: 9.36, since_ms: hubNoon_ms - 14_000, rtt_by: 'unit' },
});

/** A hub of three servers with so many links, of which one is slow and one server catches up; what page and pictures are made of. */
export function busyHub(many = 1203): HubView {
  const links = [...manyLinks(many - 1), far].sort((a, b) => (b.rtt_us ?? 0) - (a.rtt_us ?? 0));
  const slow: SlowConsumer = {
    ...{ server: 'hub-b', id: 77, kind: 'client', who: 'archive-writer', account: 'OPS' },
    ...{ pending_bytes: 61 * mib, max_bytes: 64 * mib, subjects: ['ops.status.>'] },
  };
  const plain = untoldView();
  return {
    ...plain,
    ...{ told: ['routes', 'links', 'accounts', 'streams', 'connections'], cluster: 'nunect-hub' },
    ...{ servers, streams, links, traffic: traffic(2410, 3180) },
    since_ms: hubNoon_ms - 40 * 60_000,
    routes: ['hub-a', 'hub-b', 'hub-c'].flatMap((from) =>
      ['hub-a', 'hub-b', 'hub-c']
        .filter((to) => to !== from)
        .map((to) => ({
          ...{ from, to, connections: 4, pending_bytes: 0, since_ms: hubNoon_ms - 15_000_000 },
          rtt_us: from === 'hub-c' || to === 'hub-c' ? 18_000 : 400,
        })),
    ),
    accounts: [...tenants, 'OPS'].map((name, at) => ({
      ...{ id: `A${name}`, name, leafs: name === 'OPS' ? 0 : 418 - at * 41, clients: 3 + at },
      ...{ subscriptions: 2208 - at * 306, slow_consumers: at, traffic: traffic(840 - at * 130, 900) },
    })),
    consumers: Array.from({ length: 12 }, (_, at) => ({
      ...{ account: 'FLEET', stream: 'NUNECT', name: `reader-${at}`, pending: 1200 - at * 100 },
      ...{ ack_pending: at, redelivered: 0, leader: 'hub-b' },
      ...(at === 3 ? { paused: true as const } : {}),
    })),
    slow: {
      now: [slow],
      late: [
        hubEvent(6800, 'left', 'wall-display-3', {
          ...{ kind: 'client', account: 'STAGE', reason: 'Slow Consumer (Pending Bytes)' },
        }),
      ],
    },
    events: [
      hubEvent(14, 'came', 'engine-19', { address: '203.0.113.77', away_s: 41 }),
      hubEvent(55, 'left', 'engine-19', { reason: 'Stale Connection' }),
      hubEvent(152, 'came', 'nats-ui-laptop-linux-a7b3', {
        kind: 'websocket',
        account: 'OPS',
        server: 'hub-b',
      }),
      hubEvent(403, 'came', 'engine-08', { address: '2001:db8:40::8', away_s: 840 }),
      hubEvent(441, 'refused', '203.0.113.140', {
        ...{ kind: 'client', times: 3, reason: 'Authentication Failure', address: '203.0.113.140' },
      }),
      hubEvent(1246, 'left', 'engine-08', { reason: 'Client Closed' }),
      ...Array.from({ length: 9 }, (_, at) => hubEvent(1300 + at * 60, 'came', `unit-0000${at}`)),
    ],
    minutes: plain.minutes.map((one, at) => ({
      ...one,
      ...(at < 20 ? {} : { came: at % 7 === 0 ? (at % 4) + 1 : 0, left: at % 9 === 0 ? 2 : 0 }),
      refused: at === 52 ? 3 : 0,
    })),
    findings: [
      {
        ...{ key: 'stream_full:FLEET/NUNECT', weight: 'degraded' },
        text: 'stream NUNECT of FLEET is full in 5\u00a0d; then it drops its oldest records, as configured',
        remedy:
          'unless that is wanted: keep its records for 50 days instead of 60, or give it 8\u00a0GiB more',
      },
      {
        key: 'server_degraded:hub-c',
        weight: 'degraded',
        text: 'server hub-c: it is catching up on 2 streams',
      },
      {
        key: 'stream_copies:FLEET/STATUS',
        weight: 'degraded',
        text: 'stream STATUS of FLEET has 2 of 3 copies in step',
      },
      {
        ...{ key: 'slow_consumer:hub-b/archive-writer', weight: 'degraded' },
        text: 'archive-writer on hub-b reads too slowly: 61\u00a0MiB wait for it',
      },
    ],
  };
}
