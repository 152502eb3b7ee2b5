import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Alert, alertConditions, alertRules, keyOf } from '../../../../agent/hub/alerts/alert.ts';
import {
  alertmanagerBody,
  beatRecord,
  noticeRecord,
  watchdogBody,
} from '../../../../agent/hub/alerts/bodies.ts';
import { noneDropped, type Queued } from '../../../../agent/hub/alerts/journal.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

const since_ms = Date.UTC(2026, 10, 29, 6);
const minute_ms = 60_000;
const alert: Alert = {
  key: keyOf('offline', 'u1'),
  condition: 'offline',
  severity: 'critical',
  unit: 'u1',
  since_ms,
  text: 'has not been heard for 2m',
  remedy: 'see its power',
};
const { unit: _unit, ...ofNobody } = alert;
const group: Alert = { ...ofNobody, key: keyOf('offline'), group: { count: 2, of: 9, units: ['u1', 'u2'] } };
const fired: Queued = { seq: 1, id: 'j-1', event: 'fired', at_ms: since_ms + 2 * minute_ms, alert };
const resolved: Queued = { ...fired, seq: 2, id: 'j-2', event: 'resolved', at_ms: since_ms + 9 * minute_ms };

test('a notice as a record has what the document says', () => {
  assert.deepEqual(noticeRecord(fired, noneDropped), {
    ts: since_ms + 2 * minute_ms,
    id: 'j-1',
    event: 'fired',
    condition: 'offline',
    severity: 'critical',
    unit: 'u1',
    since_ms,
    text: alert.text,
    remedy: alert.remedy,
  });
  const full = noticeRecord({ ...fired, alert: group }, { count: 3, keys: ['offline:u9'] });
  assert.equal(full['unit'], '_hub');
  assert.deepEqual(full['group'], group.group);
  assert.deepEqual(full['dropped'], { count: 3, keys: ['offline:u9'] });
});

test('Alertmanager knows the end of an alert by the labels of its beginning', () => {
  const [first] = alertmanagerBody([fired], noneDropped, fired.at_ms, 60);
  const [last] = alertmanagerBody([resolved], noneDropped, resolved.at_ms, 60);
  assert.deepEqual(first?.labels, last?.labels);
  assert.deepEqual(first?.labels, {
    alertname: 'NunectUnitSilent',
    condition: 'offline',
    instance: 'u1',
    job: 'nunect',
    severity: 'critical',
  });
  assert.deepEqual(
    [first?.startsAt, last?.startsAt],
    ['2026-11-29T06:00:00.000Z', '2026-11-29T06:00:00.000Z'],
  );
  assert.equal(first?.endsAt, '2026-11-29T06:07:00.000Z');
  assert.equal(last?.endsAt, '2026-11-29T06:09:00.000Z');
  assert.equal(first?.annotations['id'], 'j-1');
});

test('alerts of one condition and unit that are about different things are different ones', () => {
  const about = 'client.pem';
  const one = { ...fired, alert: { ...alert, key: keyOf('expires', 'u1', about), about } };
  assert.equal(alertmanagerBody([one], noneDropped, 0, 60)[0]?.labels['about'], about);
  assert.equal(noticeRecord(one, noneDropped)['about'], about);
});

test('what is not sent again fires until it is over; what was dropped is told with the first', () => {
  const body = alertmanagerBody(
    [fired, { ...fired, seq: 2, alert: group }],
    { count: 2, keys: ['a:b', 'c:d'] },
    since_ms,
    0,
  );
  assert.equal(body[0]?.endsAt, '2027-11-29T06:00:00.000Z');
  assert.deepEqual(
    body.map(({ annotations }) => annotations['dropped']),
    ['2 earlier notices were dropped, of a:b, c:d', undefined],
  );
  assert.equal(body[1]?.labels['instance'], '_hub');
});

test('no time is one that Alertmanager cannot read, and none ends before it begins', () => {
  for (const since of [0, -1, 1e15, 9e15, Number.NaN]) {
    const odd = { ...fired, at_ms: since - 5, alert: { ...alert, since_ms: since } };
    for (const event of ['fired', 'resolved'] as const) {
      const [one] = alertmanagerBody([{ ...odd, event }], noneDropped, since, 0);
      assert.match(`${one?.startsAt} ${one?.endsAt}`, /^\d{4}-\S+Z \d{4}-\S+Z$/);
      assert.ok((one?.endsAt ?? '') >= (one?.startsAt ?? 'x'), `${since} ${event}`);
    }
  }
});

test('the sign of life names what fires only to whom it is to be told again', () => {
  const beat = {
    at_ms: since_ms,
    interval_s: 60,
    firing: [alert],
    sees: true,
    version: '1',
    teller: 'hub-a',
  };
  assert.deepEqual(
    watchdogBody(beat, 0).map(({ labels }) => labels['alertname']),
    ['Watchdog'],
  );
  const [, again] = watchdogBody(beat, 60);
  assert.deepEqual(again?.labels, alertmanagerBody([fired], noneDropped, 0, 60)[0]?.labels);
  assert.equal(watchdogBody(beat, 0)[0]?.endsAt, '2026-11-29T06:05:00.000Z');
  assert.deepEqual(beatRecord(beat), {
    ts: since_ms,
    interval_s: 60,
    teller: 'hub-a',
    firing: 1,
    sees_units: true,
    version: '1',
  });
});

test('names, severities and hold times are those of config/prometheus, where that has the alert', () => {
  const text = readFileSync(join(projectRoot, 'config/prometheus/nunect.rules.yml'), 'utf8');
  const spans: Readonly<Record<string, number>> = { m: 60, h: 3600 };
  const found = new Map(
    text
      .split('- alert: ')
      .slice(1)
      .map((rule) => {
        const [, count = 0, unit = 'm'] = /for: (\d+)(m|h)/.exec(rule) ?? [];
        const severity = /severity: (\w+)/.exec(rule)?.[1];
        return [rule.split('\n')[0], { severity, for_s: Number(count) * (spans[unit] ?? 0) }] as const;
      }),
  );
  const shared = alertConditions.filter((condition) => found.has(alertRules[condition].name));
  assert.deepEqual(shared, [
    'offline',
    'critical',
    'clock_class',
    'clock_bound',
    'clock_unbounded',
    'clock_contradicts',
    'records_dropped',
    'expires',
    'expired',
  ]);
  for (const condition of shared) {
    const { name, severity, for_s } = alertRules[condition];
    assert.deepEqual({ severity, for_s }, found.get(name), name);
  }
});
