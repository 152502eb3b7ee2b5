import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kitSubjects, storeBytes, streamsOf } from '../../../../agent/hub/kit/streams.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

const kept = { days: 30, bytes: 4 * 1024 ** 3 };

test('NUNECT is the stream of the example', () => {
  const example = JSON.parse(readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8'));
  const [nunect] = streamsOf(kept, 1);
  assert.deepEqual(nunect, { account: 'fleet', config: example });
});

test('a cluster has each stream three times, and all of them have room in the store', () => {
  const streams = streamsOf(kept, 3);
  assert.ok(streams.every(({ config }) => config['num_replicas'] === 3));
  const bytes = streams.map(({ config }) => Number(config['max_bytes']));
  assert.ok(bytes.every((one) => one > 0));
  assert.equal(
    bytes.reduce((sum, one) => sum + one, 0),
    storeBytes(kept.bytes),
  );
});

test('no stream can be purged or robbed of a message', () => {
  for (const { config } of streamsOf(kept, 1)) {
    assert.equal(config['deny_purge'], true);
    assert.equal(config['deny_delete'], true);
  }
});

test('a unit, a token and a roster entry have one message each', () => {
  for (const name of ['UNITS', 'BOUND'])
    assert.equal(
      streamsOf(kept, 1).find(({ config }) => config.name === name)?.config['max_msgs_per_subject'],
      1,
    );
  assert.equal(kitSubjects.roster('ship-7'), 'ops.roster.ship-7');
});
