import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canBeHub, hubMinimum, isolates } from '../../../../agent/hub/run/minimum.ts';
import type { ServerVersion } from '../../../../agent/natsserver/version.ts';

test('a hub is a nats-server that checks what leafs send, as docs/security.md has the versions', () => {
  const fit: ServerVersion[] = [
    [2, 11, 16],
    [2, 11, 17],
    [2, 12, 7],
    [2, 14, 0],
    [2, 15, 2],
    [3, 0, 0],
  ];
  const unfit: ServerVersion[] = [
    [2, 9, 10],
    [2, 10, 29],
    [2, 11, 15],
    [2, 12, 6],
    [2, 12, 0],
    [2, 13, 9],
  ];
  assert.deepEqual(
    fit.map(canBeHub),
    fit.map(() => true),
  );
  assert.deepEqual(
    unfit.map(canBeHub),
    unfit.map(() => false),
  );
  assert.equal(hubMinimum, '2.11.16, 2.12.7, or 2.14.0 and newer');
});

test('which leafs are there a server can keep from leafs since 2.12', () => {
  const since: ServerVersion = [2, 12, 0];
  assert.deepEqual([isolates(since), isolates([2, 11, 99]), isolates([3, 0, 0])], [true, false, true]);
});
