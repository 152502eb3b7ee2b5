import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertConditions, keyOf, ruleOf } from '../../../../../agent/hub/alerts/alert.ts';
import { type AlertsPageData, alertsPage } from '../../../../../agent/hub/page/alerts/page.ts';
import { conditionWords } from '../../../../../agent/hub/page/alerts/watched.ts';
import { renderHubPage } from '../../../../../agent/hub/page/look/frame.ts';
import { alertMade, alertOptions, busyAlerts, quietAlerts } from '../../../../kit/hub/alertsview.ts';
import { hubNoon_ms as at_ms } from '../../../../kit/hub/hubview.ts';
import { idsOf, markupComplaints, seenWords } from '../../../../kit/page/markup.ts';

const options = alertOptions();
const made = (data: Partial<AlertsPageData>, query = '') =>
  alertsPage({ options, at_ms, ...data }, new URLSearchParams(query));
const whole = (data: Partial<AlertsPageData>, query = ''): string =>
  renderHubPage(made(data, query), { hub: 'hub', at_ms, firing: data.view?.firing.length, notes: [] });
const words = (data: Partial<AlertsPageData>, query = ''): string =>
  seenWords(whole(data, query)).replaceAll('\u00a0', ' ');

test('it is markup as it should be, whatever fires', () => {
  const many = Array.from({ length: 450 }, (_, at) => ({
    alert: alertMade('critical', `u${at}`),
    waiting: [],
  }));
  for (const data of [
    {},
    { view: quietAlerts() },
    { view: busyAlerts() },
    { view: quietAlerts({ firing: many }) },
  ])
    assert.deepEqual(markupComplaints(whole(data)), []);
});

test('nothing fires: it says so, and that whoever is to be told can be', () => {
  const view = quietAlerts();
  assert.deepEqual([made({ view }).tone, made({ view }).title], ['good', 'Alerts: Nothing fires']);
  assert.match(
    words({ view }),
    /Who is told .* works webhook 0 0 03:03:03 ● last sign of life 12 s ago, one is due every 1 min/,
  );
  assert.match(words({ view }), /What was told lately Nothing since 01:16:23 , when the alerts were started/);
  const unused = quietAlerts({ outputs: [{ name: 'command', waiting: 0, dropped: 0 }] });
  assert.match(words({ view: unused }), /not used yet command 0 0 nothing yet/);
});

test('what the hub does not tell is not said to be watched', () => {
  const view = quietAlerts({ unwatched: ['hub_server_missing', 'hub_disk'] });
  assert.equal(made({ view }).tone, 'warn');
  const text = words({ view });
  assert.doesNotMatch(text, /Everything is watched/);
  assert.match(text, /what 2 kinds of alerts need, .*: hub_server_missing, hub_disk\./);
  assert.match(text, /does not answer hub_server_missing warning not seen here 1 min/);
  assert.match(text, /no more room soon hub_stream warning 5 min/);
});

test('where nobody is alerted, nothing is said to be well', () => {
  assert.equal(made({}).tone, 'mild');
  assert.match(words({}), /Nobody is alerted from here/);
  assert.doesNotMatch(words({}), /Nothing fires|Who is told/);
});

test('what fires stands with its remedy, critical first, and who was not told yet', () => {
  const text = words({ view: busyAlerts() });
  assert.match(
    text,
    /■ 2 critical, 1 warning Alerts have not reached the webhook for 58 s: it answers 503\. 1 notice kept for it, 0 dropped\./,
  );
  assert.match(
    text,
    /critical engine-19 : its clock is freerun; its class asks for locked for 15 min, since 03:01:23 see its time sources: nunect doctor on the unit/,
  );
  assert.match(
    text,
    /critical 240 of 1000 units vanished together for 15 min.* ▲ not told yet: webhook Which unit-00000 , unit-00001/,
  );
  assert.match(text, /unit-00199 and 40 more/);
  assert.match(
    text,
    /warning the hub : stream NUNECT of FLEET is 90 % full, and has no more room in 5 days for 1 d 3 h, since 2026-11-27/,
  );
  assert.ok(text.indexOf('vanished together') < text.indexOf('90 % full'));
});

