import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listedPeers, listedSources, mostListed, unlisted } from '../../../agent/wire/listed.ts';
import type { PeerRtt } from '../../../agent/wire/reports.ts';
import { chronyFacts } from '../../kit/clock/evidence.ts';

const [model] = chronyFacts(60_000).sources;
const source = (name: string, more: object = {}) => {
  if (model === undefined) throw new Error('no source');
  return { ...model, name, state: 'combined' as const, reach: 255, ...more };
};
const peer = (unit: string, p50_us: number, loss_percent = 0, isLost = false): PeerRtt => ({
  unit,
  ...(isLost ? {} : { rtt_us: p50_us }),
  window: { count: 10, loss_percent, p50_us },
});

test('a list that is short is named as it is', () => {
  const few = Array.from({ length: mostListed }, (_, n) =>
    source(`s${n}`, n === 7 ? { state: 'selected' } : {}),
  );
  assert.equal(listedSources(few), few);
  assert.equal(unlisted(few), undefined);
});

test('of 32 sources the one that is followed comes first, then those at fault, then the others in order', () => {
  const many = Array.from({ length: 32 }, (_, n) =>
    source(
      `s${n}`,
      n === 30 ? { state: 'selected' } : n === 20 ? { state: 'falseticker' } : n === 25 ? { reach: 0 } : {},
    ),
  );
  assert.deepEqual(
    listedSources(many).map(({ name }) => name),
    ['s30', 's20', 's25', 's0', 's1', 's2', 's3', 's4'],
  );
  assert.equal(unlisted(many), 24);
});

test('of 20 peers the worst are named: lost ones, then by loss, then the slowest', () => {
  const many = [
    ...Array.from({ length: 17 }, (_, n) => peer(`p${n}`, 1000 * (n + 1))),
    peer('lossy', 10, 40),
    peer('worse', 20, 60),
    peer('lost', 5, 1, true),
  ];
  assert.deepEqual(
    listedPeers(many).map(({ unit }) => unit),
    ['lost', 'worse', 'lossy', 'p16', 'p15', 'p14', 'p13', 'p12'],
  );
  assert.equal(unlisted(many), 12);
});
