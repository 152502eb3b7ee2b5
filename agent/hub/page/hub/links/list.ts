// The long list of leaf links: which, in what order, a page of them. Pure.
import { type Html, html } from '../../../../web/html.ts';
import { nothing, perhaps } from '../../../../web/pieces.ts';
import type { HubView, LeafLink } from '../../../servers/model.ts';
import { type GridColumn, grid, rowId } from '../../look/grid.ts';
import { count } from '../../look/marks.ts';
import { type HubQuery, hubPath, linkSorts, pageSizes } from '../query.ts';
import { perSecond, tripWords, untold } from '../words.ts';
import { linkedSince, linkName, tripCell } from './section.ts';
import { linkSums, measuredBy, rttClassOf, rttClassWords } from './sums.ts';

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const rateOf = (one: LeafLink, name: 'in_msgs_per_s' | 'out_msgs_per_s'): number => one.traffic?.[name] ?? -1;

/** What is not known comes last, whichever way. */
const orders: Readonly<Record<Exclude<HubQuery['sort'], 'rtt'>, (a: LeafLink, b: LeafLink) => number>> = {
  far: (a, b) => (b.times_slower ?? 0) - (a.times_slower ?? 0) || (b.rtt_us ?? -1) - (a.rtt_us ?? -1),
  name: (a, b) => compare(a.who, b.who),
  server: (a, b) => compare(a.server, b.server) || compare(a.who, b.who),
  account: (a, b) => compare(a.account, b.account) || compare(a.who, b.who),
  in: (a, b) => rateOf(b, 'in_msgs_per_s') - rateOf(a, 'in_msgs_per_s'),
  out: (a, b) => rateOf(b, 'out_msgs_per_s') - rateOf(a, 'out_msgs_per_s'),
  since: (a, b) => (b.since_ms ?? 0) - (a.since_ms ?? 0),
};

const sortWords: Readonly<Record<HubQuery['sort'], string>> = {
  ...{ rtt: 'round trip', far: 'slower than usual', name: 'name', server: 'server', account: 'account' },
  ...{ in: 'messages in', out: 'messages out', since: 'newest' },
};

/** Whether a link is one of those that are asked for. */
function isAsked({ q, server, account, rtt }: HubQuery): (link: LeafLink) => boolean {
  const wanted = q.toLowerCase();
  const has = (text: string | undefined): boolean => text?.toLowerCase().includes(wanted) === true;
  return (one) =>
    (server === '' || one.server === server) &&
    (account === '' || one.account === account) &&
    (rtt === undefined || (one.rtt_us !== undefined && rttClassOf(one.rtt_us) === rtt)) &&
    (q === '' || has(one.who) || has(one.name) || has(one.address) || has(one.server) || has(one.account));
}

/** The links that are asked for, in the order that is asked for; `links` have the slowest first. */
export function chooseLinks(links: readonly LeafLink[], query: HubQuery): readonly LeafLink[] {
  const { q, server, account, rtt, sort } = query;
  const isAll = q === '' && server === '' && account === '' && rtt === undefined;
  const chosen = isAll ? links : links.filter(isAsked(query));
  return sort === 'rtt' ? chosen : chosen.toSorted(orders[sort]);
}

const heads: readonly (readonly [string, string, HubQuery['sort'] | undefined])[] = [
  ['Unit', 'w', 'name'],
  ['Server', 'w hs', 'server'],
  ['Account', 'w hs', 'account'],
  ['Address', 'm w hs', undefined],
  ['RTT', 'n', 'rtt'],
  ['Its usual', 'n m', 'far'],
  ['Measured by', 'm hs', undefined],
  ['In', 'n hs', 'in'],
  ['Out', 'n hs', 'out'],
  ['Subscriptions', 'n hs', undefined],
  ['Linked', 'n m', 'since'],
];

const upward: readonly HubQuery['sort'][] = ['name', 'server', 'account'];

const columnsOf = (query: HubQuery): GridColumn[] =>
  heads.map(([words, set, sort], at) => ({
    set,
    head: sort === undefined ? words : html`<a href="${hubPath({ ...query, sort, page: 1 })}">${words}</a>`,
    ...(at === 0 ? { isName: true as const } : {}),
    ...(sort !== undefined && sort === query.sort
      ? { sorted: upward.includes(sort) ? ('ascending' as const) : ('descending' as const) }
      : {}),
  }));

function nameCell(one: LeafLink): Html {
  const { name, who, websocket } = one;
  const more = [
    name === undefined || name === who ? undefined : `calls itself ${name}`,
    websocket && 'websocket',
  ];
  const words = more.filter(Boolean).join(', ');
  return words === '' ? linkName(one) : html`${linkName(one)} <small>${words}</small>`;
}

