import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hubJson } from '../../../../../agent/hub/page/hub/json.ts';
import { busyHub, hubServer, hubStream, untoldView } from '../../../../kit/hub/hubview.ts';
import { hubComplaints } from '../../../../kit/lib/schema.ts';

const read = (view: ReturnType<typeof busyHub>) => JSON.parse(JSON.stringify(hubJson(view)));

test('it is by its schema, whatever is known of the hub', () => {
  const unseen = untoldView({
    trouble: 'no',
    connected: false,
    servers: [{ name: 'a', state: 'unknown', heard_ms: 1 }],
  });
  const behind = hubStream('S', {
    copies: { wanted: 3, in_step: 2, behind: [{ server: 'b', lag: 1, offline: true }] },
  });
  for (const view of [
    busyHub(50),
    untoldView(),
    unseen,
    untoldView({ servers: [hubServer('a')], streams: [behind] }),
  ])
    assert.deepEqual(hubComplaints(read(view)), []);
});

test('a field of another name or with another value is refused by the schema', () => {
  const changed = (change: object) => hubComplaints({ ...read(busyHub(3)), ...change }).join();
  assert.match(changed({ more: 1 }), /additional properties/);
  assert.match(changed({ told: ['tales'] }), /told\/0 must be equal/);
  assert.match(changed({ servers: [{ ...hubServer('a'), state: 'fine' }] }), /state must be equal/);
  assert.match(changed({ links: undefined }), /required property 'links'/);
  assert.match(
    changed({ streams: [{ ...hubStream('S'), left: { kind: 'days', days: '5' } }] }),
    /days must be number/,
  );
});

test('nothing of the view is lost, and findings have what can be typed', () => {
  const view = busyHub(3);
  const { findings, schema, ...rest } = hubJson(view);
  const { findings: _found, ...all } = view;
  assert.deepEqual([rest, schema], [all, 1]);
  assert.deepEqual(
    findings.map(({ key, command }) => [key, command]),
    [
      ['stream_full:FLEET/NUNECT', 'nunect-hub init --store 50'],
      ['server_degraded:hub-c', undefined],
      ['stream_copies:FLEET/STATUS', undefined],
      ['slow_consumer:hub-b/archive-writer', undefined],
    ],
  );
  assert.equal(findings[0]?.remedy, view.findings[0]?.remedy);
});
