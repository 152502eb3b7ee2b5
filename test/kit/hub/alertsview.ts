// What a page shows of alerts, made by hand.
import { type Alert, type Condition, keyOf, ruleOf } from '../../../agent/hub/alerts/alert.ts';
import { type AlertOptions, parseAlertOptions } from '../../../agent/hub/alerts/options.ts';
import type { AlertsView } from '../../../agent/hub/alerts/view.ts';
import { hubNoon_ms } from './hubview.ts';

/** The options of a section of page.json without secrets. */
export function alertOptions(section: object = {}): AlertOptions {
  const options = parseAlertOptions(section, () => '');
  if (!options.ok) throw new Error(options.why);
  return options.value;
}

/** An alert by its rule, since a quarter of an hour. */
export const alertMade = (
  condition: Condition,
  unit: string | undefined,
  given: Partial<Alert> = {},
): Alert => {
  const { severity, remedy } = ruleOf(condition);
  return {
    ...{ key: keyOf(condition, unit), condition, severity, remedy, since_ms: hubNoon_ms - 900_000 },
    ...(unit === undefined ? {} : { unit }),
    text: 'its clock is freerun; its class asks for locked',
    ...given,
  };
};

/** Alerts that work, and of which none fires, but for what is given. */
export const quietAlerts = (given: Partial<AlertsView> = {}): AlertsView => ({
  ...{ firing: [], recent: [], began_ms: hubNoon_ms - 7_200_000, sees: true, unwatched: [] },
  beat_ms: hubNoon_ms - 12_000,
  outputs: [
    { name: 'nats', waiting: 0, dropped: 0, last_ms: hubNoon_ms - 800_000 },
    { name: 'webhook', waiting: 0, dropped: 0, last_ms: hubNoon_ms - 800_000 },
  ],
  ...given,
});

const gone = Array.from({ length: 240 }, (_, at) => `unit-${String(at).padStart(5, '0')}`);
const vanished = alertMade('offline', undefined, {
  text: `240 of 1000 units vanished together: ${gone.slice(0, 20).join(', ')} and 220 more`,
  group: { count: 240, of: 1000, units: gone },
});

/** Three that fire, of one unit, of many and of the hub, with a webhook that is down. */
export const busyAlerts = (): AlertsView => {
  const clock = alertMade('clock_class', 'engine-19');
  const stream = alertMade('hub_stream', undefined, {
    text: 'stream NUNECT of FLEET is 90 % full, and has no more room in 5 days',
    since_ms: hubNoon_ms - 100_000_000,
  });
  return quietAlerts({
    firing: [
      { alert: stream, waiting: [] },
      { alert: clock, waiting: [] },
      { alert: vanished, waiting: ['webhook'] },
    ],
    recent: [
      { event: 'fired', at_ms: hubNoon_ms - 60_000, alert: vanished },
      { event: 'fired', at_ms: hubNoon_ms - 500_000, alert: clock },
      ...Array.from({ length: 18 }, (_, at) => ({
        ...{ event: at % 2 === 0 ? ('resolved' as const) : ('fired' as const) },
        at_ms: hubNoon_ms - 700_000 - at * 60_000,
        alert: alertMade('offline', 'engine-08', { text: 'has not been heard for 3 min' }),
      })),
    ],
    outputs: [
      { name: 'nats', waiting: 0, dropped: 0, last_ms: hubNoon_ms - 60_000 },
      {
        ...{ name: 'webhook', waiting: 1, dropped: 0, last_ms: hubNoon_ms - 500_000 },
        failing: { since_ms: hubNoon_ms - 58_000, why: 'it answers 503' },
      },
    ],
  });
};
