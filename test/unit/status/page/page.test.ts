import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../../agent/health/finding.ts';
import { renderPage } from '../../../../agent/status/page/page.ts';
import type { ClockStatus, LinkStatus, StatusSnapshot } from '../../../../agent/status/snapshot.ts';
import { html } from '../../../../agent/web/html.ts';
import { dayOf, emptySnapshot, fullSnapshot, historyOf, noHistory } from '../../../kit/page/snapshot.ts';

const pageOf = (snapshot: StatusSnapshot, history = noHistory): string =>
  renderPage({ snapshot, ...history });

/** The text a person sees, tags as blanks. */
const seen = (page: string): string =>
  page
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

const clockWords = (change: Partial<ClockStatus>): string =>
  seen(pageOf({ ...fullSnapshot, clock: { ...(fullSnapshot.clock as ClockStatus), ...change } }));

test('a healthy unit says so, with what it has to show for it, in four figures', () => {
  const words = seen(pageOf(fullSnapshot));
  assert.match(
    words,
    /● Everything works Clock within 180 ns of true time, hub joined, 2 records on their way\./,
  );
  assert.match(words, /Clock ± 180 ns error bound · PTP, locked since 03:01 UTC/);
  assert.match(words, /Hub 1\.25 ms round trip · joined since 06:12 UTC/);
  assert.match(words, /Records waiting 2 600 B · 900 stored, none dropped/);
  assert.match(words, /Apps on this leaf 3 42 msg\/s in · 17 msg\/s out · 1 slow since the start/);
  assert.match(words, /demo-01 Bananapi BPI-R4 · OpenWrt 24\.10 · up/);
  assert.match(words, /lost\.pem ENOENT/);
  assert.doesNotMatch(words, /undefined|NaN|null|\[object/);
});

const findingOf = (changes: Partial<Finding>): Finding => ({
  code: 'hub_down',
  key: 'hub',
  weight: 'degraded',
  text: 'the hub is not joined: nothing listens at hub.example.org:7422',
  remedy: 'systemctl restart nats-server # at the hub',
  ...changes,
});

test('what is wrong stands on top, with the command that mends it and where that is to be run', () => {
  const note = findingOf({ key: 'n', weight: 'note', text: 'a note', remedy: "uci set a='x; y'; reload" });
  const page = pageOf({ ...fullSnapshot, status: 'degraded', troubles: [findingOf({}), note] });
  assert.match(
    seen(page),
    /▲ The hub is not joined Nothing listens at hub\.example\.org:7422 systemctl restart nats-server Copy at the hub, not here ○ note a note/,
  );
  assert.match(page, /<code>uci set a=&#39;x; y&#39;\nreload<\/code>/, 'a step a line, quotes whole');
  assert.ok(page.indexOf('id="verdict"') < page.indexOf('class="tiles"'));
});

test('whatever else is found stands below, in the order of its weight', () => {
  const troubles = ['first', 'second', 'third', 'fourth'].map((text) =>
    findingOf({ key: text, text, remedy: `mend ${text}` }),
  );
  const words = seen(pageOf({ ...fullSnapshot, status: 'degraded', troubles }));
  assert.match(
    words,
    /▲ First mend first Copy ▲ degraded second mend second Copy ▲ degraded third mend third Copy ▲ degraded fourth mend fourth Copy/,
  );
});

test('what is copied is the whole command, whatever its quotes hold', () => {
  const copied = (remedy: string): string => {
    const troubles = [findingOf({ remedy })];
    const page = pageOf({ ...fullSnapshot, status: 'degraded', troubles });
    return /<code>([^<]*)<\/code>/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
  };
  assert.equal(copied("ls -l '/etc/my # key.pem' # a remark"), "ls -l '/etc/my # key.pem'");
  assert.equal(copied("ls '/it'\\''s; here'; df -h"), "ls '/it'\\''s; here'\ndf -h");
  assert.equal(
    copied('vi -c 3 /etc/config/nunect; /etc/init.d/nunect reload # once'),
    'vi -c 3 /etc/config/nunect; /etc/init.d/nunect reload',
    'an editor would take the next line for its own',
  );
});

test('what comes and goes leaves all else in its place, which is how the script of the page knows it', () => {
  const places = (snapshot: StatusSnapshot): string[] =>
    [...pageOf(snapshot).matchAll(/<!---->|<(?:ul|div class="tiles"|details id="(?!day)\w+")/g)].map(
      ([tag]) => tag,
    );
  const { clients: _, ...alone } = fullSnapshot;
  const most = places({
    ...fullSnapshot,
    status: 'degraded',
    troubles: [findingOf({}), findingOf({ key: 'b' })],
  });
  const least = places({ ...alone, rtt: [], certificates: [] });
  assert.equal(least.filter((tag) => tag === '<!---->').length, 5);
  assert.equal(least.length, most.length + 1, 'the tile of the apps');
});

test('a note alone leaves a unit well, and is told', () => {
  const note = findingOf({ key: 'n', weight: 'note', text: 'PTP lost: NTP has taken over', remedy: 'pmc' });
  const words = seen(pageOf({ ...fullSnapshot, troubles: [note] }));
  assert.match(words, /● It works, with a note Clock within .* ○ note PTP lost: NTP has taken over pmc Copy/);
});

test('a unit without a hub is not set up, which is neither good nor bad, and says what to paste', () => {
  const setup = findingOf({
    code: 'not_set_up',
    weight: 'setup',
    text: 'not set up: no hub',
    remedy: 'uci a; uci b',
  });
  const page = pageOf({ ...fullSnapshot, status: 'not_set_up', troubles: [setup] });
  assert.match(seen(page), /demo-01: not set up/);
  assert.match(seen(page), /○ Not set up No hub uci a uci b Copy/);
  const withoutHub = /Hub none no hub is set Records waiting 0 published on this leaf only/;
  assert.match(seen(page), withoutHub);
  assert.match(page, /verdict mild/);
  const worse = [findingOf({ key: 'k', weight: 'degraded' }), setup];
  assert.match(seen(pageOf({ ...fullSnapshot, status: 'degraded', troubles: worse })), withoutHub);
});

test('a unit without a hub has none, also where something else is graver', () => {
  const clock = findingOf({ code: 'clock_unsynchronised', key: 'clock', text: 'no clock', remedy: 'date' });
  const setup = findingOf({ code: 'not_set_up', weight: 'setup', text: 'not set up: no hub', remedy: 'uci' });
  const words = seen(pageOf({ ...fullSnapshot, status: 'degraded', troubles: [clock, setup] }));
  assert.match(words, /Hub none no hub is set Records waiting 0 published on this leaf only/);
});

test('each state of the clock has its own sentence', () => {
  assert.match(clockWords({ quality: 'tracking', source: 'ntp' }), /Following NTP since 03:01 UTC/);
  assert.match(clockWords({ quality: 'acquiring' }), /Getting the time from PTP since/);
  const lost = { quality: 'freerun', source: 'unsynced' } as const;
  const { error_bound_ns: _a, error_rel_ns: _b, ...boundless } = fullSnapshot.clock as ClockStatus;
  assert.match(
    seen(pageOf({ ...fullSnapshot, clock: { ...boundless, ...lost } })),
    /Clock unsynchronised for 3 h 12 min .* Not synchronised for 3 h 12 min/,
  );
  const holdover = { source: 'ptp', since_ms: fullSnapshot.at_ms - 90_000 } as const;
  assert.match(
    clockWords({ quality: 'tracking', holdover }),
    /± 180 ns error bound · PTP lost, holdover since 06:11 UTC .* Holdover since 06:11 UTC: PTP lost, within 180 ns of true time and growing/,
  );
});

test('where only the grandmaster bounds the error, that is said; where nothing does, too', () => {
  const { error_bound_ns: _, error_rel_ns = 0, ...clock } = fullSnapshot.clock as ClockStatus;
  const relative = seen(pageOf({ ...fullSnapshot, clock: { ...clock, error_rel_ns } }));
  assert.match(relative, /Clock within 90 ns of its grandmaster/);
  assert.match(relative, /Clock ± 90 ns against the grandmaster · PTP, locked/);
  assert.doesNotMatch(relative, /not bounded/);
  const { error_rel_ns: _rel, ...unbounded } = { ...clock, error_rel_ns };
  assert.match(
    seen(pageOf({ ...fullSnapshot, clock: unbounded })),
    /Clock locked error not bounded · PTP, locked/,
  );
});

test('each state of the link has its own figure', () => {
  const words = (link: Partial<LinkStatus>): string =>
    seen(pageOf({ ...fullSnapshot, link: { connected: true, since_ms: fullSnapshot.at_ms, ...link } }));
  assert.match(words({ connected: false }), /Hub unknown no local server since 06:13 UTC/);
  assert.match(words({}), /Hub unknown the local server does not say/);
  assert.match(words({ hub_up: false, hub_since_ms: fullSnapshot.at_ms }), /Hub down since 06:13 UTC/);
  assert.match(words({ last_error: 'no link' }), /Last error: no link/);
});

test('a unit that knows nothing yet makes no claims', () => {
  const words = seen(pageOf(emptySnapshot));
  assert.match(words, /■ No answer from the local server\. \/etc\/init\.d\/nunect-leaf restart/);
  assert.match(
    words,
    /Clock unknown not known yet Hub unknown no local server for 0 s Records waiting unknown/,
  );
  assert.match(words, /Nothing known in this time .* Nothing since the agent started/);
  assert.doesNotMatch(words, /undefined|NaN|Locked to|Load|Parent port|Everything works/);
});

test('what ptp4l followed last is told as what is over', () => {
  const ptp = {
    seen: 'fresh',
    ports: [{ portIdentity: 'a-1', portState: 'LISTENING' }],
    lost_master: { gmIdentity: '46c098.fffe.57f671', until_ms: fullSnapshot.at_ms - 50_000 },
  } as const;
  assert.match(
    seen(pageOf({ ...fullSnapshot, ptp })),
    /PTP port LISTENING · last grandmaster 46c098\.fffe\.57f671, lost 50 s ago/,
  );
});

test('what changed is listed with its time, and its day where that is another one', () => {
  const changes = [
    { at_ms: fullSnapshot.at_ms, event: 'hub', text: 'hub: the hub answers' },
    { at_ms: fullSnapshot.at_ms - 86_400_000, event: 'clock', text: 'clock: offset -5 us' },
  ];
  assert.match(
    seen(pageOf({ ...fullSnapshot, changes })),
    /What changed 06:13:11 hub: the hub answers 11-20 06:13:11 clock: offset −5 µs/,
  );
});

test('a daemon that does not answer is named with the reason', () => {
  const words = seen(
    pageOf({
      ...fullSnapshot,
      ptp: { seen: 'absent', why: 'no_socket', ports: [] },
      ntp: { seen: 'stale', why: 'no_reply', sources: [] },
    }),
  );
  assert.match(words, /PTP No data: no_socket/);
  assert.match(words, /NTP Stale data: no_reply/);
});

test('foreign text stays text wherever it stands', () => {
  const evil = `</style><script>alert(1)</script>"'&`;
  const page = pageOf({
    ...fullSnapshot,
    unit: evil,
    version: evil,
    problems: [evil],
    troubles: [{ code: 'hub_down', key: evil, weight: 'note', text: evil, remedy: evil }],
    clock: { ...(fullSnapshot.clock as ClockStatus), evidence: evil, reasons: [evil] },
    ptp: { seen: 'absent', why: evil, ports: [], gmIdentity: evil },
    ntp: {
      seen: 'fresh',
      selected: evil,
      sources: [{ name: evil, mode: evil, state: evil, reach: 0 }],
    },
    link: { connected: true, since_ms: 0, server: evil, last_error: evil },
    rtt: [{ to: evil }],
    system: {
      temperatures: [{ sensor: evil, celsius: 1 }],
      storage: [],
      interfaces: [],
      board: { model: evil },
      firmware: { name: evil },
    },
    certificates: [{ file: evil, error: evil }],
  });
  assert.equal(page.match(/<script/g)?.length, 1);
  assert.equal(page.match(/<\/style>/g)?.length, 1);
  assert.ok(page.split('&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;').length > 12);
});

test('the page asks for nothing else and is small', () => {
  const noise = historyOf((i) => ((i * 7919) % 1000) - 500);
  const page = pageOf(fullSnapshot, { ...noise, day: dayOf((i) => Math.sin(i) * 1e6) });
  assert.doesNotMatch(page.replace('http://www.w3.org/2000/svg', ''), /(src=|url\(|@import|http:|https:)/);
  assert.ok(Buffer.byteLength(page) < 24 * 1024);
});

test('the page is as small as it promises, whatever there is to say: what is too much is cut, and that is said', () => {
  const noise = historyOf((i) => ((i * 7919) % 1000) - 500 + (i % 9 === 0 ? 1e6 : 0));
  const source = noise.history.source.map(
    (_, i) => (['ptp', 'ntp', 'unsynced'] as const)[((i / 5) % 3) | 0] ?? '',
  );
  const day = dayOf((i) => ((i * 104_729) % 9973) * 1e3, 3000);
  const many = <T>(one: (i: number) => T): T[] => Array.from({ length: 300 }, (_, i) => one(i));
  const evil = (i: number): string => `${i}${'&"'.repeat(200)}`;
  const client = { in_msgs_per_s: 1, out_msgs_per_s: 1, pending_bytes: 1 };
  const full = {
    ...fullSnapshot,
    unit: evil(0),
    status: 'degraded',
    changes: many((i) => ({ at_ms: fullSnapshot.at_ms - i * 3000, event: 'hub', text: evil(i) })),
    clients: {
      count: 300,
      busiest: many((i) => ({ ...client, name: evil(i), user: evil(i), address: evil(i) })),
    },
    certificates: many((i) => ({ file: evil(i), error: evil(i) })),
    rtt: many((i) => ({ ...fullSnapshot.rtt[0], to: evil(i) })) as StatusSnapshot['rtt'],
  } as const;
  for (const count of [1, 10, 300]) {
    const troubles = many((i) => findingOf({ key: `${i}`, text: evil(i), remedy: `ls ${evil(i)}` })).slice(
      0,
      count,
    );
    const page = pageOf({ ...full, troubles }, { history: { ...noise.history, source }, day });
    assert.ok(Buffer.byteLength(page) <= 24 * 1024, `${count}: ${Buffer.byteLength(page)}`);
    assert.equal(
      /(\d+) more: nunect status/.exec(seen(page))?.[1],
      count === 1 ? undefined : String(count - 2),
    );
    assert.match(page, /<code>nunect doctor<\/code>/, 'a command is whole, or not there');
  }
});

test('a template escapes its values once', () => {
  assert.equal(html`<b>${'<&>'}${[html`<i>${1}</i>`]}${undefined}</b>`.html, '<b>&lt;&amp;&gt;<i>1</i></b>');
});

const chartOf = (page: string): string => /<svg .*?<\/svg>.*?<\/div>/s.exec(page)?.[0] ?? '';

/** What the curve of the offset draws, and the words around it. */
function curve(at: (second: number) => number, seconds?: number) {
  const figure = chartOf(pageOf(fullSnapshot, historyOf(at, seconds)));
  const drawn = (kind: string): string => new RegExp(`class="${kind}" d="([^"]*)"`).exec(figure)?.[1] ?? '';
  return { path: drawn('ln'), marks: drawn('out'), words: seen(figure), figure };
}

test('one outlier flattens nothing: it is marked, and said', () => {
  const { path, marks, words } = curve((i) => (i === 450 ? 40_000 : i % 2 ? 100 : -100));
  assert.match(words, /± 150 ns full scale; ▼ beyond, worst 40 µs/);
  assert.equal(marks, 'M90 0h1.6l-.8 5z');
  assert.equal(path.match(/M/g)?.length, 1);
  const below = curve((i) => (i === 450 ? -40_000 : i % 2 ? 100 : -100));
  assert.equal(below.marks, 'M90 100h1.6l-.8 -5z');
  const even = curve((i) => 1000 + (i % 7));
  assert.equal(even.marks, '');
  assert.match(even.words, /± 1\.01 µs full scale now $/);
});

test('zero is in the middle, and what is above it is drawn above', () => {
  const level = (value: number): number => Number(/^M0 (\d+)/.exec(curve(() => value).path)?.[1]);
  assert.deepEqual([level(1000), level(-1000), level(0)], [4, 96, 50]);
});

test('a curve has a gap where nothing was known, and does not begin before there was something', () => {
  const { path } = curve((i) => (i >= 300 && i < 400 ? Number.NaN : 5));
  assert.deepEqual(path.match(/M\d+/g), ['M0', 'M80']);
  assert.deepEqual(curve(() => 5, 60).path.match(/M\d+/g), ['M168']);
  const nothing = curve(() => Number.NaN);
  assert.equal(nothing.path, '');
  assert.match(nothing.words, /no offset known/);
});

test('steps of a curve stand still while time goes on', () => {
  const before = curve((i) => i, 890).path;
  assert.equal(curve((i) => i, 890).path, before);
  const values = (i: number): number => Math.sin(i / 30);
  const [one, two] = [892, 894].map((seconds) => curve(values, seconds).path);
  assert.equal(one?.slice(0, 300), two?.slice(0, 300));
});

test('what steered the clock is a ribbon below, and what changed a line', () => {
  const { history, day } = historyOf(() => 5);
  const source = history.source.map((_, i) => (i < 300 ? 'ptp' : i < 600 ? 'ntp' : 'unsynced') as 'ptp');
  const changes = [{ at_ms: fullSnapshot.at_ms - 299_000, event: 'clock', text: 'PTP <lost>' }];
  const page = pageOf({ ...fullSnapshot, changes }, { history: { ...history, source }, day });
  const bars = [...page.matchAll(/<path class="s-(\w+)" d="([^"]*)"/g)].map((bar) => bar.slice(1));
  assert.deepEqual(bars, [
    ['ptp', 'M0 104h60v8h-60z'],
    ['ntp', 'M60 104h60v8h-60z'],
    ['unsynced', 'M120 104h60v8h-60z'],
  ]);
  assert.match(page, /class="ev" d="M120 0v112"/);
  assert.match(seen(page), /PTP NTP unsynchronised/);
});

test('a day is drawn from the least to the greatest, in steps of ten minutes', () => {
  const page = pageOf(fullSnapshot, { ...noHistory, day: dayOf(() => 0, 500) });
  const bars = / class="bar" d="([^"]*)"/.exec(page)?.[1] ?? '';
  assert.equal(bars.match(/M/g)?.length, 144);
  assert.match(bars, /^M0\.5 4V96M1\.5 4V96/);
  assert.match(seen(page), /Clock offset, last 24 hours .* ± 500 ns full scale/);
});
