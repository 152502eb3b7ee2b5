import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DoctorFacts } from '../../../../agent/cli/doctor/facts.ts';
import { checkHub } from '../../../../agent/cli/doctor/hubchecks.ts';
import { checkRecords } from '../../../../agent/cli/doctor/records.ts';
import { checkLeaf } from '../../../../agent/cli/doctor/services.ts';
import type { Config } from '../../../../agent/config/options.ts';
import type { Finding } from '../../../../agent/health/finding.ts';
import { commandsOf } from '../../../../agent/health/host.ts';
import { withOptions } from '../../../kit/leaf/leafconfig.ts';
import { fullSnapshot } from '../../../kit/page/snapshot.ts';
import { findingLike } from '../../../kit/unit/unitfakes.ts';

const factsOf = (config: Config, ...troubles: Finding[]): DoctorFacts =>
  ({
    loaded: { config },
    host: commandsOf('openwrt'),
    snapshot: { ...fullSnapshot, troubles },
  }) as unknown as DoctorFacts;

test('whatever the agent finds wrong with the leaf is shown, such as one that was not restarted', async () => {
  const down = findingLike({ code: 'server_down', text: 'it is not connected', remedy: 'start' });
  const behind = findingLike({ code: 'leaf_behind', text: 'of before', remedy: 'restart' });
  const results = [await checkLeaf(factsOf(withOptions({}), down, behind))].flat();
  assert.deepEqual(
    results.map(({ level, detail, mend }) => [level, detail, mend]),
    [
      ['FAIL', down.text, 'start'],
      ['FAIL', behind.text, 'restart'],
    ],
  );
});

test('whatever the agent finds wrong with the hub is shown: it may be away, and other settings in use', async () => {
  const down = findingLike({ code: 'hub_down', text: 'it is away', cause: 'auth', remedy: 'a' });
  const settings = findingLike({
    code: 'hub_settings',
    text: 'the last good ones',
    cause: 'auth',
    remedy: 'b',
  });
  const config = withOptions({ hub: { url: ['nats://192.0.2.1:7422'] } });
  const wrong = (await checkHub(factsOf(config, down, settings))).filter(({ level }) => level === 'FAIL');
  assert.deepEqual(wrong.map(({ detail, mend }) => [detail, mend]).sort(), [
    [down.text, 'a'],
    [settings.text, 'b'],
  ]);
});

test('without a hub a unit is not set up, but for that of others, which has its own', async () => {
  const levels = async (config: Config) => (await checkHub(factsOf(config))).map(({ level }) => level);
  assert.deepEqual(await levels(withOptions({})), ['WARN']);
  assert.deepEqual(await levels(withOptions({ leaf: { mode: 'external' } })), ['skip']);
});

/** What the agent finds, with all of them at once; the hub says no, so that nobody is probed. */
const all = (
  ['server_down', 'leaf_behind', 'hub_settings', 'hub_down', 'not_permitted', 'hub_silent'] as const
).map((code) => findingLike({ code, key: code, text: `${code} it is`, cause: 'auth' }));

for (const mode of ['managed', 'external', 'off'] as const)
  for (const url of [['nats://h:7422'], []])
    test(`in mode ${mode} ${url.length > 0 ? 'with' : 'without'} a hub none of several findings is left out`, async () => {
      const link = { ...fullSnapshot.link, connected: mode !== 'off' };
      const facts = {
        dir: '/none',
        loaded: { config: withOptions({ hub: { url }, leaf: { mode } }) },
        host: commandsOf('openwrt'),
        snapshot: { ...fullSnapshot, link, troubles: all },
      } as unknown as DoctorFacts;
      const told = [await checkLeaf(facts), await checkHub(facts), checkRecords(facts)].flat();
      const mine = all.filter(
        ({ code }) =>
          (code !== 'leaf_behind' || mode !== 'off') &&
          (url.length > 0 || !/hub|server/.test(code) || code === 'hub_silent'),
      );
      for (const { text } of mine)
        assert.ok(
          told.some(({ detail }) => detail === text),
          `${text} in ${told.map(({ detail }) => detail)}`,
        );
      const isToldOfNone = told.some(({ detail }) => /not set up/.test(detail));
      assert.equal(
        isToldOfNone,
        url.length === 0 && mode !== 'external',
        'the leaf of others has its own hub',
      );
    });
