import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { answerCommands } from '../answers/command.ts';
import { answerEcho } from '../answers/echo.ts';
import { answerService } from '../answers/service.ts';
import { answerTimeSync } from '../answers/timesync.ts';
import { watchClock } from '../clock/part.ts';
import { clockCaveat } from '../clock/trust.ts';
import type { AgentFile, Monitor } from '../config/agentfile.ts';
import { type AskLeaf, askByHttp, askBySystemAccount, Unanswered } from '../leaf/watch/ask.ts';
import { watchLeaf } from '../leaf/watch/watch.ts';
import { known } from '../lib/known.ts';
import { freshValue } from '../lib/reading.ts';
import { shared } from '../lib/shared.ts';
import { runtime, version } from '../lib/version.ts';
import { openLink } from '../nats/link.ts';
import { watchRtt } from '../peers/rtt.ts';
import { spoolOptions } from '../records/budget.ts';
import { openSpool } from '../records/spool.ts';
import { healthEvent, statusRecord } from '../status/events.ts';
import { survey } from '../status/survey.ts';
import { echoOf, inboxPrefixOf, peerInboxPrefixOf, subjectsOf } from '../wire/subjects.ts';
import type { Ground, PlanOf, UnitParts } from './ground.ts';
import { spoolKeepPart } from './spoolkeep.ts';

const monitorEvery_s = 5;
const monitorTimeoutMs = 2000;
/** Answers to commands within this are one. */
const answerShare_ms = 500;

/** The subjects of the unit that a file describes. */
export const subjectsIn = ({ config: { agent } }: AgentFile) => subjectsOf(agent.unit, agent.role);

/** Where the unit answers to: what its leaf permits, and its own inbox. */
const replySubjects = ({ config: { agent, hub } }: AgentFile): string[] => [
  ...hub.reply_subject,
  `${inboxPrefixOf(agent.unit)}.>`,
];

function asker(
  monitor: Monitor | undefined,
  link: Parameters<typeof askBySystemAccount>[0] | undefined,
): AskLeaf {
  if (monitor?.kind === 'http') return askByHttp(monitor.url, monitorTimeoutMs);
  if (link !== undefined) return askBySystemAccount(link, monitorTimeoutMs);
  return async () => {
    throw new Unanswered('disabled', 'no way to monitor the server is configured');
  };
}

