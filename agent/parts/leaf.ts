import type { Monitor } from '../config/agentfile.ts';
import { type AskLeaf, askByHttp, askBySystemAccount, Unanswered } from '../leaf/watch/ask.ts';
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

/** Watches the local server and its link to the hub by its reports. */
export const leafPart = part({
  name: 'leaf',
  needs: { monitor: monitorPart },
  inputs: ({ monitor }) => monitor,
  start: ({ monitor }, { ticker, ...given }, signal) =>
    watchLeaf({ ask: asker(monitor, given.monitor.link), ticker }, { intervalMs: monitorEvery_ms }, signal),
});
