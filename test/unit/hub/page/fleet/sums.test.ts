import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetSumsOf } from '../../../../../agent/hub/page/fleet/sums.ts';
import { fleetUnit } from '../../../../kit/hub/fleetunits.ts';

test('the newest version is the one with the highest numbers, whatever else a unit calls its own', () => {
  const newest = (...versions: readonly string[]) =>
    fleetSumsOf(versions.map((version, at) => fleetUnit(`u${at}`, { version }))).newest;
  assert.equal(newest('0.9.3', '0.10.0', '0.9.12'), '0.10.0');
  assert.equal(newest('0.9.3', '1e308', '999', 'v7.1.0', 'dev'), '0.9.3');
  assert.equal(newest('dev'), undefined);
});
