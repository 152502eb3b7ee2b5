// Answers of a server that is not ours, or of none: nothing throws, nothing grows, nothing is taken for what it is not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  parseLoginName,
  parseServerAnswer,
  plainName,
  rawText,
} from '../../../../agent/hub/servers/answers.ts';
import { parseConnections, parseLeafs } from '../../../../agent/hub/servers/connections.ts';
import { parseConnectionEvent } from '../../../../agent/hub/servers/events.ts';
import { parseJetstream, parseStream } from '../../../../agent/hub/servers/jetstreamfacts.ts';
import {
  parseAccounts,
  parseHealth,
  parseRoutes,
  parseServer,
} from '../../../../agent/hub/servers/serverfacts.ts';

const strange = [
  null,
  0,
  -1,
  'x',
  '\u202e',
  [],
  [null],
  {},
  true,
  Number.POSITIVE_INFINITY,
  [{ id: -1 }],
  { a: { b: [] } },
];

describe('foreign answers', () => {
  it('are taken as nothing', () => {
    for (const value of strange) {
      const names = [
        'leafs',
        'connections',
        'routes',
        'account_statz',
        'account_details',
        'meta_cluster',
        'server_id',
      ];
      const data = Object.fromEntries(names.map((name) => [name, value]));
      assert.deepEqual(parseLeafs(data), []);
      assert.deepEqual(parseConnections(data).listed, []);
      assert.deepEqual(parseRoutes(data), []);
      assert.deepEqual(parseAccounts(data), []);
      assert.deepEqual(parseJetstream(data).streams, []);
      assert.equal(parseServer(data), undefined);
      assert.equal(parseStream('A', { name: 'X', state: value, config: value } as never), undefined);
      assert.equal(typeof parseHealth(data), 'string', 'no health is no good health');
    }
    for (const text of ['', '[]', '{', '{"server":1,"data":{}}', '{"server":{"id":"a"}}'])
      assert.equal(parseServerAnswer(text).ok, false, text);
  });

  it('keep the reason of a refusal', () => {
    const refused = parseServerAnswer(
      '{"server":{"id":"A"},"error":{"code":400,"description":"no such thing"}}',
    );
    assert.deepEqual(refused, { ok: false, why: 'no such thing' });
  });

  it('have names that are bounded and plain', () => {
    assert.equal(plainName('a\u202eb\x1b[31m\n'), 'a b [31m');
    assert.equal(plainName('a'.repeat(10_000))?.length, 128);
    assert.equal(plainName(7), undefined);
  });

  it('prove no name by what is no JWT', () => {
    for (const jwt of ['', 'a', 'a.b', 'a.e30.c', `a.${'A'.repeat(100_000)}.c`, 7, undefined])
      assert.equal(parseLoginName(jwt), undefined);
  });

  it('show no login where they are shown as they are', () => {
    const raw = rawText(
      JSON.stringify({
        jwt: 'eyJ.a.b',
        nested: [
          { auth_token: 'sesame', Password: 'hunter2', url: 'tls://u:hunter2@h:1', nkey: 'SUA', in_msgs: 7 },
        ],
        list: Array.from({ length: 2000 }, (_, at) => at),
      }),
    );
    assert.doesNotMatch(raw, /eyJ|sesame|hunter2|SUA/);
    const shown = JSON.parse(raw) as { nested: [{ in_msgs: number; url: string }]; list: unknown[] };
    assert.deepEqual([shown.nested[0].in_msgs, shown.nested[0].url], [7, 'tls://left out@h:1']);
    assert.deepEqual([shown.list.length, shown.list.at(-1)], [1001, '1000 more']);
    assert.equal(rawText('no json'), '{}');
  });

  it('show no login that somebody has put into a name, however it is spelled', () => {
    const names = ['nats://user:hunter2@h:4222/', 'app of tls://u:hun@ter2@h', `ws://${'p'.repeat(600)}:x@h`];
    const shown = ['nats://left out@h:4222/', 'app of tls://left out@h', 'ws://left out@h'];
    assert.deepEqual(names.map(plainName), shown);
    const [name = ''] = names;
    const event = (what: 'came' | 'refused') => {
      const client = { id: 1, name, host: name, kind: 'Client' };
      return parseConnectionEvent(what, JSON.stringify({ server: { id: 'A' }, client, reason: name }), 5)
        ?.event;
    };
    assert.equal(event('came')?.who, shown[0]);
    const connections = parseConnections({ connections: [{ cid: 1, name, subscriptions_list: [name] }] });
    assert.equal(connections.listed[0]?.name, shown[0]);
    const all = [event('came'), event('refused'), connections, parseLeafs({ leafs: [{ id: 1, name }] })];
    assert.doesNotMatch(JSON.stringify(all), /hunter2/);
    assert.doesNotMatch(rawText(JSON.stringify({ name: names[1] })), /hun@|ter2/);
  });

  it('count no copy that is offline as one in step', () => {
    const replicas = [
      { name: 'b', current: true, lag: 3 },
      { name: 'c', current: true, offline: true },
      { name: 'd', current: false, lag: 7 },
    ];
    const found = parseStream('A', { name: 'X', state: { messages: 1 }, cluster: { leader: 'a', replicas } });
    assert.deepEqual(found?.behind, [
      { server: 'c', lag: 0, offline: true },
      { server: 'd', lag: 7 },
    ]);
  });

  it('prove nothing of one that is refused', () => {
    const jwt = `e30.${Buffer.from('{"name":"ship-7"}').toString('base64url')}.x`;
    const client = { id: 1, jwt, name: 'ship-7', host: '203.0.113.140', name_tag: 'FLEET', kind: 'Client' };
    const text = JSON.stringify({ server: { id: 'A' }, client, reason: 'Authentication Failure' });
    const refused = parseConnectionEvent('refused', text, 5);
    assert.deepEqual(
      [refused?.event.who, refused?.event.account, refused?.login],
      ['203.0.113.140', undefined, undefined],
    );
    const came = parseConnectionEvent('came', text, 5);
    assert.deepEqual([came?.event.account, came?.login, came?.event.reason], ['FLEET', 'ship-7', undefined]);
  });

  it('do not move events into the future', () => {
    const text = JSON.stringify({
      server: { id: 'A' },
      client: { id: 1 },
      timestamp: '2099-01-01T00:00:00Z',
    });
    assert.equal(parseConnectionEvent('came', text, 5)?.event.at_ms, 5);
    assert.equal(parseConnectionEvent('came', '{"client":{}}', 5), undefined);
  });
});
