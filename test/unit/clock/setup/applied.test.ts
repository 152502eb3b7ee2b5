import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appliedOf, parseAppliedTime } from '../../../../agent/clock/setup/applied.ts';
import { planOf } from '../../../kit/clock/timehost.ts';
import { loadUci } from '../../../kit/unit/config.ts';

const appliedWith = (...lines: readonly string[]) =>
  appliedOf(planOf(lines), loadUci(`config ptp\n${lines.map((line) => ` ${line}\n`).join('')}`).config.ptp);

test('the agent reads what was written for it', () => {
  const applied = appliedWith('list interface eth8', 'option grace_s 30', 'option profile gPTP');
  assert.deepEqual(applied, {
    ...{ role: 'client', runs: ['ptp4l', 'phc2sys'], feed: 'chronyd', gate: 'start', hardware: true },
    ...{ grace_s: 30, domain: 0, transportSpecific: 1, notes: [] },
  });
  assert.deepEqual(parseAppliedTime(JSON.stringify(applied)), applied);
});

test('where there is a fault or no port, nothing runs', () => {
  const refused = appliedWith('list interface br-lan');
  assert.deepEqual([refused.runs, refused.fault?.code], [[], 'interface_bridge']);
  assert.deepEqual(appliedWith('list interface usb0').runs, []);
  assert.deepEqual(appliedWith('list interface wan').runs, ['ptp4l']);
});

test('what is none is none', () => {
  for (const text of ['', '{', '[]', 'null', '{"runs":[]}', '{"runs":1,"notes":[]}'])
    assert.equal(parseAppliedTime(text), undefined, text);
});
