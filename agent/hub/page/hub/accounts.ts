// The accounts of the hub. Pure.
import { type Html, html } from '../../../web/html.ts';
import { perhaps } from '../../../web/pieces.ts';
import type { HubAccountView, HubView } from '../../servers/model.ts';
import { type GridColumn, grid, rowId } from '../look/grid.ts';
import { count } from '../look/marks.ts';
import { hubPath } from './query.ts';
import { perSecond, untold } from './words.ts';

const columns: readonly GridColumn[] = [
  { head: 'Account', isName: true, set: 'w' },
  { head: 'Links', set: 'n' },
  { head: 'Clients', set: 'n' },
  { head: 'Subscriptions', set: 'n hs' },
  { head: 'In', set: 'n' },
  { head: 'Out', set: 'n hs' },
  { head: 'Slow', set: 'n hs' },
];

const nameCell = ({ name, leafs }: HubAccountView): Html =>
  leafs === 0 ? html`${name}` : html`<a href="${hubPath({ view: 'links', account: name })}">${name}</a>`;

const row = (one: HubAccountView) => ({
  id: rowId('a', one.id),
  cells: [
    nameCell(one),
    count(one.leafs),
    count(one.clients),
    count(one.subscriptions),
    perhaps(one.traffic?.in_msgs_per_s, perSecond),
    perhaps(one.traffic?.out_msgs_per_s, perSecond),
    count(one.slow_consumers),
  ],
});

/** All accounts over all servers. */
export function accountsSection(view: HubView): Html {
  const { accounts, told } = view;
  const content = told.includes('accounts')
    ? html`${grid('Accounts', columns, accounts.map(row))}<p class="sub">Slow: consumers that were too slow since the start of the servers.</p>`
    : html`<p class="sub">${untold(view)}</p>`;
  return html`<section class="card" id="hub-accounts"><div class="row"><h3>Accounts</h3><span class="sub"><a href="/hub/raw/accounts">raw</a></span></div>${content}</section>`;
}
