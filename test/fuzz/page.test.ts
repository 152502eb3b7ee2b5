import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { pagePolicy, renderPage } from '../../agent/status/page/page.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { formatMetrics } from '../../agent/status/web/metrics.ts';
import { quantities } from '../../agent/status/web/quantities.ts';
import { holds } from '../kit/fuzz/fuzz.ts';
import { hostileText } from '../kit/fuzz/hostile.ts';
import { fullSnapshot, noHistory } from '../kit/page/snapshot.ts';

/** Words of the contract, which cannot be any text: the rest of the strings of a snapshot come from elsewhere. */
const fixed = new Set(['status', 'source', 'quality', 'seen', 'weight']);

const oddest = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1e308, 5e-324, -0, 2 ** 53),
  fc.constant(undefined),
);

/** The snapshot with texts and numbers exchanged, each for the next one of the lists. */
function changed(
  snapshot: StatusSnapshot,
  texts: readonly string[],
  numbers: readonly (number | undefined)[],
): StatusSnapshot {
  let [text, number] = [0, 0];
  const walk = (value: unknown, name: string): unknown => {
    if (typeof value === 'string' && !fixed.has(name)) return texts[text++ % texts.length];
    if (typeof value === 'number' && numbers.length > 0) {
      const next = numbers[number++ % numbers.length];
      return next ?? value;
    }
    if (Array.isArray(value)) return value.map((one) => walk(one, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walk(one, key)]));
  };
  return walk(snapshot, '') as StatusSnapshot;
}

const troublesOf = (problems: readonly string[]): StatusSnapshot['troubles'] =>
  problems.map((text) => ({ code: 'hub_down', key: 'k', weight: 'degraded', text, remedy: 'true' }));

const snapshot = fc
  .tuple(
    fc.constantFrom<readonly string[]>([], ['a problem', 'another']),
    fc.array(
      fc.oneof(
        hostileText(40),
        fc.constantFrom('<script>alert(1)</script>', '"><img src=x onerror=y>', '&lt;', "' onx='"),
      ),
      {
        minLength: 1,
        maxLength: 60,
      },
    ),
    fc.array(oddest, { maxLength: 40 }),
  )
  .map(([problems, texts, numbers]) =>
    changed(
      { ...fullSnapshot, troubles: troublesOf(problems), link: { ...fullSnapshot.link, last_error: 'e' } },
      texts,
      numbers,
    ),
  );

/** Tags in their order, each with its attributes; fails on a < or & that opens nothing. */
function tagsOf(page: string): string[] {
  const body = page
    .replace(/(?<=<(style|script)>).*?(?=<\/\1>)/gs, (content) => {
      assert.ok(pagePolicy.includes(createHash('sha256').update(content).digest('base64')), 'not our own');
      return '';
    })
    .replaceAll('<!---->', ''); // where something may come
  const tags: string[] = [];
  let at = 0;
  while (at < body.length) {
    const tag = /<(!doctype html|\/?[a-z][a-z0-9]*(?: [a-zA-Z-]+(?:="[^"<>]*")?)*\/?)>/y;
    tag.lastIndex = at;
    const found = tag.exec(body);
    if (found !== null) {
      tags.push((found[1] ?? '').replace(/="[^"]*"/g, '')); // values differ from unit to unit
      at += found[0].length;
      continue;
    }
    const text = /[^<>&"']+|&(amp|lt|gt|quot|#39);/y;
    text.lastIndex = at;
    const run = text.exec(body);
    assert.ok(run !== null, `neither tag nor text: ${JSON.stringify(body.slice(at, at + 60))}`);
    at += run[0].length;
  }
  return tags;
}

const decoded = (page: string): string =>
  page.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name] ?? '',
  );

/** The tags of the template: what a page of harmless texts consists of. */
const templateTags = new Set(
  [[], ['x']].flatMap((problems) =>
    (['healthy', 'degraded', 'critical', 'not_set_up'] as const).flatMap((status) =>
      [true, false, undefined].flatMap((hub_up) =>
        tagsOf(
          renderPage({
            snapshot: {
              ...fullSnapshot,
              ...(problems.length === 0 ? {} : { changes: [{ at_ms: Infinity, event: '', text: '' }] }),
              status,
              troubles: troublesOf(problems),
              link: { ...fullSnapshot.link, last_error: 'e', ...(hub_up === undefined ? {} : { hub_up }) },
            },
            ...noHistory,
          }),
        ),
      ),
    ),
  ),
);

holds('foreign text is text on the page, and no tag or attribute', snapshot, (given) => {
  const page = renderPage({ snapshot: given, ...noHistory });
  const tags = tagsOf(page);
  for (const tag of tags) assert.ok(templateTags.has(tag), `<${tag}>`);
  const open: string[] = [];
  for (const tag of tags) {
    const name = tag.split(' ')[0] ?? '';
    if (name.startsWith('/')) assert.equal(open.pop(), name.slice(1));
    else if (!tag.endsWith('/') && !['!doctype', 'meta', 'link'].includes(name)) open.push(name);
  }
  assert.deepEqual(open, []);
  const seen = decoded(page);
  for (const text of [
    given.unit,
    given.version,
    given.clock?.evidence ?? '',
    ...given.troubles.flatMap(({ text, remedy = '' }) => [text, remedy]),
  ])
    assert.ok(seen.includes(text));
});

const families = new Map(quantities.map(({ name, type }) => [name, type]));

holds('every line of the metrics is of the text format, and no series stands twice', snapshot, (given) => {
  const text = formatMetrics(given);
  assert.ok(text === '' || text.endsWith('\n'));
  const series = new Set<string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) (nunect_[a-z0-9_]+) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === 'TYPE') assert.equal(comment[3], families.get(comment[2] ?? ''));
      continue;
    }
    const sample =
      /^(nunect_[a-z0-9_]+)(\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (\S+)$/.exec(
        line,
      );
    assert.ok(sample !== null, JSON.stringify(line));
    assert.ok(families.has(sample[1] ?? ''));
    assert.ok(Number.isFinite(Number(sample[3])), line);
    assert.ok(!series.has(`${sample[1]}${sample[2]}`), `twice: ${line}`);
    series.add(`${sample[1]}${sample[2]}`);
  }
});
