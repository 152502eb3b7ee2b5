import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AskLeaf, askBySystemAccount, Unanswered } from '../../../../agent/leaf/watch/ask.ts';
import { parseLeafz, parseVarz } from '../../../../agent/leaf/watch/reports.ts';
import { type LeafFacts, watchLeaf } from '../../../../agent/leaf/watch/watch.ts';
import { freshValue } from '../../../../agent/lib/reading.ts';
import type { Ticker } from '../../../../agent/lib/ticker.ts';
import { parseGoDuration } from '../../../../agent/wire/values.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

const recorded = (name: string): string =>
  readFileSync(join(projectRoot, 'test/fixtures/leafz', `${name}.json`), 'utf8');

for (const version of ['2.9.10', '2.15.2']) {
  test(`nats-server ${version}: a link is read the same over HTTP and from the system account`, () => {
    const http = parseLeafz(recorded(`leafz-${version}`));
    assert.deepEqual(http, parseLeafz(recorded(`system-leafz-${version}`)));
    assert.deepEqual(
      http?.map(({ ip, port, rtt_us, in_msgs }) => ({ ip, port, rtt_us, in_msgs })),
      [
        {
          ip: '127.0.0.1',
          port: 17102,
          rtt_us: version === '2.9.10' ? 260 : 388,
          in_msgs: 0,
        },
      ],
    );
    assert.equal(http?.[0]?.id === undefined, version === '2.9.10');
    assert.deepEqual(parseLeafz(recorded(`leafz-${version}-no-hub`)), []);
  });

  test(`nats-server ${version}: the server is read`, () => {
    const facts = parseVarz(recorded(`varz-${version}`));
    assert.equal(facts?.name, 'demo-01');
    assert.equal(facts?.version, version);
    assert.equal(facts?.slow_consumers, 0);
    assert.deepEqual(facts?.remotes, ['127.0.0.1:17102']);
    assert.equal(parseVarz(recorded(`system-varz-${version}`))?.id, facts?.id);
  });
}

test('a round trip of 0s was not measured yet', () => {
  const text = recorded('leafz-2.9.10').replace('260µs', '0s');
  assert.equal(parseLeafz(text)?.[0]?.rtt_us, undefined);
});

test('a leaf that joined us is not a way to the hub', () => {
  const text = recorded('leafz-2.15.2').replace('"is_spoke": true', '"is_spoke": false');
  assert.deepEqual(parseLeafz(text), []);
});

test('durations are read as Go writes them', () => {
  for (const [text, us] of [
    ['0s', 0],
    ['392µs', 392],
    ['392μs', 392],
    ['850ns', 0.85],
    ['1.25ms', 1250],
    ['1m2.5s', 62_500_000],
    ['1h0m0s', 3_600_000_000],
  ] as const)
    assert.ok(Math.abs((parseGoDuration(text) ?? Number.NaN) - us) < 1e-6, text);
  for (const text of ['', '5', 'fast', '-1ms', '1.2.3ms', '1 ms', '1mss'])
    assert.equal(parseGoDuration(text), undefined, text);
});

test('garbled reports are no facts and do not throw', () => {
  const damaged = [
    '',
    'null',
    '[]',
    '{}',
    '{"server_id":5,"leafnodes":0}',
    '{"server_id":"x"}',
    '{"server_id":"x","leafnodes":1,"leafs":"y"}',
    '{"server":{},"error":{"code":500}}',
    recorded('leafz-2.9.10').slice(0, 100),
  ];
  for (const text of damaged) {
    assert.equal(parseLeafz(text), undefined, text);
    assert.equal(parseVarz(text), undefined, text);
  }
  const odd =
    '{"server_id":"x","leafnodes":3,"leafs":[null,7,{"ip":"1.2.3.4"},{"ip":"1.2.3.4","port":1,"rtt":9}]}';
  assert.deepEqual(parseLeafz(odd), [{ ip: '1.2.3.4', port: 1 }]);
  const sparse = '{"server_id":"x","connections":1,"leaf":{"remotes":[3,{"urls":"u"},{"urls":[1,"u"]}]}}';
  assert.deepEqual(parseVarz(sparse), { id: 'x', remotes: ['u'] });
});

