// What the hub tells of itself, as far as what an alert is made of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditions } from '../../../../agent/hub/alerts/conditions.ts';
import { alertSightOf } from '../../../../agent/hub/page/sight.ts';
import { findingsOf } from '../../../../agent/hub/servers/judge.ts';
import type { HubView } from '../../../../agent/hub/servers/model.ts';
import { alertOptions } from '../../../kit/hub/alertsview.ts';
import { busyHub, hubNoon_ms, hubServer, hubStream, untoldView } from '../../../kit/hub/hubview.ts';

const told = (given: Partial<HubView> = {}): HubView =>
  untoldView({
    told: ['streams'],
    servers: ['hub-a', 'hub-b', 'hub-c'].map((name) => hubServer(name)),
    ...given,
  });

function judged(given: HubView) {
  const view = { ...given, findings: findingsOf(given) };
  return conditions(
    { isLinked: true, units: [], hub: alertSightOf(view) },
    alertOptions().limits,
    {},
    hubNoon_ms,
  );
}
const wanted = (view: HubView): Record<string, string> =>
  Object.fromEntries(
    [...judged(view).wanted.values()].map(({ condition, about, text }) => [
      about === undefined ? condition : `${condition} of ${about}`,
      text,
    ]),
  );
const ofHub = [
  'hub_unhealthy',
  'hub_server_missing',
  'hub_certificate',
  'hub_stream',
  'hub_stream_full',
] as const;
const over = (view: HubView): string[] => ofHub.filter((condition) => judged(view).isOver(condition, '_hub'));

test('a hub that is well wakes nobody, and what was wrong is over', () => {
  assert.deepEqual(wanted(told({ streams: [hubStream('S')] })), {});
  assert.deepEqual(over(told()), ofHub);
});

test('a store that its streams fill as they are meant to is no full disk', () => {
  const full = { store_bytes: 99, store_max_bytes: 100 };
  assert.deepEqual(wanted(told({ servers: [hubServer('hub-a', full)] })), {});
});

test('a server that is gone is missing; without a majority the hub is unhealthy, too', () => {
  const gone = (name: string) => ({ name, state: 'gone', why: 'it does not answer' }) as const;
  const one = told({ servers: [hubServer('hub-a'), hubServer('hub-b'), gone('hub-c')] });
  assert.deepEqual(wanted(one), { 'hub_server_missing of hub-c': 'hub-c does not answer' });
  const two = wanted(told({ servers: [hubServer('hub-a'), gone('hub-b'), gone('hub-c')] }));
  assert.match(two['hub_unhealthy of server_gone:hub-b'] ?? '', /no majority, and nothing is stored/);
});

test('who is unwell is told of, who catches up is not, and who catches up no further is', () => {
  const degraded = { state: 'degraded', why: 'JetStream is disabled' } as const;
  const of = (given: object) => wanted(told({ servers: [hubServer('hub-a', { ...degraded, ...given })] }));
  assert.deepEqual(of({}), {
    'hub_unhealthy of server:hub-a: JetStream is disabled': 'server hub-a: JetStream is disabled',
  });
  assert.deepEqual(of({ catching_up: { streams: 2, lag: 9, left_s: 60 } }), {});
  assert.deepEqual(Object.keys(of({ catching_up: { streams: 2, lag: 9 } })), [
    'hub_unhealthy of server:hub-a: JetStream is disabled',
  ]);
});

test('a certificate is told of before it ends', () => {
  const of = (certificate_days: number) =>
    wanted(told({ servers: [hubServer('hub-a', { certificate_days })] }));
  assert.deepEqual(of(13), {
    'hub_certificate of hub-a': 'the certificate of server hub-a expires in 13 days',
  });
  assert.deepEqual(of(14), {});
});

test('a certificate that has ended and a stream that nobody leads are faults', () => {
  const { leader: _leader, ...leaderless } = hubStream('S');
  const text = wanted(
    told({ servers: [hubServer('hub-a', { certificate_days: -1 })], streams: [leaderless] }),
  );
  assert.deepEqual(Object.keys(text).slice(0, 2), [
    'hub_unhealthy of server_certificate:hub-a',
    'hub_unhealthy of stream_leader:FLEET/S',
  ]);
});

test('streams are told of by their own alerts alone, as they are meant', () => {
  const of = (given: object) => wanted(told({ streams: [hubStream('S', given)] }));
  const at = (share: number) => ({ limit: { by: 'bytes', max: 100, share } });
  assert.deepEqual(of({ ...at(0.9), left: { kind: 'days', days: 5 } }), {
    'hub_stream of stream S of FLEET': 'stream S of FLEET is 90 % full, and has no more room in 5 days',
  });
  assert.deepEqual(of({ ...at(1), left: { kind: 'full' } }), {}, 'it is meant to drop its oldest');
  assert.deepEqual(Object.keys(of({ ...at(1), left: { kind: 'full' }, discard: 'new' })), [
    'hub_stream_full of stream S of FLEET',
  ]);
  assert.deepEqual(Object.keys(of({ limit: { by: 'store', max: 100, share: 1 }, left: { kind: 'full' } })), [
    'hub_stream_full of stream S of FLEET',
  ]);
});

test('of what is not told nothing begins and nothing is over', () => {
  const { told: _told, ...view } = told();
  assert.deepEqual(
    over({ ...view, told: [] }),
    ['hub_server_missing', 'hub_certificate'],
    'servers are seen, streams are not yet',
  );
  const unseen = untoldView({ trouble: 'it has not been asked yet', connected: false });
  assert.deepEqual([wanted(unseen), over(unseen)], [{}, []]);
  const listed = untoldView({
    trouble: 'no server answers this user',
    told: ['streams'],
    streams: [hubStream('S')],
  });
  assert.deepEqual([wanted(listed), over(listed)], [{}, ['hub_stream', 'hub_stream_full']], 'it never told');
});

test('servers that told and tell no longer are a fault; without a connection there is an alert of its own', () => {
  const silent = (connected: boolean): HubView =>
    untoldView({
      ...{ connected, trouble: 'no answer within 2 s' },
      servers: [{ name: 'hub-a', state: 'unknown', heard_ms: hubNoon_ms - 60_000 }],
    });
  assert.deepEqual(wanted(silent(true)), {
    'hub_unhealthy of hub_unseen:hub': 'the hub does not tell how it is: no answer within 2 s',
  });
  assert.deepEqual([wanted(silent(false)), over(silent(false))], [{}, []]);
});

test('a busy hub that copes wakes nobody but for its stream', () => {
  assert.deepEqual(Object.keys(wanted(busyHub(3))), ['hub_stream of stream NUNECT of FLEET']);
});
