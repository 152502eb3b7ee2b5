// What a unit sends over its link to the hub: one table, which the code obeys and docs/traffic.md is made of.

/** Values of `leaf.compression`. */
export const compressions = ['off', 's2_auto', 's2_fast', 's2_better', 's2_best'] as const;
export type Compression = (typeof compressions)[number];

/** The records that have a slim form. */
export type SlimKind = 'heartbeat' | 'rtt' | 'time';

/** One value of `agent.traffic`. */
export interface TrafficProfile {
  /** For which link, as the end of a sentence. */
  readonly link: string;
  /** What the options of these names are where they are not set. */
  readonly interval_s: number;
  readonly compression: Compression;
  readonly ping_interval_s: number;
  readonly probe_interval_s: number;
  /** Published plainly at the interval: without an id, and nobody acknowledges them, but for a heartbeat each `asked_s`. */
  readonly slim: readonly SlimKind[];
  /** From one full set of acknowledged records to the next while nothing changes; 0: at each interval. */
  readonly full_s: number;
  /** From one heartbeat that a stream acknowledges to the next, the slim ones in between; 0: full ones only. */
  readonly asked_s: number;
  /** From one full set to the next that has the static facts too, while those do not change; 0: each has them. */
  readonly facts_s: number;
  /** Slim records of a known outage are kept, as acknowledged records; else they are not made. */
  readonly keepsSlim: boolean;
  /** Longest pause before a record that no stream takes is sent once more, which costs the link what it did before. */
  readonly retry_s: number;
  /** From one record of minutes to the next; 0: there are none. */
  readonly minutes_s: number;
}

const usual = {
  interval_s: 5,
  ping_interval_s: 12,
  probe_interval_s: 10,
  slim: ['heartbeat', 'rtt', 'time'],
  full_s: 120,
  asked_s: 30,
  facts_s: 86_400,
  keepsSlim: true,
  retry_s: 30,
  minutes_s: 0,
} as const;

/** By the value of `agent.traffic`. */
export const trafficProfiles = {
  lan: {
    ...usual,
    link: 'a link that costs nothing',
    compression: 's2_auto',
    slim: [],
    full_s: 0,
    asked_s: 0,
    facts_s: 0,
  },
  standard: { ...usual, link: 'a link over the internet', compression: 's2_best' },
  wan: {
    ...usual,
    link: 'a link that is slow or paid by volume',
    interval_s: 15,
    compression: 's2_best',
    ping_interval_s: 30,
    probe_interval_s: 60,
    asked_s: 60,
    keepsSlim: false,
    retry_s: 120,
  },
  satellite: {
    ...usual,
    link: 'a link of which each kilobyte is paid',
    interval_s: 60,
    compression: 's2_best',
    ping_interval_s: 120,
    probe_interval_s: 600,
    slim: ['heartbeat'],
    full_s: 3600,
    asked_s: 0,
    keepsSlim: false,
    retry_s: 900,
    minutes_s: 900,
  },
} as const satisfies Readonly<Record<string, TrafficProfile>>;
export type Traffic = keyof typeof trafficProfiles;

export const traffics = Object.keys(trafficProfiles) as [Traffic, ...Traffic[]];

/** The profile of that name. */
export const trafficProfileOf = (traffic: Traffic): TrafficProfile => trafficProfiles[traffic];

/** What an option that is not set is by each profile, in words. */
export const byTraffic = (
  option: 'interval_s' | 'compression' | 'ping_interval_s' | 'probe_interval_s',
): string =>
  `by agent.traffic: ${traffics.map((one) => `${one} ${trafficProfiles[one][option]}`).join(', ')}`;
