import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, Weight } from '../../../agent/health/finding.ts';
import { healthEvent, publishEvents } from '../../../agent/status/events.ts';
import { findingLike, recordingLog, recordingSpool, unitStateOf } from '../../kit/unit/unitfakes.ts';

const subject = 'ops.status.leaf.demo-01';
function telling() {
  const spool = recordingSpool();
  const { log, said } = recordingLog();
  const events = publishEvents(
    { spool, log, wall_ms: () => 1234.9, now_ms: () => 7 },
    { unit: 'demo-01', role: 'leaf' },
  );
  return { spool, said, events };
}
const finding = (key: string, weight: Weight, text = `${key} is wrong`): Finding =>
  findingLike({ key, weight, text });

test('a happening is an event record with unit, role and whole milliseconds', () => {
  const { spool, events } = telling();
  events.publish({ event: 'hub', before: false, after: true, evidence: 'joined' });
  assert.deepEqual(spool.records, [
    {
      subject,
      priority: 'event',
      body: {
        ts: 1234,
        unit_id: 'demo-01',
        role: 'leaf',
        event: 'hub',
        before: false,
        after: true,
        evidence: 'joined',
      },
    },
  ]);
});

test('what a person waits for is logged at info, details at debug', () => {
  const { events, said } = telling();
  events.publish({ event: 'clock', before: { source: 'ptp' }, after: { source: 'ntp' } });
  events.publish({ event: 'port_state', after: 'SLAVE' });
  assert.deepEqual(said(), [
    'info clock: {"source":"ptp"} -> {"source":"ntp"}',
    'debug port_state: unknown -> SLAVE',
  ]);
});

test('a finding is told once when it begins and once when it ends, whatever its text does meanwhile', () => {
  const { spool, events, said } = telling();
  events.compare([finding('hub', 'degraded')]);
  events.compare([finding('hub', 'degraded', 'still')]);
  events.compare([]);
  events.compare([]);
  assert.deepEqual(
    spool.on(subject).map(({ event, before, after }) => ({ event, before, after })),
    [
      { event: 'problem', before: undefined, after: { key: 'hub', weight: 'degraded' } },
      { event: 'problem', before: { key: 'hub', weight: 'degraded' }, after: undefined },
    ],
  );
  assert.deepEqual(said(), ['warn hub is wrong', 'info problem ended: hub is wrong']);
});

test('what was published of late is there in words, the newest first', () => {
  const { events } = telling();
  events.publish({ event: 'hub', before: false, after: true, evidence: 'the hub answers' });
  const before = { source: 'ptp', quality: 'locked', holdover: false };
  const after = { source: 'unsynced', quality: 'tracking', holdover: true };
  events.publish({ event: 'clock', before, after, evidence: 'no Sync for 3 s' });
  const gap = { count: 3, of: { metric: 3 } };
  events.publish({
    event: 'port_state',
    before: { port: 'a-1' },
    after: { port: 'a-1' },
    evidence: 'port a-1',
  });
  events.publish({ event: 'ntp_source', before: '192.0.2.1', after: 'none' });
  events.publish({ event: 'records_dropped', after: gap });
  events.publish({ event: 'hub', before: true });
  events.publish({ event: 'hub', after: true });
  events.compare([finding('hub', 'degraded')]);
  events.compare([]);
  assert.deepEqual(
    events.recent().map(({ text }) => text),
    [
      'problem ended: hub is wrong',
      'problem: hub is wrong',
      'hub: up',
      'hub: unknown',
      'records dropped: 3 {"metric":3}',
      'ntp source: 192.0.2.1 → none',
      'port state: port a-1',
      'clock: ptp locked → unsynced tracking holdover; no Sync for 3 s',
      'hub: the hub answers',
    ],
  );
  for (let n = 0; n < 50; n += 1) events.publish({ event: 'hub', evidence: 'x'.repeat(5000) });
  assert.equal(events.recent().length, 20);
  assert.ok(events.recent().every(({ text, at_ms }) => text.length <= 300 && at_ms === 7));
});

test('a note is no warning', () => {
  const { events, said } = telling();
  events.compare([finding('clock', 'note')]);
  assert.deepEqual(said(), ['info clock is wrong']);
});

test('a finding that comes to another stage is told anew, and is a warning from the first on', () => {
  const { spool, events, said } = telling();
  const at = (stage: string): Finding => ({ ...finding('cert', 'note', `cert: ${stage}`), stage });
  for (const stage of ['30 days', '30 days', '7 days']) events.compare([at(stage)]);
  events.compare([]);
  assert.deepEqual(said(), ['warn cert: 30 days', 'warn cert: 7 days', 'info problem ended: cert: 7 days']);
  assert.deepEqual(
    spool.on(subject).map(({ after }) => after),
    [
      { key: 'cert', weight: 'note', stage: '30 days' },
      { key: 'cert', weight: 'note', stage: '7 days' },
      undefined,
    ],
  );
});

test('the health of the unit is an event with status, version, whole seconds and the problems in words', () => {
  const health = { status: 'degraded', findings: [finding('hub', 'degraded')] } as const;
  const event = healthEvent(unitStateOf({ health }), { unit: 'demo-01', role: 'ship' }, 5_000_999);
  assert.deepEqual(event, {
    ts: 5000,
    unit_id: 'demo-01',
    role: 'ship',
    event: 'health',
    status: 'degraded',
    version: 'dev',
    uptime_s: 60,
    problems: ['hub is wrong'],
  });
});
