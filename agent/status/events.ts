import type { Finding } from '../health/finding.ts';
import { findingsBetween } from '../health/health.ts';
import { formatStep } from '../lib/format.ts';
import { known } from '../lib/known.ts';
import type { Log } from '../lib/log.ts';
import { isObject } from '../lib/parse.ts';
import { version } from '../lib/version.ts';
import type { SpoolRecord } from '../records/record.ts';
import type { Spool } from '../records/spool.ts';
import type { HealthEvent, StatusChange, StatusEvent } from '../wire/reports.ts';
import { subjectsOf } from '../wire/subjects.ts';
import type { RecentChange, UnitState } from './unitstate.ts';

export interface EventsDeps {
  readonly spool: Pick<Spool, 'put'>;
  readonly log: Log;
  wall_ms(): number;
  /** Monotonic. */
  now_ms(): number;
}

export interface Events {
  /** Publishes one change and logs it, details at debug level: they are records already. */
  publish(change: StatusChange): void;
  /** Publishes and logs what began and what ended since the last call. */
  compare(findings: readonly Finding[]): void;
  /** What was published of late, the newest first. */
  recent(): readonly RecentChange[];
}

const inWords = (value: unknown): string =>
  value === undefined ? 'unknown' : typeof value === 'string' ? value : JSON.stringify(value);

const kept = 20;
const longestText = 300;

/** A state in words: the values of an object, flags by their name. */
function stateWords(state: unknown): string {
  if (!isObject(state)) return inWords(state);
  return Object.entries(state)
    .flatMap(([name, value]) => (value === false ? [] : [value === true ? name : inWords(value)]))
    .join(' ');
}

const upWords = (up: unknown): string => (up === true ? 'up' : up === false ? 'down' : 'unknown');

/** A change as people read it; the evidence says more than two states where it is all that there is. */
function changeWords({ event, before, after, evidence }: StatusChange): string {
  const name = event.replaceAll('_', ' ');
  const states = [before, after]
    .filter((state) => state !== undefined && typeof state !== 'boolean')
    .map(stateWords);
  const what =
    event === 'clock_step' || event === 'port_state' || states.length < 2 ? '' : states.join(' → ');
  const why = evidence ?? (what === '' ? states.join('') || upWords(after) : '');
  return `${name}: ${[what, why].filter((part) => part !== '').join('; ')}`.slice(0, longestText);
}

/** The system clock was set; `wall_us` is what it shows now. */
export const clockStep = (step_us: number, wall_us: number): StatusChange => ({
  event: 'clock_step',
  before: { wall_ms: Math.floor((wall_us - step_us) / 1000) },
  after: { wall_ms: Math.floor(wall_us / 1000), step_us: Math.round(step_us) },
  evidence: `the system clock was set ${formatStep(step_us)}`,
});

const majors: ReadonlySet<string> = new Set([
  'clock',
  'hub',
  'clock_step',
  'hub_cause',
  'hub_settings',
  'leaf_restart',
  'certificate',
]);

/** A change of that unit as a record on `ops.status.<role>.<unit>`. */
export function statusRecord(
  { unit, role }: { readonly unit: string; readonly role: string },
  wall_ms: number,
  change: StatusChange,
): SpoolRecord {
  const body: StatusEvent = { ts: Math.floor(wall_ms), unit_id: unit, role, ...change };
  return { subject: subjectsOf(unit, role).status, priority: 'event', body };
}

/** Publishes each change once: as a record on `ops.status.<role>.<unit>` and as a line in the log. */
export function publishEvents(
  deps: EventsDeps,
  of: { readonly unit: string; readonly role: string },
): Events {
  let findings: readonly Finding[] = [];
  const logged = new Map<string, string>(); // by key: the end repeats the sentence of the start

  const recent: RecentChange[] = [];

  const remember = (event: string, text: string): void => {
    recent.unshift({ at_ms: deps.now_ms(), event, text });
    recent.length = Math.min(recent.length, kept);
  };
  const put = (change: StatusChange): void => {
    deps.spool.put(statusRecord(of, deps.wall_ms(), change));
  };

  return {
    recent: () => recent,
    publish(change) {
      put(change);
      remember(change.event, changeWords(change));
      const { event, before, after, evidence } = change;
      deps.log[majors.has(event) ? 'info' : 'debug'](
        `${event}: ${inWords(before)} -> ${inWords(after)}`,
        known({ evidence }),
      );
    },
    compare(now) {
      const { began, ended } = findingsBetween(findings, now);
      findings = now;
      for (const { key, weight, stage, text } of began) {
        put({ event: 'problem', after: { key, weight, ...known({ stage }) }, evidence: text });
        logged.set(key, text);
        remember('problem', `problem: ${text}`.slice(0, longestText));
        // what comes in stages will get worse
        deps.log[weight === 'note' && stage === undefined ? 'info' : 'warn'](text);
      }
      for (const { key, weight, text } of ended) {
        put({ event: 'problem', before: { key, weight } });
        const words = `problem ended: ${logged.get(key) ?? text}`;
        deps.log.info(words);
        remember('problem', words.slice(0, longestText));
        logged.delete(key);
      }
    },
  };
}

/** The unit's health as HEALTH_PROBE is answered and as it is published with that. */
export const healthEvent = (
  { health, uptime_s }: UnitState,
  { unit, role }: { readonly unit: string; readonly role: string },
  wall_us: number,
): HealthEvent => ({
  ts: Math.floor(wall_us / 1000),
  unit_id: unit,
  role,
  event: 'health',
  status: health.status,
  version,
  uptime_s: Math.floor(uptime_s),
  problems: health.findings.map(({ text }) => text),
});
