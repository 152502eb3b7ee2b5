import { answerEcho } from '../answers/echo.ts';
import type { Timekeeper } from '../clock/timekeeper.ts';
import { clockCaveat } from '../clock/trust.ts';
import { unjudged } from '../clock/types.ts';
import type { AgentFile } from '../config/agentfile.ts';
import { linkErrorText } from '../leaf/linkcause.ts';
import { known } from '../lib/known.ts';
import { later } from '../lib/parts.ts';
import { type LinkDeps, openLink } from '../nats/link.ts';
import type { LinkOptions } from '../nats/session.ts';
import { inboxPrefixOf } from '../wire/subjects.ts';
import type { clockPart } from './clock.ts';
import { type AgentContext, checkedNow_us, part, replySubjectsIn, subjectsIn } from './part.ts';

/** How often the hub is asked for a sign of life, where it is what the agent connects to; to a local server that costs nothing. */
const ping_ms = ({ config: { leaf } }: AgentFile): number | undefined =>
  leaf.mode === 'off' ? leaf.ping_interval_s * 1000 : undefined;

/** How the agent connects. */
export const agentLinkOptions = (file: AgentFile): LinkOptions => ({
  ...file.connection,
  name: `nunect ${file.config.agent.unit}`,
  inboxPrefix: inboxPrefixOf(file.config.agent.unit),
  ...known({ ping_ms: ping_ms(file) }),
});

const linkDeps = (
  name: string,
  { ticker, wall, random, log, clock }: AgentContext & { clock(): Timekeeper | undefined },
): LinkDeps => ({
  ticker,
  log: log.part(name),
  random,
  textOf: (error) =>
    linkErrorText(error, clockCaveat(clock()?.verdict().quality ?? unjudged.quality, wall.now_us() / 1000)),
});

/** The connection to the local server, over which everything is published and answered. */
export const linkPart = part({
  name: 'link',
  later: { clock: later<typeof clockPart>('clock') },
  inputs: (file) => [file.connection, file.config.agent.unit, ping_ms(file)],
  start: (file, given, signal) => openLink(linkDeps('link', given), agentLinkOptions(file), signal),
  adapt: (link, file) => link.configure(agentLinkOptions(file)),
});

/** Answers on `ops.echo.<unit>`, also before the clock is watched and while its watchers are restarted. */
export const echoPart = part({
  name: 'echo',
  needs: { link: linkPart },
  later: { clock: later<typeof clockPart>('clock') },
  inputs: ({ config: { agent, hub } }) => [agent.unit, hub.reply_subject],
  start: (file, { link, clock, wall }) =>
    answerEcho(
      { link, now_us: checkedNow_us(wall), clock: () => clock()?.summary() ?? unjudged },
      {
        subject: subjectsIn(file).echo,
        unit: file.config.agent.unit,
        replySubjects: replySubjectsIn(file),
      },
    ),
});

/** A connection as a system user, where the server is asked about itself over one. */
export const monitorPart = part({
  name: 'monitor',
  later: { clock: later<typeof clockPart>('clock') },
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
