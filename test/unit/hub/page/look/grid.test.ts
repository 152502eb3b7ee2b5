import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grid, rowId, stamp } from '../../../../../agent/hub/page/look/grid.ts';
import { html } from '../../../../../agent/web/html.ts';
import { markupComplaints } from '../../../../kit/page/markup.ts';

test('a table names itself, its columns and its rows, and has a dash where nothing is known', () => {
  const columns = [
    { head: 'Unit', isName: true },
    { head: html`<a href="/?sort=rtt">RTT</a>`, set: 'n', sorted: 'descending' },
  ] as const;
  const made = grid('Units', columns, [{ id: rowId('u', 'a b', 7), cells: ['a <b>', undefined] }]).html;
  assert.deepEqual(markupComplaints(made), []);
  assert.match(made, /<table aria-label="Units">.*<th scope="col" class="n" aria-sort="descending">/);
  assert.match(
    made,
    /<tr id="u-a_b-7"><th scope="row" class="">a &lt;b&gt;<\/th><td class="n m"><span aria-label="not known">–/,
  );
});

test('a moment of today is a time, one of another day has that day, and what no calendar reaches is a number', () => {
  const now = Date.UTC(2026, 10, 29, 3, 16, 23);
  assert.equal(stamp(now - 1000, now).html, '<time datetime="2026-11-29T03:16:22.000Z">03:16:22</time>');
  assert.match(stamp(now - 86_400_000, now).html, />2026-11-28 03:16:23</);
  assert.equal(stamp(1e300, now).html, '<time>1e+300 ms</time>');
});
