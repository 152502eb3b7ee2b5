import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeWords, findingWords } from '../../../agent/status/changewords.ts';

const clock = (source: string, quality: string, holdover = false) => ({ source, quality, holdover });

test('a change of the clock says what follows what, and the first reason', () => {
  const words = (before: object | undefined, after: object, evidence?: string) =>
    changeWords({ event: 'clock', before, after, ...(evidence === undefined ? {} : { evidence }) });
  const ptp = 'ptp4l port 1 is SLAVE, but last Sync 3.1 s ago; chronyd follows 127.0.0.1 (stratum 3), but -x';
  assert.equal(
    words(clock('ptp', 'locked'), clock('unsynced', 'freerun'), ptp),
    'clock PTP locked → not synchronised: ptp4l port 1 is SLAVE, but last Sync 3.1 s ago',
  );
  assert.equal(
    words(clock('unsynced', 'freerun'), clock('unsynced', 'acquiring')),
    'clock not synchronised → acquiring',
  );
  assert.equal(words(undefined, clock('ntp', 'tracking')), 'clock NTP tracking');
  assert.equal(words(clock('ptp', 'locked'), clock('ptp', 'locked')), 'clock PTP locked');
  assert.equal(
    words(clock('ptp', 'locked'), clock('unsynced', 'tracking', true)),
    'clock PTP locked → holdover, tracking',
  );
});

test('what only goes with another change is not told again', () => {
  for (const event of ['parent', 'steps_removed', 'hub_cause'])
    assert.equal(changeWords({ event, before: 'a', after: 'b' }), undefined);
  const finding = {
    code: 'clock_unsynchronised',
    key: 'clock',
    weight: 'note',
    text: '',
    remedy: '',
  } as const;
  assert.equal(findingWords(finding, 'the clock is not known to be synchronised', false), undefined);
});

test('the hub is joined or lost; a reason without its details', () => {
  assert.equal(changeWords({ event: 'hub', before: false, after: true, evidence: 'x' }), 'hub joined');
  assert.equal(changeWords({ event: 'hub', before: true, after: false }), 'hub lost');
  assert.equal(
    changeWords({ event: 'hub', before: true, after: false, evidence: 'no link to the hub (127.0.0.1:1)' }),
    'hub lost: no link to the hub',
  );
  const down = { code: 'hub_down', key: 'hub', weight: 'degraded', text: '', remedy: '' } as const;
  assert.equal(
    findingWords(
      down,
      'the hub is not joined: nobody listens there (ECONNREFUSED) since 03:10 UTC; check it',
      true,
    ),
    'mended: the hub is not joined: nobody listens there',
  );
});

test('a line is no longer than 160 characters', () => {
  for (const event of ['hub', 'grandmaster', 'port_state'])
    assert.ok(
      (changeWords({ event, before: 'y'.repeat(999), evidence: 'x'.repeat(5000) })?.length ?? 0) <= 160,
    );
});
