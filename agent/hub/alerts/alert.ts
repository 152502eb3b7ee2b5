// What is alerted of, and how an alert is named. Words and times of config/prometheus, where they mean the same. Pure.

export type Severity = 'critical' | 'warning';

/** How a condition is told of; spans in seconds. */
interface Rule {
  /** `alertname` for Alertmanager: that of config/prometheus/nunect.rules.yml, where that has it. */
  readonly name: string;
  readonly severity: Severity;
  /** So long it must have been seen before it is told. */
  readonly for_s: number;
  /** So long it must have been seen to be over before that is told: what comes back sooner is the same alert. */
  readonly keep_s: number;
  /** What is seen in one look alone holds for so long after it. */
  readonly lasts_s?: number;
  readonly remedy: string;
  /** What is said of many units at once; missing where it is of the hub. */
  readonly many?: string;
}

const minute_s = 60;

/** Everything that is alerted of. Of units first; those of the hub begin with `hub_`. */
export const alertRules = {
  offline: {
    name: 'NunectUnitSilent',
    severity: 'critical',
    for_s: 2 * minute_s,
    keep_s: 30,
    remedy:
      'unit off, network down, or its agent stopped: see its power and uplink, then `nunect doctor` on it',
    many: 'vanished together',
  },
  critical: {
    name: 'NunectCritical',
    severity: 'critical',
    for_s: minute_s,
    keep_s: 2 * minute_s,
    remedy: 'see the page of the unit: each of its findings has a remedy',
    many: 'became critical together',
  },
  clock_class: {
    name: 'NunectClockUnsynchronised',
    severity: 'critical',
    for_s: 5 * minute_s,
    keep_s: 2 * minute_s,
    remedy: 'see its time sources: `nunect doctor` on the unit',
    many: 'lost their time sources together',
  },
  clock_bound: {
    name: 'NunectClockErrorHigh',
    severity: 'warning',
    for_s: 5 * minute_s,
    keep_s: 2 * minute_s,
    remedy: 'a nearer or better time source, or a wider limit where the unit needs no better one',
    many: 'have clocks that may be off by more than their limits',
  },
  clock_unbounded: {
    name: 'NunectClockUnbounded',
    severity: 'warning',
    for_s: 5 * minute_s,
    keep_s: 2 * minute_s,
    remedy: 'docs/clock.md says what the error bound rests on',
    many: 'have clocks whose error nothing bounds',
  },
  clock_contradicts: {
    name: 'NunectClockContradicts',
    severity: 'critical',
    for_s: 0, // judged by three measurements already
    keep_s: 10 * minute_s,
    remedy: 'do not trust its timestamps: compare its time sources with those of other units',
    many: 'have clocks that contradict their own claims',
  },
  records_dropped: {
    name: 'NunectRecordsDropped',
    severity: 'warning',
    for_s: 0,
    keep_s: 15 * minute_s,
    lasts_s: 2 * minute_s, // counters come each minute
    remedy:
      'its memory for records is full, or records are too large: spool.memory_kb, and the link to the hub',
    many: 'have dropped records',
  },
  expires: {
    name: 'NunectCertificateExpires',
    severity: 'warning',
    for_s: 0,
    keep_s: minute_s,
    remedy: 'renew the file; the leaf takes it over at the next render',
    many: 'have certificates that expire soon',
  },
  expired: {
    name: 'NunectCertificateExpired',
    severity: 'critical',
    for_s: 0,
    keep_s: minute_s,
    remedy: 'renew the file: the unit cannot join again',
    many: 'have certificates that have expired',
  },
  login_expires: {
    name: 'NunectLoginExpires',
    severity: 'warning',
    for_s: 0,
    keep_s: minute_s,
    remedy: 'it does not renew its login: is the issuer running? Else give it a new token',
    many: 'have logins that run out soon',
  },
  spool_full: {
    name: 'NunectSpoolNearEnd',
    severity: 'warning',
    for_s: 5 * minute_s,
    keep_s: 2 * minute_s,
    remedy: 'the hub does not store its records: see the stream, and the link of the unit',
    many: 'have no more room for records soon',
  },
  hub_unreachable: {
    name: 'NunectHubUnreachable',
    severity: 'critical',
    for_s: minute_s,
    keep_s: 30,
    remedy: 'is nats-server running? `nunect-hub status`',
  },
  hub_units_unseen: {
    name: 'NunectHubUnitsUnseen',
    severity: 'critical',
    for_s: 2 * minute_s,
    keep_s: minute_s,
    remedy: 'is stream UNITS there? `nunect-hub status`; nobody is alerted of a unit meanwhile',
  },
  hub_unhealthy: {
    name: 'NunectHubUnhealthy',
    severity: 'critical',
    for_s: minute_s,
    keep_s: minute_s,
    remedy: '`nunect-hub status` says what is wrong with it',
  },
  hub_clock: {
    name: 'NunectHubClockDoubted',
    severity: 'warning',
    for_s: 5 * minute_s,
    keep_s: 5 * minute_s,
    remedy: 'compare the time sources of the hub with those units; no unit is found out by it meanwhile',
  },
  hub_server_missing: {
    name: 'NunectHubServerMissing',
    severity: 'warning',
    for_s: minute_s,
    keep_s: minute_s,
    remedy: 'start it again before a second one is lost: then the streams would stand still',
  },
  hub_certificate: {
    name: 'NunectHubCertificateExpires',
    severity: 'warning',
    for_s: 0,
    keep_s: minute_s,
    remedy: 'renew it, or no unit can join once it has ended: that of its own CA by `nunect-hub init`',
  },
  hub_stream: {
    name: 'NunectHubStreamNearEnd',
    severity: 'warning',
    for_s: 5 * minute_s,
    keep_s: 5 * minute_s,
    remedy: 'more room for the stream, or fewer days: `nunect-hub init` with --store and --keep',
  },
  hub_stream_full: {
    name: 'NunectHubStreamFull',
    severity: 'critical',
    for_s: minute_s,
    keep_s: 5 * minute_s,
    remedy: 'give the stream more room now: it takes no more messages',
  },
  hub_disk: {
    name: 'NunectHubDiskNearEnd',
    severity: 'warning',
    for_s: 5 * minute_s,
    keep_s: 5 * minute_s,
    remedy: 'make room on the disk of the hub',
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type Condition = keyof typeof alertRules;
/** All of them, in their order. */
export const alertConditions = Object.keys(alertRules) as Condition[];
/** The rule of a condition. */
export const ruleOf = (condition: Condition): Rule => alertRules[condition];

/** Stands for the hub where else a unit stands; no unit's id begins with `_`. */
export const hubName = '_hub';

export type AlertKey = `${Condition}:${string}`;
/** `about`: which of several of the condition that may fire at once. */
export const keyOf = (condition: Condition, unit = hubName, about?: string): AlertKey =>
  `${condition}:${unit}${about === undefined ? '' : `:${about}`}`;

/** Several units that one alert is of. */
export interface AlertGroup {
  readonly count: number;
  /** Of how many that there are. */
  readonly of: number;
  /** The first of them by name. */
  readonly units: readonly string[];
}

/** Something that somebody should know of. */
export interface Alert {
  readonly key: AlertKey;
  readonly condition: Condition;
  readonly severity: Severity;
  /** Missing where it is of the hub, or of many. */
  readonly unit?: string;
  /** Which of several that may fire at once: a file, a stream, a server. */
  readonly about?: string;
  /** When it was seen first, Unix ms by the hub's clock. */
  readonly since_ms: number;
  readonly text: string;
  readonly remedy: string;
  readonly group?: AlertGroup;
}

/** What happened to an alert: it is told for the first time or with news, or it is over. */
export interface Notice {
  readonly event: 'fired' | 'resolved';
  readonly at_ms: number;
  readonly alert: Alert;
}