interface Report {
  id: string;
  links: object[];
  remotes: object[];
  /** Given in place of the report. */
  text?: string;
  fail?: Error;
}

const hubWord = (up: boolean | undefined): string => (up === undefined ? 'unknown' : up ? 'up' : 'down');

/** A watch on a server whose reports the test writes; it was looked at once, at 0. */
async function watched(initial: Partial<Report> = {}) {
  const report: Report = { id: 'A', links: [], remotes: [{ urls: ['hub:7422'] }], ...initial };
  let now = 0;
  let asked = 0;
  const ticker: Ticker = { now_ms: () => now, after: () => () => {}, every: () => () => {} };
  const ask: AskLeaf = async (what) => {
    asked += 1;
    if (report.fail) throw report.fail;
    if (report.text !== undefined) return report.text;
    const { id, links, remotes } = report;
    return JSON.stringify(
      what === 'leafz'
        ? { server_id: id, leafnodes: links.length, leafs: links }
        : { server_id: id, connections: 1, leaf: { remotes } },
    );
  };
  const abort = new AbortController();
  const changes: string[] = [];
  const watch = watchLeaf({ ask, ticker }, { intervalMs: 1000 }, abort.signal);
  watch.onChange((reading) =>
    changes.push(reading.kind === 'fresh' ? `hub ${hubWord(reading.value.hub.up)}` : reading.kind),
  );
  await watch.look();
  const at = async (ms: number): Promise<LeafFacts | undefined> => {
    now = ms;
    await watch.look();
    return freshValue(watch.read());
  };
  return { watch, report, at, changes, abort, asked: () => asked };
}

const link = (rtt: string, extra: object = {}) => ({
  ip: '10.0.0.1',
  port: 7422,
  rtt,
  in_msgs: 5,
  out_msgs: 5,
  ...extra,
});

test('before the first answer nothing is known', () => {
  const ticker: Ticker = { now_ms: () => 0, after: () => () => {}, every: () => () => {} };
  const ask: AskLeaf = () => new Promise(() => {});
  const watch = watchLeaf({ ask, ticker }, { intervalMs: 1000 }, new AbortController().signal);
  assert.deepEqual(watch.read(), { kind: 'absent', why: 'not_yet' });
  assert.equal(watch.hubUp(), undefined);
});

test('a link that has not been answered on is looked at again soon, and not for ever', async () => {
  const ticker = fakeTicker();
  let asked = 0;
  let rtt = '0s';
  const ask: AskLeaf = async (what) => {
    if (what === 'leafz') asked += 1;
    const data = what === 'leafz' ? { leafs: [link(rtt)] } : { connections: 1, leaf: { remotes: [] } };
    return JSON.stringify({ server_id: 'S', leafnodes: 1, ...data });
  };
  const watch = watchLeaf({ ask, ticker }, { intervalMs: 60_000 }, new AbortController().signal);
  await ticker.pass(1000);
  assert.deepEqual([watch.hubUp(), asked], [undefined, 2], 'it is too young for that');
  await ticker.pass(1000);
  assert.deepEqual([watch.hubUp(), asked], [undefined, 4], 'as long as a satellite takes');
  rtt = '2ms';
  await ticker.pass(600);
  assert.deepEqual([watch.hubUp(), asked], [true, 5]);
  await ticker.pass(30_000);
  assert.equal(asked, 5, 'at its interval only');
  rtt = '0s';
  await ticker.pass(60_000);
  assert.ok(asked <= 5 + 7, `${asked}: a hub that stays silent is no reason to ask all the time`);
});

