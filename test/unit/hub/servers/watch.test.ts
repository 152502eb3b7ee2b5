// The loop, on a hub of three that is made up: what is asked how often, by whom it is known, and what it concludes.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { hubQuestions } from '../../../../agent/hub/servers/ask.ts';
import { type HubWatch, watchHub } from '../../../../agent/hub/servers/watch.ts';
import type { Handler } from '../../../../agent/nats/incoming.ts';
import type { Link } from '../../../../agent/nats/link.ts';
import type { RequestOptions } from '../../../../agent/nats/outgoing.ts';
import { type FakeTicker, fakeTicker } from '../../../kit/lib/faketicker.ts';

type Json = Readonly<Record<string, unknown>>;
const names = ['hub-a', 'hub-b', 'hub-c'];
const noon = Date.UTC(2026, 10, 29, 12);
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const jwtOf = (name: string): string =>
  `e30.${Buffer.from(JSON.stringify({ name })).toString('base64url')}.x`;

/** Servers that answer what they are told to, and what they were asked. */
function fakeHub() {
  const ticker = fakeTicker();
  let ahead_ms = 0;
  const asked: { question: string; body: Json; server: string }[] = [];
  const handlers = new Map<string, Handler>();
  const silent = new Set<string>();
  const accounts: Record<string, Link> = {};
  const listeners = new Set<(state: ReturnType<Link['state']>) => void>();
  let state: ReturnType<Link['state']> = { connected: true, since_ms: 0 };
  const answers: Record<string, (server: string, body: Json) => Json> = {
    VARZ: (server) => ({
      ...{
        server_id: `ID-${server}`,
        server_name: server,
        version: '2.15.2',
        connections: 3,
        leafnodes: 1,
        cpu: 4,
      },
      ...{ in_msgs: ticker.now_ms() / 10, out_msgs: 0, in_bytes: 0, out_bytes: 0, max_pending: 64 * 2 ** 20 },
      system_account: 'SYSKEY',
    }),
    HEALTHZ: () => ({ status: 'ok' }),
    ROUTEZ: (server) => ({
      routes: names.flatMap((to) =>
        to === server ? [] : ['400µs', '900µs'].map((rtt) => ({ remote_name: to, rtt, pending_size: 0 })),
      ),
    }),
    LEAFZ: (server) => ({
      leafs: server === 'hub-a' ? [{ id: 7, name: 'liar', account: 'AKEY', rtt: '44ms' }] : [],
    }),
    CONNZ: (server, body) => ({
      total: 1,
      connections:
        server !== 'hub-a' || body['cid'] !== undefined || Number(body['offset'] ?? 0) > 0
          ? []
          : [
              {
                cid: 7,
                kind: 'Leafnode',
                jwt: jwtOf('ship-7'),
                name: 'liar',
                name_tag: 'FLEET',
                pending_bytes: 0,
              },
            ],
    }),
    JSZ: () => ({ account_details: [] }),
    STATZ: (server) => {
      const leafnodes = server === 'hub-a' ? 1 : 0;
      const sent = { msgs: 0, bytes: 0 };
      const received = { msgs: ticker.now_ms() / 100, bytes: 0, routes: { msgs: ticker.now_ms() / 200 } };
      const figures = { conns: 2, leafnodes, num_subscriptions: 5, sent, received };
      return {
        account_statz: [
          { acc: 'AKEY', name: 'FLEET', ...figures },
          { acc: 'SYSKEY', name: 'SYS', ...figures, leafnodes: 0, conns: 1 },
        ],
      };
    },
  };
  const sys = {
    state: () => state,
    onChange: (listener: (now: typeof state) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    subscribe: (subject: string, handler: Handler) => {
      handlers.set(subject, handler);
      return () => handlers.delete(subject);
    },
    async request(subject: string, payload: string, { accept, headers }: RequestOptions) {
      const [, , , target = '', question = ''] = subject.split('.');
      const body = JSON.parse(payload) as Json;
      for (const server of names.filter((one) => target === 'PING' || target === `ID-${one}`)) {
        if (silent.has(server) || !state.connected) continue;
        asked.push({ question, body, server });
        const data = answers[question]?.(server, body) ?? {};
        const by = { name: server, id: `ID-${server}`, cluster: 'nunect-hub' };
        const isPacked = headers?.['Accept-Encoding']?.[0] === 'gzip';
        const plain = encode({ server: by, data });
        const bytes = isPacked ? gzipSync(plain) : plain;
        // what is larger is not taken by our connections
        if (accept?.(bytes.length > 2 ** 20 ? new Uint8Array() : bytes)) return { kind: 'reply' };
      }
      return { kind: state.connected ? 'timeout' : 'closed' };
    },
  } as unknown as Link;
  return {
    ...{ ticker, asked, answers, handlers, silent, accounts },
    watch: (
      expected: readonly string[] = names,
      unitRtt_us?: (unit: string) => number | undefined,
    ): HubWatch =>
      watchHub(
        {
          sys,
          accounts,
          ticker,
          wall_ms: () => noon + ticker.now_ms() + ahead_ms,
          ...(unitRtt_us && { unitRtt_us }),
        },
        expected,
      ),
    tell(subject: string, value: unknown): void {
      const [, handler] =
        [...handlers].find(([pattern]) =>
          new RegExp(`^${pattern.replaceAll('$', '\\$').replaceAll('*', '[^.]+')}$`).test(subject),
        ) ?? [];
      void handler?.({ subject, data: encode(value), size: () => 0 });
    },
    later(ms: number): void {
      ahead_ms += ms;
    },
    connected(now: boolean): void {
      state = { connected: now, since_ms: 0 };
      for (const listener of listeners) listener(state);
    },
    /** Questions that one server was asked since they were counted last. */
    counted(): Record<string, number> {
      const counts: Record<string, number> = {};
      for (const { question, server } of asked)
        if (server === 'hub-b') counts[question] = (counts[question] ?? 0) + 1;
      asked.length = 0;
      return counts;
    },
  };
}

async function looking(watch: HubWatch, ticker: FakeTicker, seconds: number): Promise<void> {
  for (let at = 0; at < seconds; at += 1) {
    watch.look();
    await ticker.pass(1000);
  }
}

describe('the watch of a hub', () => {
  it('asks next to nothing while nobody looks', async () => {
    const hub = fakeHub();
    const watch = hub.watch();
    await hub.ticker.pass(60_000);
    hub.counted();
    await hub.ticker.pass(600_000);
    watch.view();
    const counts = hub.counted();
    assert.deepEqual(
      Object.fromEntries(Object.entries(counts).toSorted()),
      { HEALTHZ: 20, JSZ: 10, LEAFZ: 2, VARZ: 60 },
      'what alerts need, and a usual round trip',
    );
  });

  it('asks all for who looks, and no longer half a minute after', async () => {
    const hub = fakeHub();
    const watch = hub.watch();
    await looking(watch, hub.ticker, 60);
    const counts = hub.counted();
    for (const question of ['VARZ', 'STATZ'])
      assert.ok((counts[question] ?? 0) >= 25, `${question}: ${counts[question]}`);
    for (const question of ['LEAFZ', 'JSZ', 'CONNZ', 'ROUTEZ', 'HEALTHZ'])
      assert.ok((counts[question] ?? 0) >= 5, question);
    await hub.ticker.pass(31_000);
    hub.counted();
    await hub.ticker.pass(60_000);
    assert.equal(hub.counted()['STATZ'], undefined);
  });

  it('asks less often for an answer that is large', async () => {
    const hub = fakeHub();
    const leafs = Array.from({ length: 10 }, (_, id) => ({
      id,
      name: `unit-${id}`,
      account: 'A',
      rtt: '9ms',
      pad: 'x'.repeat(270_000),
    }));
    hub.answers['LEAFZ'] = (server) => ({ leafs: server === 'hub-b' ? leafs : [] });
    const watch = hub.watch();
    await looking(watch, hub.ticker, 10);
    hub.counted();
    await looking(watch, hub.ticker, 120);
    const { LEAFZ = 0, VARZ = 0 } = hub.counted();
    assert.ok(LEAFZ >= 2 && LEAFZ <= 6, `${LEAFZ} of 2.7 MB in two minutes`);
    assert.ok(VARZ > 50);
  });

  it('looks up ten thousand links by pages of two thousand, once', async () => {
    const hub = fakeHub();
    const most = 10_000;
    hub.answers['LEAFZ'] = (server) => ({
      leafs:
        server === 'hub-a'
          ? Array.from({ length: most }, (_, id) => ({ id, name: 'x', account: 'AKEY', rtt: '9ms' }))
          : [],
    });
    hub.answers['CONNZ'] = (_server, { offset = 0, limit = 1024, sort }) => ({
      total: most,
      connections:
        sort === 'pending'
          ? []
          : Array.from({ length: Math.min(Number(limit), most - Number(offset)) }, (_, at) => ({
              cid: Number(offset) + at,
              kind: 'Leafnode',
              jwt: jwtOf(`unit-${Number(offset) + at}`),
              name_tag: 'FLEET',
            })),
    });
    const watch = hub.watch();
    await looking(watch, hub.ticker, 20);
    const pages = hub.asked.filter(
      ({ question, body }) => question === 'CONNZ' && body['offset'] !== undefined,
    );
    assert.deepEqual(
      pages.map(({ body }) => body['offset']),
      [0, 2000, 4000, 6000, 8000],
    );
    const { links } = watch.view();
    assert.equal(new Set(links.map(({ unit }) => unit)).size, most);
    assert.equal(links[0]?.account, 'FLEET');
  });

  it('looks for a link that nobody knows no more than twice a minute', async () => {
    const hub = fakeHub();
    hub.answers['CONNZ'] = () => ({ total: 0, connections: [] });
    const watch = hub.watch();
    await looking(watch, hub.ticker, 120);
    const pages = hub.asked.filter(({ body }) => body['offset'] !== undefined);
    assert.ok(pages.length >= 3 && pages.length <= 5, `${pages.length}`);
    const [link] = watch.view().links;
    assert.deepEqual([link?.unit, link?.who, link?.account], [undefined, 'liar', 'AKEY']);
  });

  it('tells servers, routes, links and accounts', async () => {
    const hub = fakeHub();
    const watch = hub.watch(names, (unit) => (unit === 'ship-7' ? 41_000 : undefined));
    await looking(watch, hub.ticker, 30);
    const view = watch.view();
    assert.deepEqual(view.findings, []);
    assert.deepEqual(
      view.servers.map(({ name, state, to_others_us }) => [name, state, to_others_us]),
      names.map((name) => [name, 'healthy', 400]),
    );
    assert.ok(Math.abs((view.servers[0]?.traffic?.in_msgs_per_s ?? 0) - 100) < 1);
    assert.equal(view.routes.length, 6);
    assert.deepEqual(
      [view.routes[0]?.connections, view.routes[0]?.rtt_us],
      [2, 400],
      'the shortest of several',
    );
    const [link] = view.links;
    assert.deepEqual(
      [link?.unit, link?.name, link?.who, link?.account],
      ['ship-7', 'liar', 'ship-7', 'FLEET'],
    );
    assert.deepEqual([link?.rtt_us, link?.rtt_by], [41_000, 'unit'], 'a unit knows it better');
    const [account] = view.accounts;
    assert.deepEqual([account?.name, account?.leafs, account?.clients], ['FLEET', 1, 6]);
    assert.ok(
      Math.abs((account?.traffic?.in_msgs_per_s ?? 0) - 15) < 0.5,
      'without what servers send each other',
    );
    assert.equal(view.traffic?.in_msgs_per_s, account?.traffic?.in_msgs_per_s, 'without their own account');
    for (const question of hubQuestions) assert.equal(watch.raw(question).length, 3, question);
  });

  it('tells a server that does not answer, and one that says that it stops', async () => {
    const hub = fakeHub();
    const watch = hub.watch();
    await looking(watch, hub.ticker, 10);
    hub.silent.add('hub-c');
    await hub.ticker.pass(2000);
    assert.equal(watch.view().servers[2]?.state, 'healthy', 'one answer may be late');
    await looking(watch, hub.ticker, 10);
    const [finding] = watch.view().findings;
    assert.deepEqual([finding?.key, finding?.weight], ['server_gone:hub-c', 'degraded']);
    assert.equal(watch.view().servers[2]?.why, 'it does not answer');
    hub.tell('$SYS.SERVER.ID-hub-b.SHUTDOWN', {});
    hub.silent.add('hub-b');
    const [worst] = watch.view().findings;
    assert.equal(worst?.weight, 'critical');
    assert.match(worst?.text ?? '', /no majority/);
    assert.equal(watch.view().servers[1]?.why, 'it was stopped');
    hub.silent.clear();
    await looking(watch, hub.ticker, 70);
    assert.deepEqual(watch.view().findings, []);
  });

  it('finds servers that nobody told it of, also later ones', async () => {
    const hub = fakeHub();
    hub.silent.add('hub-c');
    const watch = hub.watch([]);
    await looking(watch, hub.ticker, 5);
    assert.deepEqual(
      watch.view().servers.map(({ name }) => name),
      ['hub-a', 'hub-b'],
    );
    hub.silent.clear();
    await looking(watch, hub.ticker, 130);
    assert.deepEqual(
      watch.view().servers.map(({ name }) => name),
      names,
    );
  });

  it('knows nothing without a connection, and says so', async () => {
    const hub = fakeHub();
    const watch = hub.watch();
    const begun_ms = watch.view().at_ms;
    assert.match(watch.view().trouble ?? '', /not been asked/);
    await looking(watch, hub.ticker, 10);
    const before = watch.view();
    assert.deepEqual([before.links.length, before.accounts.length], [1, 2]);
    assert.deepEqual(before.told, ['routes', 'links', 'accounts', 'streams', 'connections']);
    hub.connected(false);
    await looking(watch, hub.ticker, 10);
    const view = watch.view();
    assert.match(view.trouble ?? '', /no connection/);
    assert.deepEqual(
      [view.told, view.links, view.accounts, view.routes, view.streams, view.traffic],
      [[], [], [], [], [], undefined],
      'what was told before is not of now',
    );
    const [server] = view.servers;
    assert.deepEqual(
      [server?.cpu_percent, server?.leafs, server?.uptime_s],
      [undefined, undefined, undefined],
    );
    assert.ok((server?.heard_ms ?? Infinity) < view.at_ms, 'but when it was heard last');
    assert.equal(view.since_ms, begun_ms);
    assert.deepEqual(
      view.servers.map(({ state }) => state),
      ['unknown', 'unknown', 'unknown'],
    );
    assert.deepEqual(
      view.findings.map(({ key }) => key),
      ['hub_unseen:hub'],
    );
    hub.connected(true);
    await looking(watch, hub.ticker, 10);
    assert.deepEqual(watch.view().findings, []);
  });

  it('says where an answer is too large to come', async () => {
    const hub = fakeHub();
    const pad = randomBytes(1_200_000).toString('base64'); // cannot be packed
    hub.answers['VARZ'] = () => ({ server_id: 'A', connections: 1, pad });
    const watch = hub.watch();
    await looking(watch, hub.ticker, 3);
    assert.match(watch.view().trouble ?? '', /larger than max_payload/);
  });

  it('takes a link off at once that is told to have left', async () => {
    const hub = fakeHub();
    const watch = hub.watch();
    await looking(watch, hub.ticker, 10);
    const told = {
      server: { id: 'ID-hub-a', name: 'hub-a' },
      client: { id: 7, kind: 'Leafnode', name: 'liar', jwt: jwtOf('ship-7'), name_tag: 'FLEET' },
      reason: 'Stale Connection',
    };
    hub.tell('$SYS.ACCOUNT.AKEY.DISCONNECT', told);
    const { links, events, minutes } = watch.view();
    assert.deepEqual(links, []);
    assert.deepEqual(
      [events[0]?.who, events[0]?.reason, minutes.at(-1)?.left],
      ['ship-7', 'Stale Connection', 1],
    );
  });

  it('counts a storm that it cannot read', async () => {
    const hub = fakeHub();
    const watch = hub.watch();
    await looking(watch, hub.ticker, 5);
    for (let id = 0; id < 5000; id += 1)
      hub.tell('$SYS.ACCOUNT.AKEY.CONNECT', { server: { id: 'ID-hub-a' }, client: { id, kind: 'Leafnode' } });
    const { events, minutes } = watch.view();
    assert.equal(events.length, 200);
    assert.equal(
      minutes.reduce((sum, { came }) => sum + came, 0),
      5000,
    );
  });

  it('tells a slow consumer at the second look, or at once where it is soon cut off', async () => {
    const hub = fakeHub();
    let pending = 2 ** 20;
    hub.answers['CONNZ'] = (server, { cid }) => ({
      total: 1,
      connections:
        server !== 'hub-b'
          ? []
          : [
              {
                cid: 9,
                kind: 'Client',
                name: 'wall',
                name_tag: 'OPS',
                pending_bytes: pending,
                ...(cid === 9 ? { subscriptions_list: ['status.>'] } : {}),
              },
            ],
    });
    hub.answers['LEAFZ'] = () => ({ leafs: [] });
    const watch = hub.watch();
    await looking(watch, hub.ticker, 3);
    assert.deepEqual(watch.view().slow.now, []);
    await looking(watch, hub.ticker, 8);
    assert.deepEqual(watch.view().slow.now, [
      ...[
        {
          server: 'hub-b',
          id: 9,
          kind: 'client',
          pending_bytes: 2 ** 20,
          subjects: ['status.>'],
          who: 'wall',
          account: 'OPS',
          max_bytes: 2 ** 26,
        },
      ],
    ]);
    pending = 0;
    await looking(watch, hub.ticker, 8);
    assert.deepEqual(watch.view().slow.now, []);
    pending = 2 ** 24;
    await looking(watch, hub.ticker, 6);
    assert.equal(watch.view().slow.now.length, 1);
  });

  it('tells what a server that was restarted lacks, and how long it takes', async () => {
    const hub = fakeHub();
    let lag = 6000;
    const cluster = () => ({
      leader: 'hub-b',
      replicas: [
        { name: 'hub-a', current: true },
        { name: 'hub-c', current: lag === 0, lag },
      ],
    });
    hub.answers['JSZ'] = (server) => ({
      meta_cluster: { leader: 'hub-b' },
      account_details: [
        {
          name: 'FLEET',
          stream_detail: [
            {
              name: 'NUNECT',
              // one that follows does not know who is behind
              cluster: server === 'hub-b' ? cluster() : { leader: 'hub-b', replicas: [] },
              config: { retention: 'limits', num_replicas: 3, max_bytes: 1000 },
              state: { messages: server === 'hub-c' ? 5 : 10, bytes: 100, last_seq: 10 },
            },
          ],
        },
      ],
    });
    const watch = hub.watch();
    await looking(watch, hub.ticker, 4);
    lag = 5000;
    await looking(watch, hub.ticker, 5);
    const view = watch.view();
    assert.deepEqual(view.streams[0]?.copies, {
      wanted: 3,
      in_step: 2,
      behind: [{ server: 'hub-c', lag: 5000 }],
    });
    assert.equal(view.streams[0]?.messages, 10);
    assert.equal(view.servers[1]?.is_leader, true);
    const { state, catching_up } = view.servers[2] ?? {};
    assert.deepEqual([state, catching_up?.streams, catching_up?.lag], ['degraded', 1, 5000]);
    assert.ok(
      Math.abs((catching_up?.left_s ?? 0) - 25) < 2,
      `${catching_up?.left_s} s for 5,000 at 200 a second`,
    );
    lag = 0;
    await looking(watch, hub.ticker, 6);
    assert.deepEqual(watch.view().findings, []);
  });

  it('forgets what nobody asks for any more: it is not how it is now', async () => {
    const hub = fakeHub();
    const watch = hub.watch();
    await looking(watch, hub.ticker, 10);
    assert.notEqual(watch.view().routes.length, 0);
    assert.notEqual(watch.view().accounts.length, 0);
    await hub.ticker.pass(31_000);
    const view = watch.view();
    assert.deepEqual([view.routes, view.accounts, view.traffic, view.slow.now], [[], [], undefined, []]);
    assert.equal(view.servers[0]?.state, 'healthy');
  });

  it('forgets a server that is gone for a day, unless it should be there', async () => {
    const hub = fakeHub();
    const watch = hub.watch(['hub-a', 'hub-b']);
    await looking(watch, hub.ticker, 3);
    const other = hub.watch([]);
    await looking(other, hub.ticker, 5);
    hub.silent.add('hub-b').add('hub-c');
    hub.later(23 * 3_600_000);
    await hub.ticker.pass(30_000);
    const states = (one: HubWatch) => one.view().servers.map(({ name, state }) => `${name} ${state}`);
    assert.deepEqual(states(other), ['hub-a healthy', 'hub-b gone', 'hub-c gone']);
    hub.later(2 * 3_600_000);
    await hub.ticker.pass(30_000);
    assert.deepEqual(states(other), ['hub-a healthy']);
    assert.deepEqual(states(watch), ['hub-a healthy', 'hub-b gone']);
  });

  it('has the streams of the accounts where it may not ask the servers', async () => {
    const hub = fakeHub();
    for (const name of names) hub.silent.add(name);
    const streams = ['A', 'B', 'C'].map((name) => ({
      config: { name, retention: 'limits', num_replicas: 1, max_bytes: 100, discard: 'new' },
      state: { messages: 5, bytes: name === 'B' ? 99 : 10, last_seq: 5 },
      cluster: { leader: 'hub-a' },
    }));
    let lists = 0;
    hub.accounts['fleet'] = {
      state: () => ({ connected: true, since_ms: 0 }),
      async request(subject: string, payload: string) {
        if (subject !== '$JS.API.STREAM.LIST') return { kind: 'no_responders' };
        lists += 1;
        const { offset } = JSON.parse(payload) as { offset: number };
        const data = encode({ total: 3, offset, limit: 2, streams: streams.slice(offset, offset + 2) });
        return { kind: 'reply', message: { data } };
      },
    } as unknown as Link;
    const watch = hub.watch([]);
    await hub.ticker.pass(10_000);
    const view = watch.view();
    assert.deepEqual(view.streams.map(({ account, name }) => `${account}/${name}`).toSorted(), [
      'FLEET/A',
      'FLEET/B',
      'FLEET/C',
    ]);
    assert.match(view.trouble ?? '', /no answer/);
    assert.deepEqual(
      view.findings.map(({ key, weight }) => [key, weight]),
      [
        ['stream_full:FLEET/B', 'critical'],
        ['hub_unseen:hub', 'degraded'],
      ],
    );
    const before = lists;
    await hub.ticker.pass(120_000);
    assert.equal(lists - before, 4, 'two pages a minute, as nobody looks');
    hub.silent.clear();
    await looking(watch, hub.ticker, 70);
    assert.equal(watch.view().trouble, undefined);
    assert.deepEqual(watch.view().streams, [], 'as the servers tell it');
  });
});