const row = (one: LeafLink, at_ms: number) => ({
  id: rowId('l', one.server, one.id),
  cells: [
    nameCell(one),
    one.server,
    one.account,
    one.address,
    tripCell(one),
    perhaps(one.usual_us, tripWords),
    one.rtt_by,
    perhaps(one.traffic?.in_msgs_per_s, perSecond),
    perhaps(one.traffic?.out_msgs_per_s, perSecond),
    perhaps(one.subscriptions, count),
    linkedSince(one, at_ms),
  ],
});

/** Values that there are, and the one that is asked for, though there be none of it. */
function choice(name: string, label: string, values: Iterable<string>, chosen: string): Html {
  const all = [...new Set([...values, ...(chosen === '' ? [] : [chosen])])].sort();
  const options = all.map((one) =>
    one === chosen ? html`<option selected>${one}</option>` : html`<option>${one}</option>`,
  );
  return html`<select name="${name}" aria-label="${label}"><option value="">${label}: all</option>${options}</select>`;
}

function formPart({ links }: HubView, query: HubQuery): Html {
  const { q, server, account, rtt, sort, n } = query;
  const sortOptions = linkSorts.map((one) =>
    one === sort
      ? html`<option value="${one}" selected>${sortWords[one]}</option>`
      : html`<option value="${one}">${sortWords[one]}</option>`,
  );
  const sizes = pageSizes.map((one) =>
    one === n ? html`<option selected>${one}</option>` : html`<option>${one}</option>`,
  );
  const kept = rtt === undefined ? nothing : html`<input type="hidden" name="rtt" value="${rtt}">`;
  const { servers, accounts } = linkSums(links);
  return html`<form action="/hub" class="lf" role="search"><input type="hidden" name="view" value="links">${kept}<input type="search" name="q" value="${q}" aria-label="Name, address, server or account" placeholder="Name, address…">${choice('server', 'Server', servers, server)}${choice('account', 'Account', accounts, account)}<label>by <select name="sort">${sortOptions}</select></label><label>rows <select name="n">${sizes}</select></label><button class="p">Show</button></form>`;
}

/** What narrows the list, each with a way back. */
function chips(query: HubQuery): Html {
  const { q, server, account, rtt } = query;
  const made = [
    q === '' ? undefined : ([`“${q}”`, { q: '' }] as const),
    server === '' ? undefined : ([`server ${server}`, { server: '' }] as const),
    account === '' ? undefined : ([`account ${account}`, { account: '' }] as const),
  ].filter((one) => one !== undefined);
  const { rtt: _rtt, ...anyRtt } = query;
  const links = made.map(
    ([words, change]) =>
      html`<a class="nchip" href="${hubPath({ ...query, ...change, page: 1 })}" aria-label="${words}: remove">${words} ×</a>`,
  );
  const ofRtt =
    rtt === undefined
      ? []
      : [
          html`<a class="nchip" href="${hubPath({ ...anyRtt, page: 1 })}" aria-label="round trip: remove">round trip ${rttClassWords(rtt)} ×</a>`,
        ];
  return links.length + ofRtt.length === 0 ? nothing : html`<p class="narrow">${links}${ofRtt}</p>`;
}

function pager(query: HubQuery, rows: number): Html {
  const pages = Math.max(1, Math.ceil(rows / query.n));
  const page = Math.min(query.page, pages);
  if (pages === 1) return nothing;
  const to = (at: number, words: string): Html =>
    at < 1 || at > pages ? html`` : html`<a href="${hubPath({ ...query, page: at })}">${words}</a>`;
  return html`<nav class="pgs" aria-label="Pages">${to(page - 1, '← before')}<span class="sub">page ${count(page)} of ${count(pages)}</span>${to(page + 1, 'next →')}</nav>`;
}

/** All links that are asked for, a page of them. */
export function linkList(view: HubView, query: HubQuery): Html {
  const { links, told, at_ms } = view;
  if (!told.includes('links'))
    return html`<section class="card" id="linklist"><h2>Leaf links</h2><p class="sub">${untold(view)}</p></section>`;
  const chosen = chooseLinks(links, query);
  const page = Math.min(query.page, Math.max(1, Math.ceil(chosen.length / query.n)));
  const rows = chosen.slice((page - 1) * query.n, page * query.n).map((one) => row(one, at_ms));
  const words = chosen.length === links.length ? '' : ` of ${count(links.length)}`;
  const table =
    rows.length === 0
      ? html`<p class="sub">There is no such link.</p>`
      : grid('Leaf links', columnsOf(query), rows);
  return html`<section class="card" id="linklist"><div class="row"><h2>${count(chosen.length)}${words} leaf ${chosen.length === 1 ? 'link' : 'links'}</h2><span class="sub">${measuredBy(linkSums(chosen))}</span></div>${formPart(view, query)}${chips(query)}${table}${pager(query, chosen.length)}</section>`;
}