test('a link that the first look sees is not known to be down before it could be answered on', async () => {
  const { watch, report, at, changes } = await watched({ links: [link('0s')] });
  assert.equal(watch.hubUp(), undefined);
  const young = await at(2800);
  assert.deepEqual([young?.hub, young?.hub_trouble], [{ up: undefined, since_ms: 0, changes: 0 }, undefined]);
  report.links = [link('2ms')];
  assert.deepEqual((await at(2850))?.hub, { up: true, since_ms: 2850, changes: 0, rtt_us: 2000 });
  assert.deepEqual(changes, ['hub unknown', 'hub up'], 'it never was down');
  report.links = [link('0s')];
  assert.equal((await at(2900))?.hub.up, false, 'one that is made anew was down');
  const silent = await watched({ links: [link('0s')] });
  assert.equal((await silent.at(2900))?.hub.up, false);
  assert.match(freshValue(silent.watch.read())?.hub_trouble ?? '', /accepts the link but has not answered/);
  const lost = await watched({ links: [link('0s')] });
  lost.report.links = [];
  assert.equal((await lost.at(100))?.hub.up, false, 'no link is known at once');
});

test('the hub is up when it has answered, not when it has accepted', async () => {
  const { watch, report, at } = await watched();
  const apart = await at(10);
  assert.equal(apart?.hub.up, false);
  assert.equal(apart.hub_trouble, 'no link to the hub (hub:7422)');
  report.links = [link('0s')];
  const accepted = await at(20);
  assert.equal(accepted?.hub.up, false);
  assert.equal(accepted.hub_trouble, 'hub 10.0.0.1:7422 accepts the link but has not answered on it');
  report.links = [link('2ms'), link('1.5ms')];
  assert.deepEqual((await at(30))?.hub, { up: true, since_ms: 30, changes: 1, rtt_us: 1500 });
  assert.equal(watch.hubUp(), true);
});

test('since is the moment of the change, not of the last look', async () => {
  const { report, at } = await watched({ links: [link('1ms')] });
  assert.equal((await at(400))?.hub.since_ms, 0);
  report.links = [];
  assert.deepEqual((await at(500))?.hub, { up: false, since_ms: 500, changes: 1 });
  assert.deepEqual((await at(900))?.hub, { up: false, since_ms: 500, changes: 1 });
});

test('a reconnection between two looks is seen by the number of the link, its counters or its address', async () => {
  const { report, at, changes } = await watched({ links: [link('1ms', { id: 6 })] });
  report.links = [link('1ms', { id: 9 })];
  assert.deepEqual((await at(20))?.hub, { up: true, since_ms: 20, changes: 2, rtt_us: 1000 });
  report.links = [link('1ms', { in_msgs: 9 })];
  assert.equal((await at(30))?.hub.changes, 2);
  report.links = [link('1ms', { in_msgs: 3 })];
  assert.equal((await at(40))?.hub.changes, 4);
  report.links = [link('1ms', { ip: '10.0.0.2' })];
  assert.equal((await at(50))?.hub.changes, 6);
  report.id = 'B';
  assert.equal((await at(60))?.hub.changes, 8, 'a new server has a new link');
  assert.deepEqual(changes, ['hub up', 'hub up', 'hub up', 'hub up', 'hub up']);
});

test('a leaf without a hub has no trouble to tell', async () => {
  const { at } = await watched({ remotes: [] });
  const facts = await at(10);
  assert.equal(facts?.hub.up, false);
  assert.equal(facts.hub_trouble, undefined);
});

test('a server that stops answering leaves a stale reading, and the hub unknown', async () => {
  const { watch, report, at, changes } = await watched({ links: [link('1ms')] });
  report.fail = new Unanswered('no_reply', 'no answer in 5 ms');
  assert.equal(await at(20), undefined);
  const reading = watch.read();
  assert.ok(reading.kind === 'stale');
  assert.equal(reading.at_ms, 0);
  assert.equal(reading.why, 'no answer in 5 ms');
  assert.equal(watch.hubUp(), undefined);
  delete report.fail;
  const again = await at(30);
  assert.equal(again?.hub.changes, 0, 'the link itself never went');
  assert.equal(again.hub_trouble, undefined, 'that the local server was silent is no trouble of the hub');
  assert.deepEqual(changes, ['hub up', 'stale', 'hub up']);
});

