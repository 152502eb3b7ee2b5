import { basename, join } from 'node:path';
import { isImplausible } from '../clock/trust.ts';
import type { Monitor } from '../config/agentfile.ts';
import { bootId } from '../device/bootid.ts';
import { agentUser, monitorUser } from '../leaf/conf/logins.ts';
import { stateFiles } from '../leaf/statefiles.ts';
import { type AskLeaf, askByHttp, askBySystemAccount, Unanswered } from '../leaf/watch/ask.ts';
import { type Client, watchClients } from '../leaf/watch/clients.ts';
import { watchLinkBytes } from '../leaf/watch/linkbytes.ts';
import { askSs } from '../leaf/watch/sockets.ts';
import { watchLeaf } from '../leaf/watch/watch.ts';
import type { Link } from '../nats/link.ts';
import { linkPart, monitorPart } from './link.ts';
import { part } from './part.ts';

const monitorEvery_ms = 5000;
const monitorTimeoutMs = 2000;

/** Before the connection of its own was made, or refused, the server has not been asked. */
function askOver(link: Link): AskLeaf {
  const ask = askBySystemAccount(link, monitorTimeoutMs);
  return async (what) => {
    const { connected, lastError } = link.state();
    if (!connected && lastError === undefined) throw new Unanswered('not_yet', 'not connected yet');
    return ask(what);
  };
}

function asker(monitor: Monitor | undefined, link: Link | undefined): AskLeaf {
  if (monitor?.kind === 'http') return askByHttp(monitor.url, monitorTimeoutMs);
  if (link !== undefined) return askOver(link);
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

const day_ms = 86_400_000;

/** Counts what the link to the hub costs; that of the agent itself where it has no leaf. */
export const linkBytesPart = part({
  name: 'linkBytes',
  needs: { leaf: leafPart },
  uses: { link: linkPart },
  inputs: ({ config: { leaf } }) => [leaf.mode, leaf.ping_interval_s],
  start({ config: { leaf } }, { ticker, wall, trust, started_ms, spawn, stateDir, ...given }) {
    const wall_ms = (mono_ms: number): number => wall.toWall_us(mono_ms, ticker.now_ms()) / 1000;
    const own = (): { sent: number; received: number } => {
      const { out_bytes, in_bytes } = given.link().counters();
      return { sent: out_bytes, received: in_bytes };
    };
    // where nothing proves the clock, as with busybox ntpd, it is believed after a day
    const isBelieved = (): boolean =>
      trust.provenUntil_ms() > -Infinity || ticker.now_ms() - started_ms > day_ms;
    return watchLinkBytes(
      {
        leaf: given.leaf,
        askSockets: askSs(spawn),
        ticker,
        wall_ms,
        isDated: () => isBelieved() && !isImplausible(wall_ms(ticker.now_ms())),
        ...(leaf.mode === 'off' && { own }),
      },
      {
        file: join(stateDir, basename(stateFiles.linkBytes)),
        boot: bootId(),
        ping_s: leaf.ping_interval_s,
        lookEvery_ms: monitorEvery_ms,
      },
    );
  },
});
