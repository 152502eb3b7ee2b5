import type { Monitor } from '../config/agentfile.ts';
import { agentUser, monitorUser } from '../leaf/conf/users.ts';
import { type AskLeaf, askByHttp, askBySystemAccount, Unanswered } from '../leaf/watch/ask.ts';
import { type Client, watchClients } from '../leaf/watch/clients.ts';
import { watchLeaf } from '../leaf/watch/watch.ts';
import type { Link } from '../nats/link.ts';
import { monitorPart } from './link.ts';
import { part } from './part.ts';

const monitorEvery_ms = 5000;
const monitorTimeoutMs = 2000;

function asker(monitor: Monitor | undefined, link: Link | undefined): AskLeaf {
  if (monitor?.kind === 'http') return askByHttp(monitor.url, monitorTimeoutMs);
  if (link !== undefined) return askBySystemAccount(link, monitorTimeoutMs);
  return async () => {
    throw new Unanswered('disabled', 'no way to monitor the server is configured');
  };
}

/** Seldom: a report names every client. */
const clientsEvery_ms = 15_000;

/** Watches who uses the local server. */
export const clientsPart = part({
  name: 'clients',
  needs: { monitor: monitorPart },
  inputs: ({ monitor, config }) => [monitor, config.agent.unit],
  start({ monitor, config }, { ticker, ...given }) {
    const own = `nunect ${config.agent.unit}`;
    const isOwn = ({ name, user }: Client): boolean =>
      user === undefined ? name === own : user === agentUser || user === monitorUser;
    const ask = asker(monitor, given.monitor.link);
    return watchClients({ ask, ticker, isOwn }, { intervalMs: clientsEvery_ms });
  },
});

/** Watches the local server and its link to the hub by its reports. */
export const leafPart = part({
  name: 'leaf',
  needs: { monitor: monitorPart },
  inputs: ({ monitor }) => monitor,
  start: ({ monitor }, { ticker, ...given }, signal) =>
    watchLeaf({ ask: asker(monitor, given.monitor.link), ticker }, { intervalMs: monitorEvery_ms }, signal),
});
