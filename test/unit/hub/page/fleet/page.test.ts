import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FleetUnit } from '../../../../../agent/hub/fleet/model.ts';
import type { FleetPageData } from '../../../../../agent/hub/page/fleet/data.ts';
import { fleetPage } from '../../../../../agent/hub/page/fleet/page.ts';
import { fleetSumsOf } from '../../../../../agent/hub/page/fleet/sums.ts';
import { fleetUnit, silentUnit } from '../../../../kit/hub/fleetunits.ts';
import { clockOf, fleetAt_ms, fleetWorld, measuredOf } from '../../../../kit/hub/fleetworld.ts';
import { seenOf } from '../../../../kit/page/markup.ts';

const world = fleetWorld(120);
const pageOf = (data: Partial<FleetPageData>, query = '') =>
  fleetPage({ units: [], changes: [], at_ms: fleetAt_ms, ...data }, new URLSearchParams(query));
const htmlOf = (data: Partial<FleetPageData>, query = ''): string => pageOf(data, query).main.html;
const section = (page: string, id: string): string =>
  seenOf(
    /<section[^>]*>.*?<\/section>/gs[Symbol.match](page)?.find((one) => one.includes(`id="${id}"`)) ?? '',
  );

describe('the page of the fleet', () => {
  test('says first how many are heard, how many need somebody, and how many stand how', () => {
    const page = pageOf(world);
    assert.deepEqual(
      [page.title, page.tone, page.about, page.here],
      ['Fleet: 3 need you', 'bad', '129 units expected', '/'],
    );
    const words = section(page.main.html, 'verdict');
    assert.match(words, /^128 of 129 units heard; 3 need you/);
    assert.match(
      words,
      /1 clock may be off by more than its limit, 1 unit is silent and 1 clock is not where it says it is\./,
    );
    assert.match(
      words,
      /6 more are not as they should be and cope on their own\. No unit that is heard has lost a record/,
    );
    assert.match(words, /1 critical 1 offline 1 wrong clock 6 degraded 120 healthy 5 stopped 2 not set up$/);
  });

  test('shows the same with aggregates that are reckoned already, and with those it reckons', () => {
    const sums = fleetSumsOf(world.units);
    assert.equal(htmlOf({ ...world, sums }, 'sort=rtt'), htmlOf(world, 'sort=rtt'));
  });

  test('a fleet that is well, one of nobody, and one that cannot be seen', () => {
    const well = pageOf({ units: [fleetUnit('a'), fleetUnit('b')] });
    assert.deepEqual([well.title, well.tone], ['Fleet: all well', 'good']);
    assert.match(section(well.main.html, 'verdict'), /^All 2 units heard; all well/);
    assert.match(section(well.main.html, 'attention'), /Nothing is wrong that the hub knows of\./);
    const none = pageOf({});
    assert.deepEqual([none.title, none.tone], ['Fleet: nobody is heard', 'mild']);
    assert.match(
      section(none.main.html, 'verdict'),
      /^No unit is expected Nobody has joined this hub yet\. nunect-hub token/,
    );
    const lost = pageOf({ units: [fleetUnit('a')], lost_ms: fleetAt_ms - 600_000 });
    assert.deepEqual([lost.title, lost.tone], ['Fleet: the hub is not heard', 'bad']);
    assert.match(
      section(lost.main.html, 'verdict'),
      /^The hub is not heard since 03:06 UTC\. Before that: The one unit is heard; all well/,
    );
    const partial = pageOf({ units: [fleetUnit('a')], isPartial: true });
    assert.equal(partial.about, 'the roster is not read');
    assert.match(section(partial.main.html, 'verdict'), /^1 unit heard so far; all well/);
  });

  test('a hub whose clock is outvoted is no fleet that is well: headline, title and tone say it', () => {
    const doubt = { against: 2, sources: 3, by_us: 39_300 };
    const measuring = { ...world.measuring, doubt } as NonNullable<FleetPageData['measuring']>;
    const page = pageOf({ units: [fleetUnit('a'), fleetUnit('b')], measuring });
    assert.deepEqual([page.title, page.tone], ["Fleet: the hub's own clock is outvoted", 'bad']);
    assert.match(
      section(page.main.html, 'verdict'),
      /^All 2 units heard; all well; the hub's own clock is outvoted/,
    );
    assert.match(page.main.html, /<section id="verdict" class="card verdict bad">/);
  });

  test('nothing that a unit measured is shown of one that is dead', () => {
    const dead = silentUnit('mv-borealis', fleetAt_ms - 97_200_000, {
      ...{ age_s: 97_200, problems: ['supply 10.9 V'] },
      measured: measuredOf(4100, { verdict: 'contradicts', runs: 9, beyond_us: 4000 }),
    });
    const page = htmlOf({ units: [dead] });
    assert.match(seenOf(page), /offline mv-borealis rail · engine Silent\. Its last words: supply 10\.9 V/);
    assert.match(section(page, 'units'), /offline mv-borealis rail · engine 0\.1\.0 1 d 3 h$/);
    assert.match(section(page, 'bounds'), /^Error bound of 0 clocks No clock is bounded\.$/);
    assert.doesNotMatch(page, />1,000 rows</, 'there is one');
    assert.match(htmlOf({ units: Array.from({ length: 41 }, (_, i) => fleetUnit(`u${i}`)) }), />1,000 rows</);
    assert.match(section(page, 'claim'), /Nobody measures clocks here/);
    assert.doesNotMatch(seenOf(page), /4\.1 ms|contradict/);
  });

  test('a query narrows the table, is kept by the address, and is said where it is wrong', () => {
    const page = pageOf(world, 'state=offline&view=nobody&n=5&page=9');
    assert.equal(page.here, '/?state=offline&n=5&page=9');
    const words = section(page.main.html, 'units');
    assert.match(words, /^All units 1 to 1 of 1/);
    assert.match(
      words,
      /view=nobody is not known; view is one of you, copes.* There is no page 9: this is the last one\./,
    );
    assert.match(page.main.html, /<option value="offline" selected>offline<\/option>/);
    assert.match(page.main.html, /<input type="hidden" name="n" value="5">/);
    assert.match(section(htmlOf(world, 'q=zzz'), 'units'), /Nothing matches\. Show all$/);
    assert.match(
      section(htmlOf(world, 'b=3'), 'units'),
      /Narrowed to error bound: 500 ns to 1 µs\. Show all/,
    );
    assert.match(section(htmlOf(world, 'tenant=nowhere'), 'units'), /nowhere/); // what is chosen stays to be seen
  });

  test('apps are shown as clients, and are no units', () => {
    const units = [
      fleetUnit('a'),
      fleetUnit('nats-ui-laptop-linux-a7b3', { kind: 'client', state: 'critical' }),
    ];
    const page = htmlOf({ units });
    assert.match(section(page, 'clients'), /^Clients browsers and apps: 1 here, 0 away/);
    assert.match(section(page, 'verdict'), /^The one unit is heard; all well/);
    assert.doesNotMatch(section(page, 'units'), /nats-ui/);
    assert.match(
      section(htmlOf({ units }, 'view=clients'), 'units'),
      /^All clients 1 to 1 of 1.*nats-ui-laptop/,
    );
  });

  test('every row has an id of its own, and no element has a style of its own', () => {
    for (const query of [
      '',
      'n=1000',
      'state=bogus&clock=bogus&b=99&foo=1',
      'clock=contradicts',
      'view=clients',
    ]) {
      const page = htmlOf(world, query);
      const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
      assert.equal(new Set(ids).size, ids.length);
      assert.ok(ids.every((id) => !/\s/.test(id ?? ' ')));
      assert.doesNotMatch(page, / style=| on\w+=|javascript:|https?:/);
    }
    assert.match(htmlOf(world), /<tr id="u-tower-09"><td class="s st-critical">wrong clock<\/td>/);
  });

  test('nothing unknown is shown as a word of the program', () => {
    const bare: FleetUnit = {
      unit: 'bare',
      kind: 'unit',
      state: 'unknown',
      restarts: 0,
      problems: [],
      expires: [],
    };
    const odd = fleetUnit('odd', {
      clock: { source: 'gps', limit_ns: 1e6 },
      link: {},
      heard_ms: Number.NaN,
      since_ms: 1e300,
    });
    const seen = seenOf(htmlOf({ units: [bare, odd, ...world.units] }, 'n=1000'));
    assert.doesNotMatch(seen, /undefined|NaN|null|Infinity|\[object/);
  });
});

describe('hostile names and texts', () => {
  const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
  const link = 'javascript:alert(3)';
  const of = (text: string, more: Partial<FleetUnit> = {}): FleetUnit =>
    fleetUnit(text, {
      ...{ tenant: text, role: text, version: text, problems: [text, text], claims: text },
      expires: [{ what: text, days_left: -1 }],
      clock: clockOf({
        source: text,
        quality: text,
        grandmaster: text,
        ntp_server: text,
        reason: text,
        evidence: text,
        error_bound_ns: 9e9,
        limit_ns: 1,
      }),
      measured: measuredOf(9e6, {
        verdict: 'contradicts',
        runs: 3,
        beyond_us: 9e6,
        why: text,
        reason: text as never,
      }),
      enrolment: { state: 'bound', role: text, bound_ms: 1, until_ms: 2 },
      ...more,
    });
  const units = [evil, link].flatMap((text, i) => [
    of(text),
    of(`${text}1`, { state: 'critical' }),
    of(`${text}2`, { state: 'offline', since_ms: 1, heard_ms: i * 1e9 }),
    of(`${text}3`, {
      state: 'degraded',
      measured: measuredOf(0),
      expires: [],
      clock: clockOf({ source: text, holdover: true, grandmaster: text, limit_ns: 1e9 }),
    }),
    of(`${text}4`, { state: 'stopped' }),
    of(`${text}5`, { state: 'invited' }),
    of(`${text}6`, { kind: 'client' }),
    of(`${text}7`, {
      measured: measuredOf(0),
      expires: [],
      clock: clockOf({ ntp_server: text, source: 'ntp', limit_ns: 1 }),
    }),
  ]);
  const changes = (['state', 'clock', 'grandmaster', 'version', 'joined', 'measured'] as const).flatMap(
    (what) =>
      [evil, link].flatMap((text) => [
        { at_ms: fleetAt_ms - 1, unit: text, what, before: text, after: text, evidence: text },
        { at_ms: fleetAt_ms - 2, unit: text, what, before: 'x holds', after: 'critical', evidence: text },
      ]),
  );
  const alerts = {
    ...{ firing: [], recent: [], sees: false, unwatched: [], began_ms: 0 },
    outputs: [{ name: evil, waiting: 1, dropped: 0, failing: { since_ms: 1, why: evil } }],
  };
  const measuring = {
    clock: { source: evil as never, quality: evil as never },
    asked: 1,
    answered: 1,
    mute: [evil],
  };

  test('stay text wherever they stand', () => {
    const queries = [
      '',
      'n=1000',
      ...['q', 'tenant', 'role', 'source', 'state', 'sort', 'n', evil].map((key) =>
        new URLSearchParams({ [key]: evil }).toString(),
      ),
    ];
    for (const query of queries) {
      const page = pageOf({ units, changes, alerts, measuring }, query);
      const tags = [...page.main.html.matchAll(/<[a-z][^>]*>/gi)].map(([tag]) => tag);
      assert.ok(tags.length > 300);
      const bare = tags.map((tag) => tag.replace(/"[^"]*"/g, '""'));
      assert.deepEqual(
        bare.filter((tag) => /^<(script|img)|\son\w+=|\sstyle=/i.test(tag)),
        [],
      );
      const targets = tags.flatMap((tag) => /\s(?:href|action)="([^"]*)"/.exec(tag)?.[1] ?? []);
      assert.deepEqual(
        targets.filter((target) => !/^[/#]/.test(target)),
        [],
      );
      assert.ok(!page.main.html.includes(evil));
      assert.match(page.main.html, /&lt;script&gt;alert\(1\)/);
    }
  });

  test('the link to a unit is a path of this page, whatever it is called', () => {
    const page = htmlOf({ units });
    assert.ok(page.includes(`href="/units/${encodeURIComponent(link)}"`));
    assert.ok(
      page.includes(`href="/units/${encodeURIComponent(`${evil}2`).replaceAll("'", '&#39;')}/forget"`),
    );
  });
});
