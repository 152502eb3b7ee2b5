import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findingsOf } from '../../../../agent/hub/servers/judge.ts';
import type { HubServer, HubStreamView, HubView } from '../../../../agent/hub/servers/model.ts';

const stream = (more: Partial<HubStreamView> = {}): HubStreamView => ({
  ...{ account: 'FLEET', name: 'LOGS', messages: 1, bytes: 1, discard: 'old', left: { kind: 'unknown' } },
  ...{ consumers: 0, leader: 'hub-a', copies: { wanted: 3, in_step: 3, behind: [] } },
  ...more,
});

const hub = (more: Partial<HubView> = {}): Omit<HubView, 'findings'> => ({
  ...{
    at_ms: 0,
    since_ms: 0,
    told: [],
    connected: true,
    routes: [],
    links: [],
    accounts: [],
    consumers: [],
    events: [],
    minutes: [],
  },
  ...{ servers: [], streams: [], slow: { now: [], late: [] } },
  ...more,
});

const found = (more: Partial<HubView>) =>
  findingsOf(hub(more)).map(({ weight, text }) => `${weight}: ${text}`);
const findingsOfStream = (one: Partial<HubStreamView>) => findingsOf(hub({ streams: [stream(one)] }));
const foundOf = (one: Partial<HubStreamView>) => found({ streams: [stream(one)] });

describe('what is wrong with a hub', () => {
  it('is a stream that is full within two weeks', () => {
    assert.deepEqual(foundOf({ left: { kind: 'days', days: 5 } }), [
      'degraded: stream LOGS of FLEET is full in 5\u00a0d; then it drops its oldest records, as configured',
    ]);
    assert.deepEqual(foundOf({ left: { kind: 'days', days: 5 }, discard: 'new' }), [
      'degraded: stream LOGS of FLEET is full in 5\u00a0d; then it takes nothing more',
    ]);
    for (const kind of ['unknown', 'unlimited'] as const) assert.deepEqual(foundOf({ left: { kind } }), []);
    assert.deepEqual(foundOf({ left: { kind: 'days', days: 14 } }), []);
    assert.deepEqual(foundOf({ left: { kind: 'steady', by: 'age' } }), []);
  });

  it('has a remedy that fits', () => {
    const gib = 2 ** 30;
    const [finding] = findingsOfStream({
      left: { kind: 'days', days: 5 },
      limit: { by: 'bytes', max: 40 * gib, share: 0.9 },
      max_age_s: 60 * 86_400,
      growth: { bytes_per_day: 0.8 * gib, over_s: 86_400 },
    });
    assert.equal(
      finding?.remedy,
      'unless that is wanted: keep its records for 50 days instead of 60, or give it 8\u00a0GiB more',
    );
    assert.equal(
      findingsOfStream({ left: { kind: 'days', days: 5 } })[0]?.remedy,
      undefined,
      'nothing is known',
    );
  });

  it('is a stream that is full, if it then refuses', () => {
    assert.deepEqual(foundOf({ left: { kind: 'full' } }), [], 'it is meant to drop its oldest');
    assert.deepEqual(foundOf({ left: { kind: 'full' }, discard: 'new' }), [
      'critical: stream LOGS of FLEET is full: it takes nothing more',
    ]);
    assert.deepEqual(foundOf({ left: { kind: 'full' }, limit: { by: 'store', max: 1, share: 1 } }), [
      'critical: stream LOGS of FLEET is full: it takes nothing more',
    ]);
    const nearly = { discard: 'new', limit: { by: 'bytes', max: 100, share: 0.9 } } as const;
    assert.deepEqual(foundOf(nearly), [
      'degraded: stream LOGS of FLEET is nearly full; then it takes nothing more',
    ]);
    assert.deepEqual(foundOf({ ...nearly, limit: { ...nearly.limit, share: 0.89 } }), []);
  });

  it('is a stream that nobody leads, or whose copies lack something', () => {
    const { leader: _leader, ...leaderless } = stream();
    assert.deepEqual(found({ streams: [leaderless] }), [
      'critical: stream LOGS of FLEET has no leader: it stores nothing',
    ]);
    assert.deepEqual(foundOf({ copies: { wanted: 3, in_step: 2, behind: [] } }), [
      'degraded: stream LOGS of FLEET has 2 of 3 copies in step',
    ]);
  });

  it('is the certificate of a server, two weeks before its end', () => {
    const server = (certificate_days: number): HubServer => ({
      name: 'hub-a',
      state: 'healthy',
      certificate_days,
    });
    assert.deepEqual(found({ servers: [server(15)] }), []);
    assert.deepEqual(found({ servers: [server(14)] }), [
      'degraded: the certificate of server hub-a expires in 14 days',
    ]);
    assert.deepEqual(found({ servers: [server(-1)] }), [
      'critical: the certificate of server hub-a has expired: no unit can join',
    ]);
  });

  it('is told the worst first, each with a key of its own', () => {
    const servers: HubServer[] = [
      { name: 'hub-a', state: 'degraded', why: 'it is catching up on 2 streams' },
      { name: 'hub-b', state: 'gone', why: 'it does not answer' },
      { name: 'hub-c', state: 'gone', why: 'it was stopped' },
    ];
    const all = findingsOf(hub({ servers, streams: [stream({ left: { kind: 'days', days: 1 } })] }));
    assert.deepEqual(
      all.map(({ key }) => key),
      ['server_gone:hub-b', 'server_gone:hub-c', 'server_degraded:hub-a', 'stream_full:FLEET/LOGS'],
    );
    assert.match(all[0]?.text ?? '', /no majority, and nothing is stored/);
  });

  it('is nothing but that it is not seen, where it is not', () => {
    assert.deepEqual(
      found({
        connected: false,
        trouble: 'there is no connection',
        streams: [stream({ left: { kind: 'full' } })],
      }),
      ['critical: the hub does not tell how it is: there is no connection'],
    );
  });
});
