// The hub at a moment, as its page, its alerts, /hub.json and /metrics see it. Pure.
// Wall times are the hub's, in Unix ms. What is not known is missing: it is never 0.

/** Per second, between the last two looks. */
export interface MessageRates {
  readonly in_msgs_per_s: number;
  readonly out_msgs_per_s: number;
  readonly in_bytes_per_s: number;
  readonly out_bytes_per_s: number;
}

/** `unknown`: we are not connected to the hub ourselves. */
export type ServerState = 'healthy' | 'degraded' | 'gone' | 'unknown';

/** A server of the hub, or one that should be there. */
export interface HubServer {
  readonly name: string;
  readonly state: ServerState;
  /** In words of ours or of the server, where it is not healthy. */
  readonly why?: string;
  /** When it answered last, where it is gone or cannot be asked, and has ever answered. */
  readonly heard_ms?: number;
  readonly id?: string;
  readonly address?: string;
  readonly version?: string;
  readonly uptime_s?: number;
  /** Of one core. */
  readonly cpu_percent?: number;
  readonly cores?: number;
  readonly memory_bytes?: number;
  readonly leafs?: number;
  /** Connections that are no leaf links, ours among them. */
  readonly clients?: number;
  readonly subscriptions?: number;
  /** With what the other servers send it. */
  readonly traffic?: MessageRates;
  /** Round trip to the farthest of the other servers. */
  readonly to_others_us?: number;
  /** Whether it leads the cluster's JetStream. */
  readonly is_leader?: true;
  /** Streams of which it has not all yet, the messages that it lacks, and how long that takes at the present rate. */
  readonly catching_up?: { readonly streams: number; readonly lag: number; readonly left_s?: number };
  /** Since its start. */
  readonly slow_consumers?: number;
  readonly stale_connections?: number;
  /** Bytes that it keeps for a client that reads slowly. */
  readonly max_pending_bytes?: number;
  readonly store_bytes?: number;
  readonly store_max_bytes?: number;
  /** Days left of the certificate that it shows to clients. */
  readonly certificate_days?: number;
}

/** Two servers of the cluster, from one to the other. */
export interface HubRoute {
  readonly from: string;
  readonly to: string;
  /** The shortest of its connections. */
  readonly rtt_us?: number;
  readonly connections: number;
  readonly pending_bytes: number;
  readonly since_ms?: number;
}

/** A leaf node's connection to a server of the hub. */
export interface LeafLink {
  readonly server: string;
  /** Number of the connection within the server. */
  readonly id: number;
  /** By what people know it: the unit, or what it calls itself where the login has no name. */
  readonly who: string;
  /** As the hub let it in: the name in its login. */
  readonly unit?: string;
  /** As it calls itself. */
  readonly name?: string;
  readonly account: string;
  readonly address?: string;
  readonly since_ms?: number;
  readonly rtt_us?: number;
  /** A server measures a busy link when it is made, and then once an hour; a unit measures it all the time. */
  readonly rtt_by?: 'server' | 'unit';
  /** Median of what was seen while we looked. */
  readonly usual_us?: number;
  /** So many times its usual round trip, where that is far slower. */
  readonly times_slower?: number;
  readonly subscriptions?: number;
  readonly traffic?: MessageRates;
  readonly websocket?: true;
}

/** An account over all servers. */
export interface HubAccountView {
  readonly id: string;
  readonly name: string;
  readonly leafs: number;
  readonly clients: number;
  readonly subscriptions: number;
  /** Without what servers send each other. */
  readonly traffic?: MessageRates;
  /** Since the start of the servers. */
  readonly slow_consumers: number;
}

/** How long a stream has room. `steady`: it does not grow, or its age limit holds it below its size. */
export type StreamLeft =
  | { readonly kind: 'days'; readonly days: number }
  | { readonly kind: 'full' }
  | { readonly kind: 'steady'; readonly by: 'age' | 'rate' }
  | { readonly kind: 'unlimited' }
  | { readonly kind: 'unknown' };

/** A copy of a stream that has not all of it. */
export interface ReplicaBehind {
  readonly server: string;
  readonly lag: number;
  readonly offline?: true;
}

