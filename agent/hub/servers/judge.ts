// What is wrong with a hub, from what was seen of it. Pure.
import { prettyBytes, prettySpan } from '../../lib/format.ts';
import type { HubFinding, HubServer, HubStreamView, HubView } from './model.ts';

/** Days before it is full from which a stream is told, and those before a certificate's end. */
const tellStream_days = 14;
const tellCertificate_days = 14;
/** How full a stream may be that then refuses, where no rate is known. */
const mostFull = 0.9;

const day_s = 86_400;

type Found = Omit<HubFinding, 'weight'>;
const degraded = (one: Found): HubFinding => ({ weight: 'degraded', ...one });
const critical = (one: Found): HubFinding => ({ weight: 'critical', ...one });

function serverFinding(one: HubServer, all: readonly HubServer[]): HubFinding[] {
  const { name, state, why, certificate_days } = one;
  const found: HubFinding[] = [];
  if (state === 'gone') {
    const gone = all.filter((other) => other.state === 'gone').length;
    const isMajority = gone * 2 < all.length;
    const text = isMajority
      ? `server ${name} is gone: ${why}`
      : `server ${name} is gone: ${why}; the rest is no majority, and nothing is stored`;
    found.push((isMajority ? degraded : critical)({ key: `server_gone:${name}`, text }));
  }
  if (state === 'degraded')
    found.push(degraded({ key: `server_degraded:${name}`, text: `server ${name}: ${why}` }));
  if (certificate_days !== undefined && certificate_days <= tellCertificate_days)
    found.push(
      (certificate_days < 0 ? critical : degraded)({
        key: `server_certificate:${name}`,
        text:
          certificate_days < 0
            ? `the certificate of server ${name} has expired: no unit can join`
            : `the certificate of server ${name} expires in ${certificate_days} days`,
      }),
    );
  return found;
}

const nameOf = ({ account, name }: HubStreamView): string => `${account}/${name}`;

/** What to do with a stream that has no room for as long as it is to keep its records. */
function roomRemedy({ limit, growth, max_age_s, discard }: HubStreamView): { readonly remedy?: string } {
  if (limit === undefined || growth === undefined || growth.bytes_per_day <= 0) return {};
  if (limit.by !== 'bytes' || max_age_s === undefined) return { remedy: 'give it more room' };
  const fits = Math.floor(limit.max / growth.bytes_per_day);
  const more = prettyBytes(Math.max(0, (growth.bytes_per_day * max_age_s) / day_s - limit.max));
  const shorter = `keep its records for ${fits} days instead of ${Math.round(max_age_s / day_s)}`;
  if (fits < 1) return { remedy: `give it ${more} more` };
  return {
    remedy: `${discard === 'old' ? 'unless that is wanted: ' : ''}${shorter}, or give it ${more} more`,
  };
}

function streamFinding(one: HubStreamView): HubFinding[] {
  const { name, account, left, discard, limit, copies, leader } = one;
  const found: HubFinding[] = [];
  const what = `stream ${name} of ${account}`;
  const isRefusing = discard === 'new' || limit?.by === 'store';
  const end = isRefusing ? 'then it takes nothing more' : 'then it drops its oldest records, as configured';
  const key = `stream_full:${nameOf(one)}`;
  if (left.kind === 'full')
    // one that drops its oldest may be full for ever: that is how it is meant
    found.push(...(isRefusing ? [critical({ key, text: `${what} is full: it takes nothing more` })] : []));
  else if (left.kind === 'days' && left.days < tellStream_days)
    found.push(
      degraded({
        key,
        text: `${what} is full in ${prettySpan(left.days * day_s)}; ${end}`,
        ...roomRemedy(one),
      }),
    );
  else if (isRefusing && limit !== undefined && limit.share >= mostFull)
    found.push(degraded({ key, text: `${what} is nearly full; ${end}` }));
  if (leader === undefined)
    found.push(
      critical({ key: `stream_leader:${nameOf(one)}`, text: `${what} has no leader: it stores nothing` }),
    );
  else if (copies.in_step < copies.wanted)
    found.push(
      degraded({
        key: `stream_copies:${nameOf(one)}`,
        text: `${what} has ${copies.in_step} of ${copies.wanted} copies in step`,
      }),
    );
  return found;
}

/** All that is wrong, the worst first. */
export function findingsOf(view: Omit<HubView, 'findings'>): HubFinding[] {
  const { trouble, connected, servers, streams, slow } = view;
  const unseen = { key: 'hub_unseen:hub', text: `the hub does not tell how it is: ${trouble}` };
  if (trouble !== undefined && !connected) return [critical(unseen)];
  const found = [
    ...(trouble === undefined ? [] : [degraded(unseen)]),
    ...servers.flatMap((one) => serverFinding(one, servers)),
    ...streams.flatMap(streamFinding),
    ...slow.now.map((one) =>
      degraded({
        key: `slow_consumer:${one.server}/${one.who}`,
        text: `${one.who} on ${one.server} reads too slowly: ${prettyBytes(one.pending_bytes)} wait for it`,
      }),
    ),
  ];
  return found.toSorted((a, b) => (a.weight === b.weight ? 0 : a.weight === 'critical' ? -1 : 1));
}
