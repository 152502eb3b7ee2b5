// What is answered at which path, and what of it is made once. The matter of the page is the test's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageRoutes } from '../../../../agent/hub/page/routes.ts';
import type { FleetMoment } from '../../../../agent/hub/page/sources.ts';
import type { PageMatter } from '../../../../agent/hub/page/views.ts';
import { logTo } from '../../../../agent/lib/log.ts';
import type { Reply } from '../../../../agent/web/reply.ts';
import { fleetUnit } from '../../../kit/hub/fleetunits.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';

function routed() {
  const ticker = fakeTicker();
  const state = { connected: true, isRosterRead: true, asks: 0, renewed: 0 };
  /** How often units were looked at to make something of them. */
  let looks = 0;
  const units = new Proxy([fleetUnit('u1')], {
    get(target, key) {
      if (key === Symbol.iterator || key === 'map') looks += 1;
      return Reflect.get(target, key);
    },
  });
  const newMoment = (): FleetMoment => ({
    at_ms: 1e12,
    connected: state.connected,
    units,
    notes: ['a note.'],
  });
  let moment = newMoment();
  const log: string[] = [];
  const matter = {
    ...{ ticker, wall_ms: () => 1e12, log: logTo(({ msg }) => log.push(msg)), hub: { name: 'here' } },
    sources: {
      moment: () => moment,
      renew() {
        state.renewed += 1;
      },
      unit: (id: string) => (id === 'u1' ? fleetUnit('u1') : undefined),
      isRosterRead: () => state.isRosterRead,
      changes: () => [],
      lostChanges_ms: () => undefined,
      hub: { raw: () => [{ server: 'a', json: '{}' }] },
    },
    actions: {
      async ask() {
        state.asks += 1;
      },
    },
    alerting: { view: () => undefined },
  } as unknown as PageMatter;
  const routes = pageRoutes(matter);
  const ask = async (path: string, query = '', method: 'GET' | 'POST' = 'GET'): Promise<Reply> =>
    (await routes({ method, path, query, body: '' })) ?? assert.fail(`${path} is not answered`);
  return {
    ...{ ask, state, log, looks: () => looks },
    next() {
      moment = newMoment();
    },
  };
}

test('healthz is 200 only while units are seen: else 503, with what must be known', async () => {
  const { ask, state, next } = routed();
  const told = async () => {
    next();
    const { status, body } = await ask('/healthz');
    return [status, body];
  };
  assert.deepEqual(await told(), [200, 'ok\na note.\n']);
  state.isRosterRead = false;
  assert.deepEqual(await told(), [503, 'the units are not seen\na note.\n']);
  Object.assign(state, { isRosterRead: true, connected: false });
  assert.deepEqual(await told(), [503, 'the units are not seen\na note.\n']);
});

test('a document of a moment is made once, however its address is varied; of the next moment anew', async () => {
  const { ask, looks, next } = routed();
  const first = await ask('/fleet.json');
  const made = looks();
  assert.ok(made > 0);
  for (let i = 0; i < 200; i++) assert.equal(await ask('/fleet.json', `${i}`), first);
  assert.equal(await ask('/fleet%2Ejson', 'x'), first);
  assert.equal(looks(), made);
  for (const path of ['/hub/raw/servers', '/units/u1.json', '/healthz'])
    assert.equal(await ask(path, '1'), await ask(path, '2'), path);
  next();
  assert.notEqual(await ask('/fleet.json'), first);
  assert.ok(looks() > made);
});

test('who has asked a unit gets a page that is made after that', async () => {
  const { ask, state } = routed();
  const before = await ask('/units/u1.json');
  const sent = await ask('/units/u1/ask', '', 'POST');
  assert.deepEqual([sent.status, sent.location, state.asks, state.renewed], [303, '/units/u1#ask', 1, 1]);
  assert.notEqual(await ask('/units/u1.json'), before);
});

test('a path that is none is 404, however it is spelled', async () => {
  const { ask, log } = routed();
  for (const path of ['/nothing', '/%', '/fleet.json/', '/units/u1.json/x', '/hub/raw/nothing'])
    assert.equal((await ask(path)).status, 404, path);
  assert.equal((await ask('/units/nobody/ask', '', 'POST')).status, 404);
  assert.deepEqual(log, []);
});
