import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRota, pace_ms, type TurnUnit } from '../../../../agent/hub/measure/rota.ts';
import { seededRandom } from '../../../kit/lib/random.ts';

const unit = (name: string, more: Partial<TurnUnit> = {}): TurnUnit => ({
  unit: name,
  kind: 'unit',
  state: 'healthy',
  interval_s: 5,
  ...more,
});
const minute_ms = 60_000;

test('an app is never asked, nor a unit that is gone; it is when it comes back, and then at its pace', () => {
  const rota = newRota(seededRandom(1));
  rota.enlist([unit('app', { kind: 'client' }), unit('u', { state: 'offline' })], 0);
  assert.deepEqual(rota.due(1e9), []);
  rota.enlist([unit('u')], 1e9);
  assert.deepEqual(rota.due(1e9), ['u']);
  assert.deepEqual(rota.due(1e9 + pace_ms.usual - 1), []);
  assert.deepEqual(rota.due(1e9 + 11 * minute_ms), ['u']);
});

test('a unit that turns out to be behind a satellite waits from then on, from its last turn', () => {
  const rota = newRota(() => 0);
  const { interval_s: _, ...unknown } = unit('u');
  rota.enlist([unknown], 0);
  assert.deepEqual(rota.due(0), ['u']);
  rota.enlist([unit('u', { interval_s: 60 })], minute_ms);
  assert.deepEqual(rota.due(59 * minute_ms), []);
  rota.enlist([unknown], 30 * minute_ms); // gone, and back
  rota.enlist([unit('u', { interval_s: 60 })], 31 * minute_ms);
  assert.deepEqual(rota.due(60 * minute_ms), ['u']);
});

test('the first unit of a fleet waits no ten minutes, the last of thousands does', () => {
  const few = newRota(() => 0.999);
  few.enlist([unit('u')], 0);
  assert.deepEqual(few.due(200), ['u']);
  const many = newRota(() => 0.999);
  many.enlist(
    Array.from({ length: 9000 }, (_, i) => unit(`u${i}`)),
    0,
  );
  assert.deepEqual(many.due(9 * minute_ms), []);
  assert.equal(many.due(10 * minute_ms).length, 50);
});
