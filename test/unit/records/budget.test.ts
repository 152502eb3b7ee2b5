import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForHub } from '../../../agent/records/budget.ts';
import { agentFileOf } from '../../kit/unit/unitfakes.ts';

test('records are kept for a hub that is named, or that will know the unit by the id that it has', () => {
  const enrol = { dir: '/d', own: 'router-1', hardware: 'h' };
  const token = 'nunect-token';
  const hub = "config hub 'hub'\n\tlist url 'nats://hub.example'\n";
  const external = "config leaf 'leaf'\n\toption mode 'external'\n";
  assert.equal(isForHub(agentFileOf(hub)), true);
  assert.equal(isForHub(agentFileOf('', { enrol })), false);
  assert.equal(isForHub(agentFileOf('', { enrol: { ...enrol, token } })), false, 'it may get another id');
  assert.equal(isForHub(agentFileOf('', { enrol: { ...enrol, token, unit: 'ship-7' } })), true);
  assert.equal(isForHub(agentFileOf(external, { enrol: { ...enrol, token, unit: 'ship-7' } })), false);
});
