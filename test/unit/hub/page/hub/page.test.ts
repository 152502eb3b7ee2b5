import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hubPage } from '../../../../../agent/hub/page/hub/page.ts';
import { renderHubPage } from '../../../../../agent/hub/page/look/frame.ts';
import type { HubFinding, HubView } from '../../../../../agent/hub/servers/model.ts';
import {
  busyHub,
  hubEvent,
  hubNoon_ms,
  hubServer,
  hubStream,
  leafLink,
  untoldView,
} from '../../../../kit/hub/hubview.ts';
import { idsOf, markupComplaints, seenWords } from '../../../../kit/page/markup.ts';

const units = { expected: 1214, heard: 1203 };
const made = (view: HubView, query = '') => hubPage({ view, units }, new URLSearchParams(query));
const whole = (view: HubView, query = ''): string =>
  renderHubPage(made(view, query), { hub: 'hub.example.org', at_ms: view.at_ms, firing: 0, notes: [] });
const words = (view: HubView, query = ''): string => seenWords(whole(view, query)).replaceAll('\u00a0', ' ');
/** From the element with that id on. */
const from = (page: string, id: string): string => page.slice(page.indexOf(`id="${id}"`) - 1);
const section = (view: HubView, id: string): string =>
  seenWords(`<${from(whole(view), id).split('</section>')[0]}`).replaceAll('\u00a0', ' ');

const everything = ['routes', 'links', 'accounts', 'streams', 'connections'] as const;
const told = (given: Partial<HubView> = {}): HubView =>
  untoldView({ told: everything, servers: [hubServer('hub-a')], ...given });
const finding = (key: string, text: string, given: Partial<HubFinding> = {}): HubFinding => ({
  ...{ key, text, weight: 'degraded' },
  ...given,
});

