// The schemas against what the sources make: they let all of it through, and nothing that is otherwise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toSnapshot } from '../../../agent/status/tosnapshot.ts';
import { recordComplaints, statusComplaints } from '../../kit/lib/schema.ts';
import { fullSnapshot } from '../../kit/page/snapshot.ts';
import { unitStateOf } from '../../kit/unit/unitfakes.ts';

const name = { unit: 'demo-01', version: '0.1.0' };

test('status.json of a unit of which all is known, and of one that was looked at, is what the schema says', () => {
  assert.deepEqual(statusComplaints(JSON.parse(JSON.stringify(fullSnapshot))), []);
  assert.deepEqual(statusComplaints(JSON.parse(JSON.stringify(toSnapshot(unitStateOf(), name)))), []);
});

test('a field of another type, of another name or with another value is refused', () => {
  const changed = (change: object): string[] =>
    statusComplaints({ ...JSON.parse(JSON.stringify(fullSnapshot)), ...change });
  assert.match(changed({ at_ms: '1' })[0] ?? '', /^\/at_ms must be number/);
  assert.match(changed({ new: 1 })[0] ?? '', /additional properties .*"new"/);
  assert.match(changed({ status: 'fine' })[0] ?? '', /^\/status must be equal to one of/);
  assert.match(changed({ link: { connected: 'yes' } })[0] ?? '', /^\/link\/connected must be boolean/);
  assert.match(changed({ status: undefined }).join(), /required property 'status'/);
});

test('there is a schema for every kind of record, and it knows what is always there', () => {
  assert.deepEqual(
    [...recordComplaints.keys()],
    [
      'heartbeat',
      'metric.rtt',
      'metric.time',
      'metric.nats',
      'metric.system',
      'metric.recorder',
      'metric.minutes',
      'status',
      'log',
      'time.config',
      'alert',
      'alert.heartbeat',
    ],
  );
  const beat = {
    status: 'healthy',
    sequence: 1,
    ts: 1,
    unit_id: 'u',
    interval_s: 5,
    version: '1',
    uptime_s: 1,
    problems: [],
  };
  const complain = recordComplaints.get('heartbeat');
  assert.deepEqual(complain?.(beat), []);
  assert.match(complain?.({ ...beat, status: 'OK' })[0] ?? '', /status must be equal/);
  assert.match(complain?.({}).join() ?? '', /'status'.*'interval_s'/);
});
