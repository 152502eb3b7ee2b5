// What is sent of alerts: records of nunect, and the body that Alertmanager's API v2 takes. Pure.
import { known } from '../../lib/known.ts';
import { type Alert, hubName, ruleOf } from './alert.ts';
import type { Dropped, Queued } from './journal.ts';

/** A sign of life of the alerter. */
export interface Beat {
  readonly at_ms: number;
  readonly interval_s: number;
  /** Alerts that fire now and that were delivered. */
  readonly firing: readonly Alert[];
  /** It sees the units. */
  readonly sees: boolean;
  readonly version: string;
  /** Whose alerts they are. */
  readonly teller: string;
}

/** A notice as a record: `ops.alert.<severity>.<unit>`, and what a command reads. */
export const noticeRecord = (
  { event, at_ms, alert, id }: Queued,
  dropped: Dropped,
): Readonly<Record<string, unknown>> => ({
  ts: at_ms,
  id,
  event,
  condition: alert.condition,
  severity: alert.severity,
  unit: alert.unit ?? hubName,
  ...known({ about: alert.about }),
  since_ms: alert.since_ms,
  text: alert.text,
  remedy: alert.remedy,
  ...(alert.group === undefined ? {} : { group: alert.group }),
  ...(dropped.count === 0 ? {} : { dropped }),
});

/** A sign of life as a record: `ops.alert.heartbeat`. */
export const beatRecord = ({ at_ms, interval_s, firing, sees, version, teller }: Beat) => ({
  ts: at_ms,
  interval_s,
  teller,
  firing: firing.length,
  sees_units: sees,
  version,
});

interface Posted {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

const day_ms = 86_400_000;

/** What no clock says is no time: Alertmanager refuses all of a body with one that it cannot read. */
const rfc3339 = (at_ms: number): string => {
  const date = new Date(at_ms);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999
    ? '1970-01-01T00:00:00.000Z'
    : date.toISOString();
};

const nameOf = ({ unit }: Alert): string => unit ?? hubName;

/** By its labels Alertmanager knows an alert again: they are those of config/prometheus. */
function posted(alert: Alert, ends_ms: number, more: Readonly<Record<string, string>> = {}): Posted {
  const { condition, severity, about, text, remedy, since_ms } = alert;
  return {
    labels: {
      alertname: ruleOf(condition).name,
      condition,
      instance: nameOf(alert),
      job: 'nunect',
      severity,
      ...known({ about }),
    },
    annotations: {
      summary: alert.unit === undefined ? text : `${alert.unit}: ${text}`,
      description: remedy,
      ...more,
    },
    startsAt: rfc3339(since_ms),
    endsAt: rfc3339(Math.max(ends_ms, since_ms + 1)),
  };
}

/** A receiver that forgets has what fires until the fourth repetition stays out; any other keeps it until it is over. */
const endOfFiring = (at_ms: number, repeat_s: number): number =>
  at_ms + (repeat_s > 0 ? Math.max(300, 4 * repeat_s) * 1000 : 365 * day_ms);

/** The body for notices, of which no two are of the same alert. */
export const alertmanagerBody = (
  notices: readonly Queued[],
  dropped: Dropped,
  now_ms: number,
  repeat_s: number,
): readonly Posted[] =>
  notices.map((one, at) =>
    posted(one.alert, one.event === 'resolved' ? one.at_ms : endOfFiring(now_ms, repeat_s), {
      id: one.id,
      ...(at === 0 && dropped.count > 0
        ? { dropped: `${dropped.count} earlier notices were dropped, of ${dropped.keys.join(', ')}` }
        : {}),
    }),
  );

/** The dead man's switch, and what fires where it is to be sent again: a receiver raises an alarm once it stays out. */
export const watchdogBody = (
  { at_ms, interval_s, firing, sees, teller }: Beat,
  repeat_s: number,
): readonly Posted[] => [
  {
    labels: { alertname: 'Watchdog', instance: hubName, job: 'nunect', severity: 'none' },
    annotations: {
      summary: sees
        ? 'the alerts of nunect work; an alarm is due once this stays out'
        : 'the alerts of nunect work, but see no units',
      teller,
    },
    startsAt: rfc3339(at_ms),
    endsAt: rfc3339(at_ms + Math.max(300, 4 * interval_s) * 1000),
  },
  ...(repeat_s > 0 ? firing.map((alert) => posted(alert, endOfFiring(at_ms, repeat_s))) : []),
];