export interface HubStreamView {
  readonly account: string;
  readonly name: string;
  readonly description?: string;
  readonly messages: number;
  readonly bytes: number;
  /** What ends its growth, and how much of that is used, 0 to 1. `store`: it has no limit but the servers' store. */
  readonly limit?: {
    readonly by: 'bytes' | 'messages' | 'store';
    readonly max: number;
    readonly share: number;
  };
  readonly max_age_s?: number;
  /** What becomes of a record where it is full: `new` refuses it. */
  readonly discard: 'old' | 'new';
  readonly first_ms?: number;
  readonly last_ms?: number;
  /** Over the last 24 hours, or over as much as is known of them. */
  readonly growth?: { readonly bytes_per_day: number; readonly over_s: number };
  readonly left: StreamLeft;
  readonly consumers: number;
  readonly leader?: string;
  readonly copies: {
    readonly wanted: number;
    readonly in_step: number;
    readonly behind: readonly ReplicaBehind[];
  };
}

export interface HubConsumerView {
  readonly account: string;
  readonly stream: string;
  readonly name: string;
  /** Messages that it has not been given yet, and those that it has not acknowledged. */
  readonly pending: number;
  readonly ack_pending: number;
  readonly redelivered: number;
  readonly leader?: string;
  readonly paused?: true;
}

/** A connection that reads more slowly than is sent to it. */
export interface SlowConsumer {
  readonly server: string;
  readonly id: number;
  readonly kind: ConnectionKind;
  /** By what people know it. */
  readonly who: string;
  readonly account?: string;
  readonly pending_bytes: number;
  /** At which the server cuts it off. */
  readonly max_bytes?: number;
  readonly subjects: readonly string[];
}

export type ConnectionKind = 'leaf' | 'client' | 'websocket' | 'mqtt' | 'other';

/** Somebody came, left or was refused. */
export interface HubEvent {
  readonly at_ms: number;
  readonly what: 'came' | 'left' | 'refused';
  readonly kind: ConnectionKind;
  /** By what people know it: a unit by its login, a client by the name that it gives itself, who is refused by the address. */
  readonly who: string;
  readonly account?: string;
  readonly server: string;
  readonly address?: string;
  /** The words of nats-server: `Client Closed`, `Stale Connection`... */
  readonly reason?: string;
  /** How long it had been gone. */
  readonly away_s?: number;
  /** Refusals of the same address within a minute. */
  readonly times: number;
}

/** What happened in a minute, which begins at `at_ms`. */
export interface MinuteCount {
  readonly at_ms: number;
  readonly came: number;
  readonly left: number;
  readonly refused: number;
}

/** Something that is wrong with the hub. */
export interface HubFinding {
  /** `<condition>:<what>`, the same as long as it lasts. */
  readonly key: string;
  readonly weight: 'critical' | 'degraded';
  readonly text: string;
  readonly remedy?: string;
}

/** What servers tell besides themselves. */
export type HubTold = 'routes' | 'links' | 'accounts' | 'streams' | 'connections';

/** Where the servers tell nothing, nothing of what they told before is here: it would be shown as of now. */
export interface HubView {
  readonly at_ms: number;
  /** When it began to be watched: what happened before is not known. */
  readonly since_ms: number;
  /** What was told lately; of the rest nothing is known, which is not the same as that there is none. */
  readonly told: readonly HubTold[];
  /** Why the servers are not seen: where we are not connected, or this user may not ask them. Then of streams only what the accounts tell is known. */
  readonly trouble?: string;
  /** Whether we are connected to the hub. */
  readonly connected: boolean;
  readonly cluster?: string;
  readonly servers: readonly HubServer[];
  readonly routes: readonly HubRoute[];
  /** The slowest first. */
  readonly links: readonly LeafLink[];
  readonly accounts: readonly HubAccountView[];
  readonly streams: readonly HubStreamView[];
  /** Those with most that waits first. */
  readonly consumers: readonly HubConsumerView[];
  /** Those of now, and those that were cut off in the last 24 hours, the newest first. */
  readonly slow: { readonly now: readonly SlowConsumer[]; readonly late: readonly HubEvent[] };
  /** The newest first. */
  readonly events: readonly HubEvent[];
  /** The last hour, the oldest first. */
  readonly minutes: readonly MinuteCount[];
  /** Of all accounts but that of the servers. */
  readonly traffic?: MessageRates;
  /** The worst first. */
  readonly findings: readonly HubFinding[];
}