test('what was told lately is told in order, and what is over says so', () => {
  const text = words({ view: busyAlerts() });
  assert.match(
    text,
    /03:15:23 critical 240 of 1000 units vanished together 03:08:03 critical engine-19 : its clock/,
  );
  assert.match(text, /✓ over engine-08 : has not been heard for 3 min .* 5 earlier/);
});

test('whatever keeps people from being told is told first', () => {
  const blind = quietAlerts({
    sees: false,
    problem: 'what was told cannot be written down: EACCES',
    beat_ms: at_ms - 181_000,
  });
  assert.equal(made({ view: blind }).tone, 'warn');
  const text = words({ view: blind });
  assert.match(text, /▲ Nothing fires, but not all is seen or told/);
  for (const said of [
    /units cannot be seen now/,
    /restart would repeat or lose alerts: .*EACCES/,
    /gives no sign of life/,
    /▲ last sign of life 3 min 1 s ago/,
  ])
    assert.match(text, said);
  const { beat_ms: _beat, ...young } = quietAlerts();
  assert.match(words({ view: young }), /No sign of life yet/);
  assert.equal(made({ view: young }).tone, 'good', 'it has just begun');
  const onlyHub = quietAlerts({ outputs: [{ name: 'nats', waiting: 0, dropped: 0 }] });
  assert.match(
    words({ view: onlyHub }),
    /subjects at the hub 0 0 nothing yet No webhook and no command is set/,
  );
});

test('everything that is watched stands there, with its times and what is off', () => {
  assert.deepEqual(Object.keys(conditionWords), alertConditions);
  const other = alertOptions({ off: ['clock_bound'], hold: { offline: { for_s: 300 } }, group_percent: 30 });
  const text = words({ view: quietAlerts(), options: other });
  for (const condition of alertConditions) {
    assert.ok(text.includes(`${conditionWords[condition]} ${condition} `), condition);
    assert.ok(text.includes(ruleOf(condition).name), condition);
  }
  assert.match(text, /not heard offline critical 5 min 30 s NunectUnitSilent/);
  assert.match(text, /above its limit clock_bound off – – /);
  assert.match(text, /three times clock_contradicts critical at once 10 min/);
  assert.match(text, /More than 30 % of the units, and at least 3/);
});

test('many that fire are a page of 200 each', () => {
  const firing = Array.from({ length: 450 }, (_, at) => ({
    alert: alertMade('critical', `u${at}`),
    waiting: [],
  }));
  const view = quietAlerts({ firing });
  const rows = (query: string): number =>
    idsOf(whole({ view }, query)).filter((id) => id.startsWith('al-')).length;
  assert.deepEqual([rows(''), rows('page=3'), rows('page=9')], [200, 50, 50]);
  assert.equal(made({ view }, 'page=3').here, '/alerts?page=3');
  for (const page of ['0', '-1', 'x', '1e3', '99999999999'])
    assert.match(words({ view }, `page=${page}`), /page must be a number from 1 on/, page);
});

test('several of one condition and unit are rows of their own', () => {
  const firing = ['spool: # % full', "clock '#' is off", '<b>"x"</b>'].map((about) => ({
    alert: alertMade('critical', 'u1', { about, key: keyOf('critical', 'u1', about) }),
    waiting: [],
  }));
  const page = whole({ view: quietAlerts({ firing }) });
  assert.deepEqual(markupComplaints(page), []);
  assert.equal(new Set(idsOf(page).filter((id) => id.startsWith('al-'))).size, 3);
});

test('what others call themselves stays text', () => {
  const hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>';
  const alert = alertMade('critical', hostile, { text: hostile });
  const group = alertMade('offline', undefined, {
    text: hostile,
    group: { count: 1, of: 1, units: [hostile] },
  });
  const view = quietAlerts({
    firing: [alert, group].map((one) => ({ alert: one, waiting: [hostile] })),
    recent: [{ event: 'fired', at_ms, alert }],
    outputs: [{ name: hostile, waiting: 1, dropped: 0, failing: { since_ms: at_ms, why: hostile } }],
    problem: hostile,
  });
  const page = whole({ view });
  assert.deepEqual(markupComplaints(page), []);
  assert.equal(page.match(/<script>/g)?.length, 1, 'our own');
  assert.doesNotMatch(page, /<img/);
});