test('an error of the local server is over once it answers again, and never was one of the hub', async () => {
  const { watch, report, at } = await watched({ links: [link('1ms')] });
  for (const [code, why] of [
    ['no_reply', '$SYS.REQ.SERVER.PING.VARZ: timeout'],
    ['refused', 'http://127.0.0.1:8222/leafz: connect ECONNREFUSED'],
  ] as const) {
    report.fail = new Unanswered(code, why);
    await at(20);
    const reading = watch.read();
    assert.ok(reading.kind === 'stale');
    assert.equal(reading.why, why);
    assert.equal(reading.value.hub_trouble, undefined);
    delete report.fail;
    assert.equal((await at(30))?.hub_trouble, undefined);
  }
});

test('why the hub was not joined stays for a reader who comes later', async () => {
  const { report, at } = await watched();
  report.links = [link('1ms')];
  assert.equal((await at(10))?.hub_trouble, 'no link to the hub (hub:7422)');
});

test('a server that never answered is absent, with the reason', async () => {
  const { watch, report, at } = await watched({ fail: new Unanswered('refused', 'nobody listens') });
  assert.deepEqual(watch.read(), { kind: 'absent', why: 'refused', detail: 'nobody listens' });
  report.fail = new Error('unheard of');
  await at(20);
  assert.deepEqual(watch.read(), { kind: 'absent', why: 'no_reply', detail: 'Error: unheard of' });
  delete report.fail;
  report.text = 'rubbish';
  await at(30);
  assert.match(JSON.stringify(watch.read()), /garbled.*VARZ/);
  report.text = '{"server_id":"x","connections":1}';
  await at(40);
  assert.match(JSON.stringify(watch.read()), /garbled.*LEAFZ/);
});

test('two looks at once are one', async () => {
  const { watch, asked } = await watched();
  const before = asked();
  await Promise.all([watch.look(), watch.look(), watch.look()]);
  assert.equal(asked() - before, 2, 'varz and leafz, once each');
});

test('after the stop nothing changes any more', async () => {
  const { report, abort, at } = await watched({ links: [link('1ms')] });
  abort.abort();
  report.links = [];
  assert.equal((await at(10))?.hub.up, true);
});

test('what became of a system request is told in the words of a reading', async () => {
  const asking = (kind: 'no_responders' | 'timeout' | 'denied' | 'too_large' | 'closed') =>
    askBySystemAccount({ request: async () => ({ kind }) }, 5)('varz');
  await assert.rejects(asking('timeout'), {
    code: 'no_reply',
    message: '$SYS.REQ.SERVER.PING.VARZ: timeout',
  });
  await assert.rejects(asking('denied'), { code: 'unauthorised' });
  await assert.rejects(asking('closed'), { code: 'refused' });
  const reply = { kind: 'reply', message: { data: Buffer.from('{"µ":1}') } } as const;
  assert.equal(await askBySystemAccount({ request: async () => reply }, 5)('leafz'), '{"µ":1}');
});

test('numbers that no server counts to are left out', () => {
  for (const slow_consumers of [1e300, 0.5, -1, '7'])
    assert.deepEqual(parseVarz(JSON.stringify({ server_id: 'x', connections: 1, slow_consumers })), {
      id: 'x',
      remotes: [],
    });
  assert.equal(parseVarz(JSON.stringify({ server_id: 'x', connections: 1e300 })), undefined);
  const links = [
    { ip: '1.2.3.4', port: 70000 },
    { ip: '1.2.3.4', port: 1.5 },
    { ip: '1.2.3.4', port: 1, rtt: `${'9'.repeat(200)}h`, in_msgs: 0.5, in_bytes: 1e300 },
  ];
  assert.deepEqual(parseLeafz(JSON.stringify({ server_id: 'x', leafnodes: 3, leafs: links })), [
    { ip: '1.2.3.4', port: 1 },
  ]);
});