/** The clock, the connection, what is answered on it, and the records that leave over it. */
export function workParts(
  ground: Ground,
): PlanOf<'keeper' | 'link' | 'monitor' | 'leaf' | 'spool' | 'spoolKeep' | 'echo' | 'rtt' | 'answers'> {
  const { ticker, wall, console, random } = ground;
  const now_us = (): number => {
    wall.check();
    return wall.now_us();
  };
  return {
    keeper: {
      needs: [],
      inputs: ({ config }) => config.time,
      start: ({ config }, _parts, signal) => watchClock(ground, config.time, signal),
    },
    link: {
      needs: [],
      inputs: ({ connection, config }) => [connection, config.agent.unit],
      adapt: (link, file) => link.configure(linkOptions(file)),
      start: (file, parts, signal) =>
        openLink(
          { ticker, log: console.log.part('link'), random, clockCaveat: doubtOf(parts, ground) },
          linkOptions(file),
          signal,
        ),
    },
    monitor: {
      needs: [],
      inputs: ({ connection, monitor }) => [connection.servers, connection.tls, monitor],
      start({ connection, monitor, config }, parts, signal) {
        if (monitor?.kind !== 'system') return { stop: () => {} };
        const link = openLink(
          { ticker, log: console.log.part('monitor'), random, clockCaveat: doubtOf(parts, ground) },
          {
            servers: connection.servers,
            name: `nunect ${config.agent.unit} monitor`,
            inboxPrefix: inboxPrefixOf(config.agent.unit),
            user: monitor.user,
            password: monitor.password,
            ...known({ tls: connection.tls }),
          },
          signal,
        );
        return { link, stop: () => link.stop() };
      },
    },
    leaf: {
      needs: ['monitor'],
      inputs: ({ monitor }) => monitor,
      start: ({ monitor }, parts, signal) =>
        watchLeaf(
          { ask: asker(monitor, parts.monitor.link), ticker },
          { intervalMs: monitorEvery_s * 1000 },
          signal,
        ),
    },
    spool: {
      needs: ['link'],
      inputs: ({ config: { hub, spool } }) => [hub.url.length > 0, spool.memory_kb, spool.window],
      adapt: (spool, file) => spool.configure(spoolOptions(file, console.log.part('spool'))),
      start(file, parts) {
        const { unit, role } = file.config.agent;
        return openSpool(
          {
            link: parts.link,
            hubUp: () => (parts as Partial<UnitParts>).leaf?.hubUp(), // of the watch of now: records outlive it
            ticker,
            log: console.log.part('spool'),
            wall_ms: () => wall.now_us() / 1000,
            gapRecord: (gap) =>
              statusRecord({ unit, role }, wall.now_us() / 1000, {
                event: 'records_dropped',
                after: gap,
                evidence: gap.why,
              }),
          },
          { unit, boot: ground.boot, ...spoolOptions(file, console.log.part('spool')) },
        );
      },
    },
    spoolKeep: spoolKeepPart(ground),
    echo: {
      needs: ['link'], // it answers on while the clock's watchers change
      inputs: ({ config: { agent, hub } }) => [agent.unit, hub.reply_subject],
      start: (file, parts) =>
        answerEcho(
          { link: parts.link, now_us, clock: () => parts.keeper.summary() },
          {
            subject: subjectsIn(file).echo,
            unit: file.config.agent.unit,
            replySubjects: replySubjects(file),
          },
        ),
    },
    rtt: {
      needs: ['link', 'keeper'],
      inputs: ({ config: { agent, probe } }) => [agent.unit, agent.interval_s, probe],
      start: (file, { link, keeper }, signal) =>
        watchRtt(
          { link, ticker, now_us, clock: keeper.summary, token: () => randomBytes(9).toString('base64url') },
          {
            echoSubject: subjectsIn(file).echo,
            peerInbox: peerInboxPrefixOf(file.config.agent.unit), // never the boot id: ids of records are made of it
            interval_ms: file.config.agent.interval_s * 1000,
            peers: file.config.probe.map(({ unit, section, interval_s }) => ({
              unit: unit ?? section,
              subject: echoOf(unit ?? section),
              interval_ms: interval_s * 1000,
            })),
          },
          signal,
        ),
    },
    answers: {
      needs: ['link', 'keeper', 'leaf', 'spool', 'rtt', 'echo'],
      inputs: (file) => file,
      start(file, parts) {
        const { link, keeper, echo, spool } = parts;
        const subjects = subjectsIn(file);
        const replies = { replySubjects: replySubjects(file) };
        const utcOffset_s = (): number | undefined => {
          const properties = freshValue(keeper.ptp())?.timeProperties;
          return properties?.currentUtcOffsetValid ? properties.currentUtcOffset_s : undefined;
        };
        // who asks a thousand times a second gets the same answer, and does not push out other events
        const look = shared(() => survey(parts, ground, file), ticker.now_ms, answerShare_ms);
        const probe = shared(
          async () => {
            const event = healthEvent(await look(), file, wall.now_us());
            spool.put({ subject: subjects.status, worth: 'event', body: event });
            return event;
          },
          ticker.now_ms,
          answerShare_ms,
        );
        const ends = [
          answerTimeSync(
            { link, now_us, clock: keeper.summary, utcOffset_s },
            { subject: subjects.timeSync, ...replies },
          ),
          answerService(
            {
              link,
              counters: echo.counters,
              started_ms: () => wall.toWall_us(ground.started_ms, ticker.now_ms()) / 1000,
            },
            {
              unit: file.config.agent.unit,
              version,
              subjects,
              metadata: {
                role: file.config.agent.role,
                host: hostname(),
                ...known({ tenant: file.config.agent.tenant }),
              },
              ...replies,
            },
          ),
          answerCommands(
            {
              link,
              commands: {
                HEALTH_PROBE: probe,
                PROBLEMS: async () => ({ problems: (await look()).health.findings }),
                VERSION: () => ({ version, ...runtime }),
              },
            },
            { subject: subjects.command, ...replies },
          ),
        ];
        return {
          stop() {
            for (const end of ends) end();
          },
        };
      },
    },
  };
}

/** What there is to say of dates, by the judge of this moment. */
const doubtOf =
  (parts: Partial<UnitParts>, { wall }: Ground) =>
  (): string | undefined =>
    clockCaveat(parts.keeper?.verdict().quality ?? 'freerun', wall.now_us() / 1000);

const linkOptions = ({ connection, config }: AgentFile) => ({
  ...connection,
  name: `nunect ${config.agent.unit}`,
  inboxPrefix: inboxPrefixOf(config.agent.unit),
});
