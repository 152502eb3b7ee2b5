// The servers of the hub, and what is between them. Pure.
import { prettyBytes, prettyMoment, prettySpan } from '../../../lib/format.ts';
import { type Html, html } from '../../../web/html.ts';
import { nothing, perhaps } from '../../../web/pieces.ts';
import type { HubRoute, HubServer, HubView, ServerState } from '../../servers/model.ts';
import { type GridColumn, grid, rowId, stamp } from '../look/grid.ts';
import { count, stateMark } from '../look/marks.ts';
import { hubPath } from './query.ts';
import { percent, perSecond, tripWords } from './words.ts';

/** A server has a state as a unit has one. */
const marks: Readonly<Record<ServerState, Html>> = {
  healthy: stateMark('healthy'),
  degraded: stateMark('degraded'),
  gone: stateMark('offline', 'gone'),
  unknown: stateMark('unknown'),
};

const numbers = (...heads: readonly string[]): GridColumn[] => heads.map((head) => ({ head, set: 'n' }));

/** A single server has no others. */
const columnsFor = (isCluster: boolean): readonly GridColumn[] => [
  { head: 'State' },
  { head: 'Server', isName: true, set: 'w' },
  ...numbers('Leaf links', 'CPU', 'Memory', 'In', 'Out', ...(isCluster ? ['To the others'] : []), 'Up'),
  { head: 'Version', set: 'm hm' },
];

function nameCell(one: HubServer): Html {
  const { name, address, is_leader, leafs } = one;
  const link = leafs
    ? html`<a href="${hubPath({ view: 'links', server: name })}">${name}</a>`
    : html`${name}`;
  const more = [address !== name && address, is_leader && 'leads JetStream'].filter(Boolean).join(' · ');
  return html`${link} <small>${more}</small>`;
}

const serverRow = (one: HubServer, isCluster: boolean) => ({
  id: rowId('s', one.name),
  cells: [
    marks[one.state],
    nameCell(one),
    perhaps(one.leafs, count),
    perhaps(one.cpu_percent, (cpu) => `${Math.round(cpu)}\u00a0%`),
    perhaps(one.memory_bytes, prettyBytes),
    perhaps(one.traffic?.in_msgs_per_s, perSecond),
    perhaps(one.traffic?.out_msgs_per_s, perSecond),
    ...(isCluster ? [perhaps(one.to_others_us, tripWords)] : []),
    perhaps(one.uptime_s, prettySpan),
    one.version,
  ],
});

/** Why a server is not healthy. */
function whyPart(one: HubServer, at_ms: number): Html | undefined {
  const { name, why, heard_ms, state, catching_up } = one;
  const heard = heard_ms === undefined ? '' : `heard last ${prettyMoment(heard_ms, at_ms)}`;
  if (state === 'unknown') return heard === '' ? undefined : html`<p class="sub">${name}: ${heard}</p>`;
  if (why === undefined) return undefined;
  const left_s = catching_up?.left_s;
  const left = left_s === undefined ? '' : `done in about ${prettySpan(left_s)}`;
  const words = [why, heard, left].filter(Boolean).join('; ');
  return html`<p class="sub">${name}: ${words}</p>`;
}

const moreColumns: readonly GridColumn[] = [
  { head: 'Server', isName: true, set: 'w' },
  ...numbers(
    'Version',
    'Cores',
    'Clients',
    'Subscriptions',
    'Slow consumers',
    'Stale',
    'Store',
    'Certificate',
  ),
];

function storeWords({ store_bytes, store_max_bytes }: HubServer): string | undefined {
  if (store_bytes === undefined) return undefined;
  if (!store_max_bytes) return prettyBytes(store_bytes);
  return `${percent(store_bytes / store_max_bytes)} of ${prettyBytes(store_max_bytes)}`;
}

const moreRow = (one: HubServer) => ({
  id: rowId('sm', one.name),
  cells: [
    one.name,
    one.version,
    perhaps(one.cores, count),
    perhaps(one.clients, count),
    perhaps(one.subscriptions, count),
    perhaps(one.slow_consumers, count),
    perhaps(one.stale_connections, count),
    storeWords(one),
    perhaps(one.certificate_days, (days) => (days < 0 ? 'expired' : `${count(days)}\u00a0days`)),
  ],
});

const routeColumns: readonly GridColumn[] = [
  { head: 'From', isName: true, set: 'w' },
  { head: 'To', set: 'w' },
  ...numbers('Round trip', 'Connections', 'Waiting', 'Since'),
];

const routeRow = (one: HubRoute, at_ms: number) => ({
  id: rowId('r', one.from, one.to),
  cells: [
    one.from,
    one.to,
    perhaps(one.rtt_us, tripWords),
    count(one.connections),
    prettyBytes(one.pending_bytes),
    perhaps(one.since_ms, (since_ms) => stamp(since_ms, at_ms)),
  ],
});

function routesPart({ routes, at_ms }: HubView): Html {
  if (routes.length === 0) return nothing;
  const rows = routes.map((one) => routeRow(one, at_ms));
  return html`<details id="routes"><summary>Between the servers: ${count(routes.length)} routes</summary>${grid('Routes between the servers', routeColumns, rows)}<p class="sub"><a href="/hub/raw/routes">raw</a></p></details>`;
}

/** All servers, as far as they tell it. */
export function serversSection(view: HubView): Html {
  const { servers, at_ms } = view;
  const isCluster = servers.length > 1;
  const known = servers.filter(({ id }) => id !== undefined);
  const more =
    known.length === 0
      ? nothing
      : html`<details id="moreservers"><summary>More of each server</summary>${grid('More of each server', moreColumns, known.map(moreRow))}<p class="sub">Slow consumers and stale connections are counted since the start of the server.</p></details>`;
  const table =
    servers.length === 0
      ? html`<p class="sub">None is known.</p>`
      : grid(
          'Servers',
          columnsFor(isCluster),
          servers.map((one) => serverRow(one, isCluster)),
        );
  return html`<section class="card" id="hub-servers"><div class="row"><h3>Servers</h3><span class="sub">CPU of one core · raw: <a href="/hub/raw/servers">state</a>, <a href="/hub/raw/health">health</a></span></div>${table}${servers.flatMap((one) => whyPart(one, at_ms) ?? [])}${routesPart(view)}${more}</section>`;
}
