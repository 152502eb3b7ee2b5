import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedOptions } from '../../../agent/config/changes.ts';
import { byTraffic, trafficProfileOf, traffics } from '../../../agent/config/traffic.ts';
import { loadUci } from '../../kit/unit/config.ts';

const inForce = (uci: string, over: Parameters<typeof loadUci>[1] = {}) => {
  const { agent, leaf, probe } = loadUci(`${uci}config probe\n option unit peer\n`, over).config;
  return [agent.traffic, agent.interval_s, leaf.compression, leaf.ping_interval_s, probe[0]?.interval_s];
};

for (const traffic of traffics)
  test(`${traffic}: what is not set is by the profile`, () => {
    const { interval_s, compression, ping_interval_s, probe_interval_s } = trafficProfileOf(traffic);
    assert.deepEqual(inForce(`config agent\n option traffic ${traffic}\n`), [
      traffic,
      interval_s,
      compression,
      ping_interval_s,
      probe_interval_s,
    ]);
    for (const option of ['interval_s', 'compression', 'ping_interval_s', 'probe_interval_s'] as const)
      assert.ok(
        byTraffic(option).includes(`${traffic} ${trafficProfileOf(traffic)[option]}`),
        byTraffic(option),
      );
  });

test('what is set counts in every profile', () => {
  for (const traffic of traffics)
    assert.deepEqual(
      inForce(
        `config agent\n option traffic ${traffic}\n option interval_s 7\nconfig leaf\n option compression off\n option ping_interval_s 9\n`,
      ),
      [traffic, 7, 'off', 9, trafficProfileOf(traffic).probe_interval_s],
    );
});

test('a config without the option is between lan and wan, with the heartbeat of before', () => {
  assert.deepEqual(inForce('config agent\n'), ['standard', 5, 's2_best', 12, 10]);
});

test('a profile that does not exist keeps the last good one', () => {
  const lastGood = loadUci('config agent\n option traffic satellite\n').config;
  assert.deepEqual(inForce('config agent\n option traffic sattelite\n', { lastGood }), [
    'satellite',
    60,
    's2_best',
    120,
    600,
  ]);
  const [problem] = loadUci('config agent\n option traffic sattelite\n').problems;
  assert.match(problem?.message ?? '', /must be one of lan, standard, wan, satellite/);
});

test('another profile is a change of what it means, too', () => {
  const [before, after] = ['wan', 'satellite'].map(
    (traffic) => loadUci(`config agent\n option traffic ${traffic}\n`).config,
  );
  if (before === undefined || after === undefined) throw new Error('no config');
  assert.deepEqual(
    changedOptions(before, after).map(({ option }) => option),
    ['agent.traffic', 'agent.interval_s', 'leaf.ping_interval_s'],
  );
});
