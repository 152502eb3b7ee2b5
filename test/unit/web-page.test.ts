import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from '../../agent/web/html.ts';
import { renderPage } from '../../agent/web/page.ts';
import type { ClockStatus, LinkStatus } from '../../agent/web/snapshot.ts';
import { bytes, nanoseconds, timeSpan, utc } from '../../agent/web/words.ts';
import { emptySnapshot, fullSnapshot } from '../kit/snapshot.ts';

/** The text a person sees, tags as blanks. */
const seen = (page: string): string =>
  page
    .replace(/<style>.*<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

const clockWords = (change: Partial<ClockStatus>): string =>
  seen(renderPage({ ...fullSnapshot, clock: { ...(fullSnapshot.clock as ClockStatus), ...change } }));

test('a healthy unit is said in one sentence for the clock and one for the link', () => {
  const words = seen(renderPage(fullSnapshot));
  assert.match(words, /● healthy demo-01/);
  assert.match(words, /● Locked to PTP for 3 h 12 min, error below 180 ns/);
  assert.match(words, /● Hub reached for 59 s/);
  assert.match(words, /Round trip to the hub 1\.25 ms/);
  assert.match(words, /Bananapi BPI-R4/);
  assert.match(words, /lost\.pem ENOENT/);
  assert.doesNotMatch(words, /undefined|NaN|null|\[object/);
});

test('each state of the clock has its own sentence', () => {
  assert.match(clockWords({ quality: 'tracking', source: 'ntp' }), /▲ Following NTP for/);
  assert.match(clockWords({ quality: 'acquiring' }), /▲ Getting the time from PTP/);
  assert.match(clockWords({ quality: 'freerun', source: 'unsynced' }), /■ Not synchronised for/);
  const holdover = { source: 'ptp', since_ms: fullSnapshot.at_ms - 90_000 } as const;
  assert.match(clockWords({ quality: 'tracking', holdover }), /▲ Holdover: PTP was lost 1 min 30 s ago/);
});

test('an error that nothing bounds is said to be so', () => {
  const { error_bound_ns: _, ...clock } = fullSnapshot.clock as ClockStatus;
  assert.match(seen(renderPage({ ...fullSnapshot, clock })), /error not bounded/);
});

test('each state of the link has its own sentence', () => {
  const words = (link: Partial<LinkStatus>): string =>
    seen(renderPage({ ...fullSnapshot, link: { connected: true, since_ms: fullSnapshot.at_ms, ...link } }));
  assert.match(words({ connected: false }), /■ No local server/);
  assert.match(words({}), /▲ Local server for 0 s, hub not known/);
  assert.match(words({ hub_up: false }), /■ Hub not reached/);
  assert.match(words({ last_error: 'no link' }), /Last error: no link/);
});

test('a unit that knows nothing yet makes no claims', () => {
  const words = seen(renderPage(emptySnapshot));
  assert.match(words, /■ critical demo-01/);
  assert.match(words, /No answer from the local server\./);
  assert.match(words, /Clock ▲ Not known yet/);
  assert.doesNotMatch(words, /undefined|NaN|Locked|Load|PTP|Time sources|Round trips/);
});

test('a daemon that does not answer is named with the reason', () => {
  const words = seen(
    renderPage({
      ...fullSnapshot,
      ptp: { seen: 'absent', why: 'no_socket', ports: [] },
      ntp: { seen: 'stale', why: 'no_reply', sources: [] },
    }),
  );
  assert.match(words, /PTP absent: no_socket/);
  assert.match(words, /NTP stale: no_reply/);
});

test('foreign text stays text wherever it stands', () => {
  const evil = `</style><script>alert(1)</script>"'&`;
  const page = renderPage({
    ...fullSnapshot,
    unit: evil,
    version: evil,
    problems: [evil],
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
  assert.doesNotMatch(page, /<script/);
  assert.equal(page.match(/<\/style>/g)?.length, 1);
  assert.ok(page.split('&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;').length > 12);
});

test('the page asks for nothing else and is small', () => {
  const page = renderPage(fullSnapshot);
  assert.doesNotMatch(page, /(src|url\(|@import|http:|https:)/);
  assert.ok(Buffer.byteLength(page) < 24 * 1024);
});

test('quantities read well', () => {
  assert.equal(nanoseconds(180), '180 ns');
  assert.equal(nanoseconds(0), '0 ns');
  assert.equal(nanoseconds(0.5), '0.50 ns');
  assert.equal(nanoseconds(-1_200_000), '−1.20 ms');
  assert.equal(nanoseconds(37_000_000_000), '37 s');
  assert.equal(bytes(0), '0 B');
  assert.equal(bytes(1.5 * 2 ** 30), '1.50 GiB');
  assert.equal(timeSpan(0.4), '0 s');
  assert.equal(timeSpan(-5), '0 s');
  assert.equal(timeSpan(3600), '1 h');
  assert.equal(timeSpan(3661), '1 h 1 min');
  assert.equal(timeSpan(200_000), '2 d 7 h');
  assert.equal(utc(0), '1970-01-01 00:00:00 UTC');
  assert.equal(utc(Number.MAX_VALUE), `${Number.MAX_VALUE} ms`);
});

test('a template escapes its values once', () => {
  assert.equal(html`<b>${'<&>'}${[html`<i>${1}</i>`]}${undefined}</b>`.html, '<b>&lt;&amp;&gt;<i>1</i></b>');
});