describe('the page of the hub', () => {
  test('is markup as it should be, whatever is known', () => {
    const views: readonly HubView[] = [
      busyHub(40),
      told(),
      untoldView(),
      untoldView({ trouble: 'there is no connection', connected: false }),
    ];
    for (const view of views)
      for (const query of [
        '',
        'view=links',
        'view=links&sort=far&n=50',
        'view=consumers',
        'view=events',
        'rtt=x&n=7',
      ])
        assert.deepEqual(markupComplaints(whole(view, query)), [], query);
  });

  test('has the worst in its title and on top, with what to do', () => {
    const page = made(busyHub(40));
    assert.equal(page.title.replaceAll('\u00a0', ' '), 'Hub: Stream NUNECT of FLEET is full in 5 d');
    assert.equal(page.tone, 'warn');
    assert.match(
      words(busyHub(40)),
      /▲ Stream NUNECT of FLEET is full in 5 d Then it drops its oldest records, as configured\. Unless that is wanted: keep its records for 50 days instead of 60, or give it 8 GiB more\. nunect-hub init --store 50 Copy on the machine of the hub, then reload nunect-hub/,
    );
    assert.match(
      section(busyHub(40), 'hub-findings'),
      /hub-c: it is catching up on 2 streams\. It lacks 41,203 messages/,
    );
    assert.match(
      section(busyHub(40), 'hub-findings'),
      /archive-writer on hub-b reads too slowly/,
      'a name stays as it is',
    );
  });

  test('says that the hub is well, and by what', () => {
    assert.equal(made(told()).tone, 'good');
    assert.match(
      words(told({ links: [leafLink('a', 1000)], streams: [hubStream('S')] })),
      /● The hub is well The server is healthy, 1 leaf link, every stream has room, nobody reads too slowly\./,
    );
  });

  test('has four figures', () => {
    const tiles = seenWords(
      `<${from(whole(busyHub(1203)), 'hubtiles').split('id="hub-servers"')[0]}`,
    ).replaceAll('\u00a0', ' ');
    assert.match(tiles, /Leaf links 1,203 1,203 of 1,214 units heard · 27 client connections/);
    assert.match(tiles, /Messages 2,410 \/s in · 3,180 \/s out · 1\.87 MiB\/s together/);
    assert.match(tiles, /Round trip, median [\d.]+ ms \d+ links above 300 ms · 1 far slower than usual/);
    assert.match(tiles, /Slow consumers 1 now · 1 cut off since we watch/);
  });

  test('has the middle of the measured round trips', () => {
    const { rtt_us: _rtt, ...unmeasured } = leafLink('d', 1);
    const measured = [9000, 2000, 1000].map((rtt_us) => leafLink('a', rtt_us));
    const view = told({ links: [...measured, unmeasured] });
    assert.match(section(view, 't-rtt'), /^Round trip, median 2 ms 0 links above 300 ms$/);
    assert.match(section(view, 'hub-links'), /1 link not measured yet/);
  });

  test('tells of each server what it knows, and a dash where it does not', () => {
    const busy = section(busyHub(40), 'hub-servers');
    assert.match(
      busy,
      /healthy hub-a 192\.0\.2\.11 · leads JetStream 402 9 % 412 MiB 810 \/s 1,060 \/s 400 µs 61 d 2\.11\.16/,
    );
    assert.match(busy, /degraded hub-c .* hub-c: it is catching up on 2 streams; done in about 6 min 10 s/);
    const gone = told({
      servers: [
        hubServer('hub-a'),
        { name: 'hub-b', state: 'gone', why: 'it does not answer', heard_ms: hubNoon_ms - 600_000 },
      ],
    });
    assert.match(section(gone, 'hub-servers'), /gone hub-b – – – – – – – –/);
    assert.match(section(gone, 'hub-servers'), /hub-b: it does not answer; heard last 03:06 UTC/);
    assert.doesNotMatch(section(told(), 'hub-servers'), /To the others/, 'one server has no others');
  });

  test('tells how full and how soon full each stream is', () => {
    const streams = section(busyHub(40), 'hub-streams');
    assert.match(
      streams,
      /NUNECT FLEET · Records of nunect units 41\.2 M 36\.1 GiB 90 % of 40 GiB, kept 60 d \+ 819 MiB\/d ▲ 5 4 3 in step/,
    );
    assert.match(
      streams,
      /STATUS FLEET 88\.7 M 21\.4 GiB 54 % of 40 GiB, kept 60 d age limit holds steady ends by age 2 ▲ 2 of 3 not hub-c/,
    );
    assert.match(
      streams,
      /UNITS .* \+ 300 MiB\/d over 2 h – 2 3 in step/,
      'what is reckoned by less than a day says so',
    );
    const of = (given: object) => section(told({ streams: [hubStream('S', given)] }), 'hub-streams');
    assert.match(of({ left: { kind: 'full' } }), /full drops its oldest/);
    assert.match(of({ left: { kind: 'full' }, discard: 'new' }), /■ full, refuses/);
    assert.match(of({ left: { kind: 'days', days: 0.4 } }), /▲ < 1/);
    const { leader: _leader, ...leaderless } = hubStream('S');
    assert.match(section(told({ streams: [leaderless] }), 'hub-streams'), /■ none leads/);
  });

  test('shows the slowest links, and who is far slower than usual though others are slower', () => {
    const links = [10, 9, 8, 7, 6, 5].map((ms, at) => leafLink(`far-${at}`, ms * 100_000));
    const odd = leafLink('odd', 90_000, { usual_us: 10_000, times_slower: 9, id: 7 });
    const text = section(told({ links: [...links, odd] }), 'hub-links');
    assert.match(text, /odd hub-a 90 ms 10 ms 3 d/);
    assert.match(text, /far-0 hub-a 1 s/);
    assert.doesNotMatch(text, /far-5 /);
    assert.match(text, /odd is 9 times slower than it usually is\. All 7 links/);
  });

  test('each bar of the histogram leads to those that are in it', () => {
    const view = told({
      links: [50, 100, 160, 2_000_000].map((rtt_us, at) => leafLink(`u-${at}`, rtt_us, { id: at })),
    });
    const page = whole(view);
    const bars = [...page.matchAll(/href="(\/hub\?view=links&amp;rtt=\d+)" aria-label="([^"]+)"/g)].map(
      ([, href = '', label = '']) => [href, label.replaceAll('\u00a0', ' ')],
    );
    assert.deepEqual(bars, [
      ['/hub?view=links&amp;rtt=0', '2 links below 158 µs'],
      ['/hub?view=links&amp;rtt=1', '1 link from 158 µs to 251 µs'],
      ['/hub?view=links&amp;rtt=19', '1 link from 631 ms on'],
    ]);
    assert.match(words(view, 'view=links&rtt=0'), /2 of 4 leaf links/);
  });

  test('who comes and goes is told in words', () => {
    const events = section(busyHub(40), 'hub-events');
    assert.match(events, /03:16:09 ▲ came engine-19 on hub-a from 203\.0\.113\.77, after 41 s away/);
    assert.match(events, /▼ left engine-19 left hub-a: no answer to pings/);
    assert.match(events, /came nats-ui-laptop-linux-a7b3 on hub-b, a client by websocket, account OPS/);
    assert.match(events, /■ refused 203\.0\.113\.140 refused by hub-a: wrong credential, 3 times/);
    const strange = told({ events: [hubEvent(1, 'left', 'x', { reason: '__proto__' })] });
    assert.match(section(strange, 'hub-events'), /x left hub-a: __proto__/, 'words that we do not know stay');
  });

  test('the same may happen twice at a time, and be told in two places', () => {
    const cut = hubEvent(1, 'left', 'x', { kind: 'client', reason: 'Slow Consumer (Pending Bytes)' });
    const view = told({ events: [cut, cut, cut], slow: { now: [], late: [cut, cut] } });
    assert.deepEqual(markupComplaints(whole(view)), []);
  });

  test('of a time before it was watched no event is counted', () => {
    assert.match(section(busyHub(40), 'hub-events'), /watched since 02:36:23/);
    assert.match(whole(busyHub(40)), /<path class="unseen" d="M0 40h190v8H0z"\/>/, '19 minutes of the hour');
    assert.doesNotMatch(whole(told({ since_ms: 0 })), /class="unseen"/);
    assert.match(section(told(), 'hub-slow'), /nobody was cut off since 02:16:23/);
    assert.match(section(told({ since_ms: 0 }), 'hub-slow'), /since 2026-11-28 03:16:23/);
    assert.match(section(told({ since_ms: 0 }), 't-slow'), /in the last 24 h/);
  });

  test('who reads too slowly is told, with what and how much', () => {
    assert.match(
      section(busyHub(40), 'hub-slow'),
      /now archive-writer , a client, account OPS, on hub-b: 61 MiB of 64 MiB wait for it\. It reads ops\.status\.> \./,
    );
    assert.match(
      section(busyHub(40), 'hub-slow'),
      /01:23:03 ▼ left wall-display-3 , a client, left hub-a: cut off, as it read too slowly/,
    );
  });

  test('nothing is said to be none that nobody has told yet', () => {
    const untold = words(untoldView());
    assert.equal(untold.match(/Not known yet: the servers are being asked/g)?.length, 8);
    assert.doesNotMatch(untold, /Nobody reads|There is none|No leaf node|Slow consumers 0/);
    const unseen = untoldView({
      ...{ trouble: 'there is no connection', connected: false },
      servers: [{ name: 'hub-a', state: 'unknown', heard_ms: hubNoon_ms - 60_000 }],
      findings: [
        finding('hub_unseen:hub', 'the hub does not tell how it is: there is no connection', {
          weight: 'critical',
        }),
      ],
    });
    assert.match(words(unseen), /■ The hub does not tell how it is There is no connection\./);
    assert.match(section(unseen, 'hub-servers'), /unknown hub-a .*hub-a: heard last 03:15 UTC/);
    assert.match(section(unseen, 'hub-events'), /not heard now.*Not known: the servers do not tell it now/);
    assert.doesNotMatch(section(unseen, 'hub-events'), /Nobody has come/);
  });

  test('is asked again by its own address, which names only what was understood', () => {
    assert.equal(made(told()).here, '/hub');
    assert.equal(made(told(), 'view=links&n=500&page=1&foo=1').here, '/hub?view=links&n=500');
    assert.match(
      words(told(), 'view=nosuch'),
      /view 'nosuch' must be one of overview, links, consumers, events/,
    );
    assert.match(whole(told(), 'view="><script>'), /view &#39;&quot;&gt;&lt;script&gt;&#39; must be/);
  });

  test('what comes and goes has a name of its own, the same the next time', () => {
    const [before, after] = [
      idsOf(whole(busyHub(40))),
      idsOf(whole({ ...busyHub(40), at_ms: hubNoon_ms + 2000 })),
    ];
    assert.deepEqual(after, before);
    for (const id of ['s-hub-a', 'st-FLEET-NUNECT', 'a-AHARBOUR', 'f-server_degraded:hub-c', 'w-hub-b-77'])
      assert.ok(before.includes(id), id);
  });
});

