import type { LogLevel } from '../lib/log.ts';

/** The metrics of the wire contract, as they stand in `ops.metric.<kind>.<unit>`. */
export const metricKinds = ['rtt', 'time', 'system', 'nats', 'recorder', 'minutes'] as const;
export type MetricKind = (typeof metricKinds)[number];

/** Name under which the unit is found by ADR-32 tools (`nats micro ls`). */
export const serviceName = 'nunect';
const serviceVerbs = ['PING', 'INFO', 'STATS'] as const;
export type ServiceVerb = (typeof serviceVerbs)[number];

/** Every subject of one unit. The only place where a subject is spelled. All are literals: facts/nats.md 3.5. */
export interface Subjects {
  readonly heartbeat: string;
  readonly metric: Readonly<Record<MetricKind, string>>;
  readonly status: string;
  readonly log: Readonly<Record<LogLevel, string>>;
  readonly timeConfig: string;
  readonly echo: string;
  readonly timeSync: string;
  readonly command: string;
  /** The nine ADR-32 subjects of this unit with what each asks for. */
  readonly service: readonly { readonly subject: string; readonly verb: ServiceVerb }[];
}

const each = <K extends string>(keys: readonly K[], spell: (key: K) => string): Record<K, string> =>
  Object.fromEntries(keys.map((key) => [key, spell(key)])) as Record<K, string>;

export const subjectsOf = (unit: string, role: string): Subjects => ({
  heartbeat: `ops.heartbeat.${unit}`,
  metric: each(metricKinds, (kind) => `ops.metric.${kind}.${unit}`),
  status: `ops.status.${role}.${unit}`,
  log: each(['debug', 'info', 'warn', 'error', 'fatal'], (level) => `ops.log.${level.toUpperCase()}.${unit}`),
  timeConfig: 'ops.time.config',
  echo: echoOf(unit),
  timeSync: timeSyncOf(unit),
  command: `ops.cmd.${role}.${unit}`,
  service: serviceVerbs.flatMap((verb) =>
    ['', `.${serviceName}`, `.${serviceName}.${unit}`].map((tail) => ({
      subject: `$SRV.${verb}${tail}`,
      verb,
    })),
  ),
});

/** Where a unit answers echo requests. */
export const echoOf = (unit: string): string => `ops.echo.${unit}`;

/** Where a unit answers time requests. */
export const timeSyncOf = (unit: string): string => `ops.time.sync.${unit}`;

/** What the hub publishes of its alerts. Severity is `critical` or `warning`; `_hub` stands for the hub itself. */
export const alertSubjects = {
  alert: (severity: string, unit: string): string => `ops.alert.${severity}.${unit}`,
  heartbeat: 'ops.alert.heartbeat',
  /** Which server of the hub tells the alerts, as it says itself. */
  teller: 'ops.alert.teller',
} as const;

/** Prefix of the inbox in which the unit awaits what only its own leaf and hub send it: PubAcks, its own echo. */
export const inboxPrefixOf = (unit: string): string => `_INBOX_${unit}`;

/** Prefix of the inbox in which the unit awaits the answers of peers; they may publish to `_INBOX.>` only. */
export const peerInboxPrefixOf = (unit: string): string => `_INBOX.${unit}`;

/** What the agent of a unit publishes, apart from replies. */
export const publishedBy = (s: Subjects): string[] => [
  s.heartbeat,
  ...Object.values(s.metric),
  s.status,
  ...Object.values(s.log),
  s.timeConfig,
];

/** What the agent of a unit answers. */
export const answeredBy = (s: Subjects): string[] => [
  s.echo,
  s.timeSync,
  s.command,
  ...s.service.map((entry) => entry.subject),
];
