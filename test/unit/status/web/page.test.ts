import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from '../../../../agent/status/web/html.ts';
import { renderPage } from '../../../../agent/status/web/page.ts';
import type { ClockStatus, LinkStatus, StatusSnapshot } from '../../../../agent/status/web/snapshot.ts';
import { emptySnapshot, fullSnapshot, historyOf, noHistory } from '../../../kit/page/snapshot.ts';

const pageOf = (snapshot: StatusSnapshot, history = noHistory): string => renderPage(snapshot, history);

/** The text a person sees, tags as blanks. */
const seen = (page: string): string =>
  page
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

const clockWords = (change: Partial<ClockStatus>): string =>
  seen(pageOf({ ...fullSnapshot, clock: { ...(fullSnapshot.clock as ClockStatus), ...change } }));

test('a healthy unit is said in one sentence for the clock and one for the link', () => {
  const words = seen(pageOf(fullSnapshot));
  assert.match(words, /demo-01 ● healthy /);
  assert.match(words, /● locked Locked to PTP since 03:01 UTC, error &lt; 180 ns/);
  assert.match(words, /● Hub joined since 06:12 UTC/);
  assert.match(words, /Round trip to the hub 1\.25 ms/);
  assert.match(words, /Bananapi BPI-R4/);
  assert.match(words, /lost\.pem ENOENT/);
  assert.doesNotMatch(words, /undefined|NaN|null|\[object/);
});

test('each state of the clock has its own sentence', () => {
  assert.match(
    clockWords({ quality: 'tracking', source: 'ntp' }),
    /▲ tracking Following NTP since 03:01 UTC/,
  );
  assert.match(clockWords({ quality: 'acquiring' }), /▲ acquiring Getting the time from PTP since/);
  assert.match(
    clockWords({ quality: 'freerun', source: 'unsynced' }),
    /■ unsynchronised Not synchronised for 3 h 12 min/,
  );
  const holdover = { source: 'ptp', since_ms: fullSnapshot.at_ms - 90_000 } as const;
  assert.match(
    clockWords({ quality: 'tracking', holdover }),
    /▲ holdover Holdover since 06:11 UTC: PTP lost, error &lt; 180 ns and growing/,
  );
});

test('an error that nothing bounds is said to be so', () => {
  const { error_bound_ns: _, error_rel_ns, ...clock } = fullSnapshot.clock as ClockStatus;
  const relative = { ...clock, error_rel_ns: error_rel_ns ?? 0 };
  assert.match(
    seen(pageOf({ ...fullSnapshot, clock: relative })),
    /error &lt; 90 ns against the grandmaster/,
  );
  assert.match(seen(pageOf({ ...fullSnapshot, clock })), /error not bounded/);
});

test('each state of the link has its own sentence', () => {
  const words = (link: Partial<LinkStatus>): string =>
    seen(pageOf({ ...fullSnapshot, link: { connected: true, since_ms: fullSnapshot.at_ms, ...link } }));
  assert.match(words({ connected: false }), /■ No local server/);
  assert.match(words({}), /▲ Local server since 06:13 UTC, hub not known/);
  assert.match(words({ hub_up: false }), /■ Hub not joined/);
  assert.match(words({ last_error: 'no link' }), /Last error: no link/);
});

test('a unit that knows nothing yet makes no claims', () => {
  const words = seen(pageOf(emptySnapshot));
  assert.match(words, /demo-01 ■ critical: 1 problem/);
  assert.match(words, /No answer from the local server\. \/etc\/init\.d\/nunect-leaf restart/);
  assert.match(words, /Clock ▲ unknown Not known yet/);
  assert.doesNotMatch(words, /undefined|NaN|Locked|Load|Grandmaster|Stratum|Round trips/);
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
  const page = pageOf(fullSnapshot, noise);
  assert.doesNotMatch(page.replace('http://www.w3.org/2000/svg', ''), /(src=|url\(|@import|http:|https:)/);
  assert.ok(Buffer.byteLength(page) < 24 * 1024);
});

test('a template escapes its values once', () => {
  assert.equal(html`<b>${'<&>'}${[html`<i>${1}</i>`]}${undefined}</b>`.html, '<b>&lt;&amp;&gt;<i>1</i></b>');
});

/** What the first curve of a page draws, and the words around it. */
function curve(at: (second: number) => number, seconds?: number, now?: number) {
  const page = pageOf(
    { ...fullSnapshot, clock: { ...fullSnapshot.clock, offset_ns: now } as ClockStatus },
    historyOf(at, seconds),
  );
  const [figure = ''] = /<figure>.*?<\/figure>/s.exec(page) ?? [];
  return { path: / d="([^"]*)"/.exec(figure)?.[1], words: seen(figure) };
}

test('a curve has the least and the greatest of all samples, and a single outlier is seen', () => {
  const { path = '', words } = curve((i) => (i === 450 ? 4000 : i % 2 ? 100 : -100));
  assert.match(words, /Offset not known min −100 ns 15 min max 4 µs/);
  assert.equal(path.match(/M/g)?.length, 1);
  assert.match(path, /v-36/, 'it goes all the way up');
  assert.equal(path.match(/l1 /g)?.length, 179);
});

test('a curve has a gap where nothing was known, and does not begin before there was something', () => {
  const { path = '' } = curve((i) => (i >= 300 && i < 400 ? Number.NaN : 5));
  assert.deepEqual(path.match(/M\d+/g), ['M0', 'M80']);
  assert.deepEqual(curve(() => 5, 60).path?.match(/M\d+/g), ['M168']);
  assert.equal(curve(() => Number.NaN).path, undefined);
  assert.match(curve(() => Number.NaN).words, /no data for the last 15 min/);
  assert.match(
    curve(() => 5, 900, 9).words,
    /Offset 9 ns min 5 ns 15 min max 9 ns/,
    'now is the newest sample',
  );
  assert.match(curve(() => 5, 1).path ?? '', /^M179 20h1$/);
});

test('steps of a curve stand still while time goes on', () => {
  const before = curve((i) => i, 890).path;
  assert.equal(curve((i) => i, 890).path, before);
  const values = (i: number): number => Math.sin(i / 30);
  const [one, two] = [892, 894].map((seconds) => curve(values, seconds).path ?? '');
  assert.equal(one?.slice(0, 300), two?.slice(0, 300));
});
