import type { Timekeeper } from '../clock/timekeeper.ts';
import { clockCaveat } from '../clock/trust.ts';
import type { AgentFile } from '../config/agentfile.ts';
import { linkErrorText } from '../leaf/linkcause.ts';
import { known } from '../lib/known.ts';
import { type LinkDeps, openLink } from '../nats/link.ts';
import { inboxPrefixOf } from '../wire/subjects.ts';
import { clockPart } from './clock.ts';
import { type AgentContext, part } from './part.ts';

const linkOptions = ({ connection, config }: AgentFile) => ({
  ...connection,
  name: `nunect ${config.agent.unit}`,
  inboxPrefix: inboxPrefixOf(config.agent.unit),
});

const linkDeps = (
  name: string,
  { ticker, wall, random, log, clock }: AgentContext & { clock(): Timekeeper },
): LinkDeps => ({
  ticker,
  log: log.part(name),
  random,
  textOf: (error) => linkErrorText(error, clockCaveat(clock().verdict().quality, wall.now_us() / 1000)),
});

/** The connection to the local server, over which everything is published and answered. */
export const linkPart = part({
  name: 'link',
  uses: { clock: clockPart },
  inputs: ({ connection, config }) => [connection, config.agent.unit],
  start: (file, given, signal) => openLink(linkDeps('link', given), linkOptions(file), signal),
  adapt: (link, file) => link.configure(linkOptions(file)),
});

/** A connection as a system user, where the server is asked about itself over one. */
export const monitorPart = part({
  name: 'monitor',
  uses: { clock: clockPart },
  inputs: ({ connection, monitor }) => [connection.servers, connection.tls, monitor],
  start({ connection, monitor, config: { agent } }, given, signal) {
    if (monitor?.kind !== 'system') return { link: undefined, stop: () => {} };
    const link = openLink(
      linkDeps('monitor', given),
      {
        servers: connection.servers,
        name: `nunect ${agent.unit} monitor`,
        inboxPrefix: inboxPrefixOf(agent.unit),
        user: monitor.user,
        password: monitor.password,
        ...known({ tls: connection.tls }),
      },
      signal,
    );
    return { link, stop: () => link.stop() };
  },
});
