import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remedyOf } from '../../../../../agent/hub/page/hub/remedies.ts';
import { findingsOf } from '../../../../../agent/hub/servers/judge.ts';
import type { HubStreamView, HubView } from '../../../../../agent/hub/servers/model.ts';
import { busyHub, hubServer, hubStream, untoldView } from '../../../../kit/hub/hubview.ts';

/** What is to be done about the worst that the judge finds in that view. */
function remedyIn(view: HubView) {
  const [worst] = findingsOf(view);
  assert.ok(worst !== undefined);
  return remedyOf(worst, view);
}
const gib = 2 ** 30;
const soon = { left: { kind: 'days', days: 5 } as const, growth: { bytes_per_day: gib, over_s: 86_400 } };
const ofStream = (name: string, given: Partial<HubStreamView>) =>
  remedyIn(
    untoldView({
      streams: [hubStream(name, { ...soon, limit: { by: 'bytes', max: 40 * gib, share: 0.9 }, ...given })],
    }),
  );

test('the records of units are given room by init, as much as they need for the days that they are kept', () => {
  const { command, where } = ofStream('NUNECT', { max_age_s: 60 * 86_400 });
  assert.deepEqual(
    [command, where],
    ['nunect-hub init --store 60', 'on the machine of the hub, then reload nunect-hub'],
  );
});

test('another stream is kept for fewer days, or given more room, by a command that a shell takes as it is meant', () => {
  assert.equal(ofStream('LOGS', {}).command, 'nats stream edit LOGS --max-age 40d');
  assert.equal(ofStream("a'; rm -rf ~", {}).command, "nats stream edit 'a'\\''; rm -rf ~' --max-age 40d");
  assert.equal(ofStream('LOGS', { discard: 'new' }).command, `nats stream edit LOGS --max-bytes ${60 * gib}`);
  assert.equal(ofStream('LOGS', { limit: { by: 'messages', max: 100, share: 0.9 } }).command, undefined);
  assert.match(ofStream('LOGS', { limit: { by: 'store', max: gib, share: 0.9 } }).words ?? '', /more room/);
});

test('who only catches up needs nobody', () => {
  const { servers } = busyHub(1);
  assert.deepEqual(remedyIn(untoldView({ servers })), {
    words:
      'it lacks 41,203 messages, up for 4\u00a0h\u00a010\u00a0min; done in about 6\u00a0min\u00a010\u00a0s at this rate',
  });
  const unwell = untoldView({ servers: [hubServer('hub-b', { state: 'degraded', why: 'disk is full' })] });
  assert.deepEqual(remedyIn(unwell), { command: 'nunect-hub status', where: 'on hub-b' });
});

test('everything that the judge finds has a remedy', () => {
  const { leader: _leader, ...leaderless } = hubStream('S');
  const view = untoldView({
    trouble: 'no answer within 2 s',
    servers: [
      { name: 'hub-a', state: 'gone', why: 'it does not answer' },
      hubServer('hub-b', { state: 'degraded', why: 'disk is full', certificate_days: 3 }),
    ],
    streams: [
      leaderless,
      hubStream('T', soon),
      hubStream('U', { copies: { wanted: 3, in_step: 2, behind: [] } }),
    ],
    slow: {
      now: [
        {
          server: 'hub-b',
          id: 1,
          kind: 'client',
          who: 'w',
          pending_bytes: 2e7,
          max_bytes: 64 * 2 ** 20,
          subjects: [],
        },
      ],
      late: [],
    },
  });
  const found = findingsOf(view);
  assert.equal(found.length, 8);
  for (const one of found) {
    const { words, command, where } = remedyOf(one, view);
    assert.ok((words ?? command) !== undefined, one.key);
    assert.equal(command === undefined, where === undefined, one.key);
  }
  const slow = found.find(({ key }) => key.startsWith('slow_consumer'));
  assert.match(slow ? (remedyOf(slow, view).words ?? '') : '', /cuts it off at 64\u00a0MiB/);
});
