// The streams of the hub, as the JetStream API takes them. Pure.
import { longestEnrolText } from '../../wire/enrol.ts';

/** A stream and the account that it lies in. */
export interface HubStream {
  readonly account: 'fleet' | 'enrol' | 'book';
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
}

const day_ns = 86_400e9;
const mib = 1024 ** 2;

/** Subjects of the roster; those of what the issuer knows have `boundSubject`. */
export const kitSubjects = {
  /** The last heartbeat of a unit, in stream UNITS; an empty message where the unit was forgotten. */
  roster: (unit: string): string => `ops.roster.${unit}`,
} as const;

// A hub below 2.12 lets a user purge a stream, or delete a message, by a record whose PubAck goes to the stream's API: deny_...
const common = {
  retention: 'limits',
  storage: 'file',
  deny_delete: true,
  deny_purge: true,
  max_consumers: -1,
  allow_direct: true,
};

/** Room that the streams beside NUNECT may take, bytes. */
const room = { units: 128 * mib, requests: 256 * mib, bound: 128 * mib };

/** Bytes that all streams may take, where NUNECT may take `records`. */
export const storeBytes = (records: number): number => records + room.units + 2 * room.requests + room.bound;

/** How much NUNECT keeps. */
export interface Kept {
  readonly days: number;
  readonly bytes: number;
}

const nunect = ({ days, bytes }: Kept) => ({
  ...common,
  name: 'NUNECT',
  description: 'Records of nunect units',
  subjects: [
    'ops.heartbeat.>',
    'ops.metric.>',
    'ops.log.>',
    'ops.status.>',
    'ops.time.config',
    'ops.alert.*.*', // not the sign of life of the alerts: its absence is what tells
  ],
  compression: 's2',
  discard: 'old',
  max_age: days * day_ns,
  max_bytes: bytes,
  max_msg_size: mib,
  max_msgs: -1,
  max_msgs_per_subject: -1,
  duplicate_window: 3_600e9,
});

/** Its subjects are others than those of heartbeats: the issuer forgets a unit by an empty message. */
const units = {
  ...common,
  name: 'UNITS',
  description: 'The last heartbeat of each nunect unit',
  subjects: [kitSubjects.roster('*')],
  sources: [
    {
      name: 'NUNECT',
      subject_transforms: [{ src: 'ops.heartbeat.*', dest: kitSubjects.roster('{{wildcard(1)}}') }],
    },
  ],
  discard: 'old',
  max_age: 0,
  max_bytes: room.units,
  max_msg_size: mib,
  max_msgs: -1,
  max_msgs_per_subject: 1,
};

/** One token, or one unit, pushes out its own requests, not those of others. */
const requests = {
  ...common,
  name: 'ENROL',
  description: 'What routers ask that want to come into the fleet',
  subjects: ['ops.enrol.>'],
  discard: 'old',
  max_age: 7 * day_ns,
  max_bytes: room.requests,
  max_msg_size: longestEnrolText,
  max_msgs: 100_000,
  max_msgs_per_subject: 4096,
  duplicate_window: 120e9,
};

/** Nothing of it may be lost: full, it takes no more. */
const bound = {
  ...common,
  name: 'BOUND',
  description: 'Which key each nunect unit is bound to, and the tokens that were issued',
  subjects: ['bound.>'],
  discard: 'new',
  max_age: 0,
  max_bytes: room.bound,
  max_msg_size: longestEnrolText,
  max_msgs: -1,
  max_msgs_per_subject: 1,
};

/** All streams of a hub, in the order in which they are made: UNITS needs NUNECT. `servers`: 1, or 3 of a cluster. */
export function streamsOf(kept: Kept, servers: number): readonly HubStream[] {
  const made = (account: HubStream['account'], config: HubStream['config']): HubStream => ({
    account,
    config: { ...config, num_replicas: servers },
  });
  return [
    made('fleet', nunect(kept)),
    made('fleet', units),
    made('fleet', requests),
    made('enrol', requests),
    made('book', bound),
  ];
}
