import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ActionDeps, pageActions } from '../../../../agent/hub/page/actions.ts';
import type { HubHere } from '../../../../agent/hub/run/hubhere.ts';
import type { HubLinks } from '../../../../agent/hub/run/hublinks.ts';
import { logTo } from '../../../../agent/lib/log.ts';

function actions(more: Pick<ActionDeps, 'kit'> = {}) {
  const said: string[] = [];
  const log = logTo(({ level, msg }) => said.push(`${level} ${msg}`));
  let answered = 0;
  const ask = () => Promise.resolve({ asked: 8, answered: ++answered });
  return { said, actions: pageActions({ measuring: { ask }, wall_ms: () => 5, log, ...more }) };
}

test('whoever looks sees what others have asked, of the last thousand units', async () => {
  const { actions: made } = actions();
  for (let i = 0; i < 1001; i += 1) await made.ask(`u${i}`);
  await made.ask('u500');
  assert.equal(made.asked('u0'), undefined);
  assert.deepEqual(made.asked('u500'), { at_ms: 5, summary: { asked: 8, answered: 1002 } });
});

test('a unit that cannot be forgotten is not logged as if it were', async () => {
  const without = actions();
  assert.deepEqual(await without.actions.forget('u'), {
    state: 'refused',
    why: 'the folder of the hub is not here',
  });
  assert.deepEqual([without.actions.canForget, without.said], [false, []]);
  const book = { request: () => Promise.resolve({ kind: 'no_responders' }) };
  const kit = {
    here: { dir: '/nowhere', file: { publicKeys: {} } } as HubHere,
    links: { book } as unknown as HubLinks,
    signal: new AbortController().signal,
  };
  const away = actions({ kit });
  assert.deepEqual([without.actions.lackingKeys(), typeof away.actions.lackingKeys()], [undefined, 'string']);
  const outcome = await away.actions.forget('u');
  assert.equal(outcome.state, 'refused');
  assert.deepEqual(away.said, ['warn a unit was to be forgotten from the page: refused']);
});