/** What somebody might call himself to run something in the browser of an operator. */
const hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>\'&javascript:alert(3)';

/** The same value with every text in it replaced, but those that are words of ours. */
function withHostileTexts(value: unknown, key = ''): unknown {
  const ours = ['state', 'kind', 'what', 'weight', 'by', 'rtt_by', 'discard'];
  if (typeof value === 'string')
    return ours.includes(key) ? value : key === 'key' ? `${value}${hostile}` : hostile;
  if (Array.isArray(value)) return key === 'told' ? value : value.map((one) => withHostileTexts(one, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withHostileTexts(one, name)]));
}

test('what others call themselves stays text, in every field and on every page', () => {
  const view = withHostileTexts(busyHub(4)) as HubView;
  const queries = [
    '',
    'view=links',
    'view=consumers',
    'view=events',
    `view=links&q=${encodeURIComponent(hostile)}&server=${encodeURIComponent(hostile)}&account=${encodeURIComponent(hostile)}`,
  ];
  for (const query of queries) {
    const page = whole(view, query);
    const complaints = markupComplaints(page).filter((one) => !one.includes('stands there twice')); // all have one name
    assert.deepEqual(complaints, [], query);
    assert.equal(page.match(/<script>/g)?.length, 1, 'our own');
    assert.doesNotMatch(page, /<img/);
  }
  assert.ok(whole(view).split('&lt;script&gt;').length > 40, 'they are shown');
});
