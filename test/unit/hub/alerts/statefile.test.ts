import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keyOf } from '../../../../agent/hub/alerts/alert.ts';
import { queueNotices, useOutputs } from '../../../../agent/hub/alerts/journal.ts';
import { alertOf } from '../../../../agent/hub/alerts/keeper.ts';
import {
  alertStore,
  formatAlertState,
  newAlertState,
  parseAlertState,
} from '../../../../agent/hub/alerts/statefile.ts';
import { seededRandom } from '../../../kit/lib/random.ts';
import { newOwner } from '../../../kit/process/cleanup.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const owner = newOwner();
after(() => owner.end());

function someState() {
  const state = newAlertState('abc');
  const one = {
    condition: 'offline' as const,
    unit: 'u1',
    since_ms: 5,
    began_ms: 1,
    text: 'has not been heard',
    seen_ms: 2,
    held_ms: 3,
    clear_ms: 0,
    isWanted: true,
    isTold: true,
    isGrouped: false,
    isAlone: false,
  };
  state.keeper.held.set(keyOf('offline', 'u1'), one);
  state.keeper.clock_ms = 77;
  state.keeper.counters = { u1: 4 };
  const group = { since_ms: 1, formed_ms: 2, joined_ms: 3, back_ms: 4, told: 5, told_ms: 6, isNews: false };
  state.keeper.groups.set('critical', group);
  state.own.add(keyOf('offline', 'u1'));
  useOutputs(state.journal, [{ name: 'nats', target: '' }]);
  queueNotices(state.journal, [{ event: 'fired', at_ms: 9, alert: alertOf(one) }], 10);
  return state;
}

test('what is written is read again', () => {
  const state = someState();
  const read = parseAlertState(formatAlertState(state));
  assert.ok(read.ok);
  assert.deepEqual(read.value, state);
});

test('whatever stands in the file: it is read, or it is said why not', () => {
  const text = formatAlertState(someState());
  const random = seededRandom(7);
  let refused = 0;
  for (let i = 0; i < 3000; i += 1) {
    const at = Math.floor(random() * text.length);
    const other = String.fromCharCode(32 + Math.floor(random() * 95));
    const read = parseAlertState(
      random() < 0.5 ? text.slice(0, at) : text.slice(0, at) + other + text.slice(at + 1),
    );
    if (read.ok) formatAlertState(read.value);
    else refused += 1;
  }
  assert.ok(refused > 1500, `${refused}`);
  for (const odd of [
    '',
    'null',
    '{}',
    '{"layout":2}',
    text.replace('"offline","unit"', '"toString","unit"'),
    text.replace('"entries":[', '"entries":[null,'),
    text.replace('"counters":{', '"counters":[],"x":{'),
    text.replace('"cursors":{', '"cursors":{"a":1,'),
  ])
    assert.equal(parseAlertState(odd).ok, false, odd.slice(0, 80));
});

test('the file is private, replaced at once, and its absence is a beginning', () => {
  const dir = tempDir(owner, 'alerts');
  const store = alertStore(dir);
  assert.deepEqual(store.load('new'), { state: newAlertState('new') });
  store.save(formatAlertState(someState()));
  assert.equal(store.load('new').state.journal.id, 'abc');
  writeFileSync(join(dir, 'alerts.json'), '{"layout":');
  const { state, why } = store.load('new');
  assert.equal(state.journal.id, 'new');
  assert.match(why ?? '', /alerts\.json: it is no JSON$/);
  const nowhere = alertStore(join(dir, 'a/b'));
  nowhere.save('x');
  assert.equal(readFileSync(join(dir, 'a/b/alerts.json'), 'utf8'), 'x');
  assert.ok(!existsSync(join(dir, 'a/b/alerts.json.new')));
  mkdirSync(join(dir, 'c/alerts.json'), { recursive: true });
  assert.match(alertStore(join(dir, 'c')).load('x').why ?? '', /cannot be read: EISDIR/);
});

test('numbers by which all that comes would be taken for told are none', () => {
  const text = formatAlertState(someState());
  for (const [whole, broken] of [
    ['"next":2', '"next":1'],
    ['"next":2', '"next":1e308'],
    ['"done":0', '"done":1e308'],
    ['"done":0', '"done":2'],
    ['"done":0', '"done":-1'],
    ['"seq":1', '"seq":1.5'],
    ['"count":0', '"count":-3'],
  ] as const) {
    assert.ok(text.includes(whole), whole);
    assert.equal(parseAlertState(text.replace(whole, broken)).ok, false, broken);
  }
});

test('a notice that no receiver would take is none', () => {
  const text = formatAlertState(someState());
  for (const [whole, broken] of [
    ['"text":"has not been heard","remedy"', '"text":null,"remedy"'],
    ['"event":"fired"', '"event":"burned"'],
    ['"own":["offline:u1"]', '"own":["u1"]'],
  ] as const) {
    assert.ok(text.includes(whole), whole);
    assert.equal(parseAlertState(text.replace(whole, broken)).ok, false, broken);
  }
});
