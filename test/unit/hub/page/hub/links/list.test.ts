import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholeEventList } from '../../../../../../agent/hub/page/hub/events.ts';
import { chooseLinks, linkList } from '../../../../../../agent/hub/page/hub/links/list.ts';
import { hubQueryOf } from '../../../../../../agent/hub/page/hub/query.ts';
import { consumerList } from '../../../../../../agent/hub/page/hub/streams.ts';
import type { LeafLink } from '../../../../../../agent/hub/servers/model.ts';
import { busyHub, leafLink, manyLinks, untoldView } from '../../../../../kit/hub/hubview.ts';
import { idsOf, seenWords } from '../../../../../kit/page/markup.ts';

const queryOf = (text: string) => hubQueryOf(new URLSearchParams(text)).query;
const rates = (in_msgs_per_s: number) => ({
  ...{ in_msgs_per_s, out_msgs_per_s: 9 - in_msgs_per_s, in_bytes_per_s: 0, out_bytes_per_s: 0 },
});
const unmeasured: LeafLink = { server: 'hub-c', id: 4, who: 'Dora', account: 'RAIL' };
const links: readonly LeafLink[] = [
  leafLink('carl', 100_000, { id: 3, server: 'hub-a', traffic: rates(2), since_ms: 20, account: 'RAIL' }),
  leafLink('Bert', 9000, { id: 2, server: 'hub-a', traffic: rates(1), since_ms: 10, times_slower: 4 }),
  leafLink('anna', 5000, {
    id: 1,
    server: 'hub-b',
    traffic: rates(3),
    since_ms: 30,
    address: '198.51.100.9',
  }),
  unmeasured,
];
const chosen = (text: string): string =>
  chooseLinks(links, queryOf(text))
    .map(({ who }) => who)
    .join(' ');

test('links are sorted by what is asked, and what is not known comes last', () => {
  assert.equal(chosen(''), 'carl Bert anna Dora');
  assert.equal(chosen('sort=far'), 'Bert carl anna Dora');
  assert.equal(chosen('sort=name'), 'Bert Dora anna carl');
  assert.equal(chosen('sort=server'), 'Bert carl anna Dora');
  assert.equal(chosen('sort=account'), 'Bert anna Dora carl');
  assert.equal(chosen('sort=in'), 'anna carl Bert Dora');
  assert.equal(chosen('sort=out'), 'Bert carl anna Dora');
  assert.equal(chosen('sort=since'), 'anna carl Bert Dora');
});

test('links are those that are asked for, by any of their names', () => {
  assert.equal(chosen('q=BER'), 'Bert');
  assert.equal(chosen('q=198.51'), 'anna');
  assert.equal(chosen('q=hub-c'), 'Dora');
  assert.equal(chosen('server=hub-a&account=RAIL'), 'carl');
  assert.equal(chosen('rtt=15'), 'carl');
  assert.equal(chosen('rtt=14'), '');
  assert.equal(chosen('q=.*'), '', 'it is no pattern');
});

test('a page has so many rows, and leads to those before and after with the same wishes', () => {
  const view = untoldView({ told: ['links'], links: manyLinks(230) });
  const page = linkList(view, queryOf('view=links&n=100&page=2&sort=name&q=unit')).html;
  const rows = idsOf(page).filter((id) => id.startsWith('l-'));
  assert.equal(rows.length, 100);
  assert.match(page, /aria-sort="ascending"><a href="[^"]*sort=name/);
  assert.match(page, /href="\/hub\?view=links&amp;q=unit&amp;sort=name">← before/);
  assert.match(page, /href="\/hub\?view=links&amp;q=unit&amp;sort=name&amp;page=3">next →/);
  assert.match(seenWords(page), /page 2 of 3/);
  const last = linkList(view, queryOf('view=links&page=77')).html;
  assert.equal(idsOf(last).filter((id) => id.startsWith('l-')).length, 30, 'there is no page 77');
  assert.match(
    seenWords(linkList(view, queryOf('view=links&q=nosuch')).html),
    /0 of 230 leaf links .*There is no such link/,
  );
  const one = untoldView({ told: ['links'], links: [unmeasured] });
  assert.match(seenWords(linkList(one, queryOf('view=links')).html), /1 leaf link /);
});

test('what narrows a list is shown, with a way back', () => {
  const page = linkList(
    untoldView({ told: ['links'], links }),
    queryOf('view=links&q=a&rtt=3&account=RAIL'),
  ).html;
  assert.match(page, /class="nchip" href="\/hub\?view=links&amp;account=RAIL&amp;rtt=3"[^>]*>“a” ×/);
  assert.match(
    page,
    /class="nchip" href="\/hub\?view=links&amp;q=a&amp;account=RAIL"[^>]*>round trip from 398/,
  );
  assert.match(page, /<input type="hidden" name="rtt" value="3">/, 'the form keeps it');
});

test('a link whose login is not known leads to no unit, and what it calls itself beside its login is told', () => {
  const view = untoldView({
    told: ['links'],
    links: [unmeasured, leafLink('ship-7', 1000, { name: 'liar' })],
  });
  const page = linkList(view, queryOf('view=links')).html;
  assert.doesNotMatch(page, /units\/Dora/);
  assert.match(page, /href="\/units\/ship-7">ship-7<\/a> <small>calls itself liar/);
});

test('nothing is listed that nobody has told', () => {
  assert.match(linkList(untoldView(), queryOf('view=links')).html, /being asked/);
  assert.match(consumerList(untoldView()).html, /being asked/);
  assert.equal(idsOf(consumerList(busyHub(3)).html).filter((id) => id.startsWith('c-')).length, 12);
  assert.equal(idsOf(wholeEventList(busyHub(3)).html).filter((id) => id.startsWith('e-')).length, 15);
});
