import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type HubSeen,
  hubHealth,
  hubProblems,
  serverFigures,
} from '../../../../../agent/hub/run/status/judge.ts';
import { hubStatusText } from '../../../../../agent/hub/run/status/text.ts';

const server = {
  name: 'a.example',
  version: '2.15.2',
  uptime: '3d4h',
  leafs: 212,
  clients: 14,
  memory_bytes: 2 ** 27,
};
const state = { phase: 'ready', since_ms: 1, pid: 7, version: '1', starts: 1 } as const;
const well: HubSeen = {
  server: 'a.example',
  dir: '/h',
  up: { pid: 7, state },
  server_pid: 8,
  fault: undefined,
  servers: [server],
  cluster: [],
  echo: { rtt_ms: 0.81 },
  streams: [
    {
      account: 'fleet',
      name: 'NUNECT',
      differs: [],
      refuses: false,
      messages: 2,
      bytes: 900,
      max_bytes: 1000,
      first_ms: Date.UTC(2026, 10, 1),
      days_kept: 10,
      days_until_full: 1,
    },
  ],
  certificates: [{ file: '/h/tls/server.pem', subject: 'CN=a', not_after_ms: 1, days_left: 300 }],
};
const of = (change: Partial<HubSeen>) => {
  const problems = hubProblems({ ...well, ...change });
  return [hubHealth(problems), ...problems.map(({ text }) => text)];
};
const stream = (change: object) => ({ streams: [{ ...well.streams[0], ...change }] as HubSeen['streams'] });

describe('a hub', () => {
  it('without a problem is healthy', () => assert.deepEqual(of({}), ['healthy']));

  it('that nobody runs is down, whatever else could be said', () => {
    assert.deepEqual(of({ up: undefined, server_pid: undefined, fault: 'x', servers: [] }), [
      'down',
      'the hub of /h does not run',
    ]);
  });

  it('whose server runs alone is degraded', () => assert.equal(of({ up: undefined })[0], 'degraded'));

  it('is critical while it is not ready, its server not well, its echo lost, or a stream missing', () => {
    const waiting = { pid: 7, state: { ...state, phase: 'waiting', why: 'no leader' } } as const;
    assert.deepEqual(of({ up: waiting }), ['critical', 'not ready: no leader']);
    assert.deepEqual(of({ fault: 'not healthy', echo: { why: 'x' } }), ['critical', 'not healthy']);
    assert.deepEqual(of({ echo: { why: 'no echo' } }), ['critical', 'its own echo: no echo']);
    const missing = [{ account: 'fleet', name: 'NUNECT', why: 'stream not found' }];
    assert.deepEqual(of({ streams: missing }), ['critical', 'stream NUNECT of FLEET: stream not found']);
  });

  it('is degraded while a server of its cluster is missing, critical without a majority, and says which', () => {
    const cluster = ['a.example', 'b.example', 'c.example'];
    const two = [server, { ...server, name: 'b.example' }];
    assert.deepEqual(of({ cluster, servers: two }), ['degraded', 'of the cluster c.example does not answer']);
    assert.deepEqual(of({ cluster }), [
      'critical',
      'of the cluster b.example and c.example do not answer: the rest is no majority, and nothing is stored',
    ]);
    assert.deepEqual(
      of({ cluster, fault: 'no leader' }).length,
      3,
      'also where its server is not well by that',
    );
    assert.deepEqual(of({ cluster, fault: 'cannot be asked', servers: [] }).length, 2);
  });

  it('is critical with a full disk, and once a message could not be stored, whatever nats-server says of itself', () => {
    assert.equal(of({ free_bytes: 2 ** 24 })[0], 'healthy');
    assert.deepEqual(of({ free_bytes: 2 ** 24 - 1 }), ['critical', 'the disk of /h is full']);
    const unstored = { at_ms: 0, why: 'no message cache' };
    const [health, text = ''] = of({ up: { pid: 7, state: { ...state, unstored } } });
    assert.equal(health, 'critical');
    assert.match(text, /not stored at 1970.*no message cache; make room, then restart the hub/);
  });

  it('is degraded by a restart that is due, and by a full stream that then refuses', () => {
    for (const more of [{ restart_needed: 'x' }, { part_problems: { issuer: 'x' } }])
      assert.equal(of({ up: { pid: 7, state: { ...state, ...more } } })[0], 'degraded');
    assert.equal(of(stream({ bytes: 999 }))[0], 'healthy');
    assert.equal(of(stream({ refuses: true, bytes: 899 }))[0], 'healthy');
    assert.equal(of(stream({ refuses: true, bytes: 900 }))[0], 'degraded');
  });

  it('whose records of units are lost says so, with some of them', () => {
    const told = (unbound: string[]): string[] => of({ unbound });
    assert.deepEqual(told([]), ['healthy']);
    assert.match(
      told(['r1']).join(),
      /^degraded,stream BOUND has no record of units that are heard of \(r1\): its records/,
    );
    assert.match(told(['a', 'b', 'c', 'd']).join(), /\(a, b, c, \.\.\. 4 in all\)/);
  });

  it('tells of certificates that end, the worst first', () => {
    const cert = (file: string, days_left: number) => ({ file, subject: '', not_after_ms: 1, days_left });
    assert.deepEqual(of({ certificates: [cert('a', 14.1), cert('b', 14), cert('c', -0.1)] }), [
      'critical',
      'c has expired: no unit can join',
      'b expires in 14 days',
    ]);
    assert.deepEqual(of({ certificates: [{ file: 'd', error: 'ENOENT' }] }), ['critical', 'd: ENOENT']);
  });
});

describe('the text of a status', () => {
  it('has a line for each thing', () => {
    const lines = hubStatusText(well, (_hue, text) => text).split('\n');
    assert.deepEqual(lines, [
      'healthy   hub a.example',
      'server    nats-server 2.15.2 for 3d4h, 128 MiB of memory',
      'echo      0.8 ms',
      'joined    212 units by a leaf, 14 other connections',
      'NUNECT    FLEET: 2 messages, 900 B of 1000 B; the oldest of 2026-11-01 00:00:00',
      '          UTC; at this rate each is kept for 10 days; full in 1 day',
      'expires   /h/tls/server.pem in 300 days',
      '',
    ]);
  });
});

describe('a server', () => {
  it('is read from its answer to VARZ', () => {
    const data = {
      server_name: 'a',
      version: '2.15.2',
      uptime: '1s',
      leafnodes: 3,
      connections: 4,
      mem: 5,
    };
    assert.deepEqual(serverFigures({ server: {}, data }), {
      name: 'a',
      version: '2.15.2',
      uptime: '1s',
      leafs: 3,
      clients: 4,
      memory_bytes: 5,
    });
    assert.equal(serverFigures({ data: 'x' }), undefined);
  });
});
