// An alerter of a test, whose units are what a file says; within the test, or as a process that can be killed.
import { readFileSync, writeFileSync } from 'node:fs';
import { type Alerts, startAlerts } from '../../../agent/hub/alerts/alerts.ts';
import { parseAlertOptions } from '../../../agent/hub/alerts/options.ts';
import { alertStore } from '../../../agent/hub/alerts/statefile.ts';
import type { FleetUnit } from '../../../agent/hub/fleet/model.ts';
import { formatEntry, logTo } from '../../../agent/lib/log.ts';
import { systemTicker, type Ticker } from '../../../agent/lib/ticker.ts';
import { openLink } from '../../../agent/nats/link.ts';

export interface AlertingGiven {
  /** Of the hub; without it nothing is published. */
  readonly url?: string;
  /** The section `alerts`. */
  readonly section: unknown;
  readonly folder: string;
  /** File with the names of the units that are critical, as JSON. */
  readonly facts: string;
}

const names = Array.from({ length: 6 }, (_, i) => `u${i}`);

/** Looks ten times as often, so that a test need not wait. */
function quickTicker(): Ticker {
  const base = systemTicker();
  return { ...base, every: (interval_ms, fn, jitter) => base.every(interval_ms / 10, fn, jitter) };
}

/** Says which units are critical, all at once. */
export const setFacts = (path: string, critical: readonly string[]): void =>
  writeFileSync(path, JSON.stringify(critical));

function unitsIn(path: string): FleetUnit[] {
  const critical: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const rest = { kind: 'unit', age_s: 1, restarts: 0, problems: [], expires: [] } as const;
  return names.map((unit) => ({
    unit,
    state: Array.isArray(critical) && critical.includes(unit) ? 'critical' : 'healthy',
    ...rest,
  }));
}

/** Starts it; what it says goes to `say`. */
export function startAlerting(
  { url, section, folder, facts }: AlertingGiven,
  say: (line: string) => void,
): { readonly alerts: Alerts; stop(): Promise<void> } {
  const options = parseAlertOptions(section, (path) => readFileSync(path, 'utf8'));
  if (!options.ok) throw new Error(options.why);
  const ending = new AbortController();
  const log = logTo((entry) => say(formatEntry(entry)), 'alerts');
  const ticker = quickTicker();
  const link =
    url === undefined
      ? undefined
      : openLink({ ticker, log }, { servers: [url], name: 'alerts', inboxPrefix: '_INBOX' }, ending.signal);
  const alerts = startAlerts(
    {
      ticker,
      wall_ms: Date.now,
      log,
      random: Math.random,
      teller: 'test',
      store: alertStore(folder),
      ...(link === undefined ? {} : { link }),
      see: () => ({ isLinked: true, units: unitsIn(facts) }),
    },
    options.value,
  );
  return {
    alerts,
    async stop() {
      await alerts.stop();
      ending.abort();
      await link?.stop();
    },
  };
}
