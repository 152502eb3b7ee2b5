import { hostname } from 'node:os';
import { answerCommands } from '../answers/command.ts';
import { answerService } from '../answers/service.ts';
import { answerTimeSync } from '../answers/timesync.ts';
import type { Timekeeper } from '../clock/timekeeper.ts';
import { known } from '../lib/known.ts';
import { freshValue } from '../lib/reading.ts';
import { shared } from '../lib/shared.ts';
import { runtime, version } from '../lib/version.ts';
import { healthEvent } from '../status/events.ts';
import { clockPart } from './clock.ts';
import { echoPart, linkPart } from './link.ts';
import { checkedNow_us, part, replySubjectsIn, subjectsIn } from './part.ts';
import { spoolPart } from './spool.ts';
import { surveyPart } from './survey.ts';

/** Answers to commands within this are one. */
const answerShare_ms = 500;

/** TAI minus UTC, where the grandmaster announces it. */
function utcOffset_s(clock: Timekeeper): number | undefined {
  const properties = freshValue(clock.ptp())?.timeProperties;
  return properties?.currentUtcOffsetValid ? properties.currentUtcOffset_s : undefined;
}

/** The other requests that are answered: time, commands, and what `nats micro` asks. */
export const answersPart = part({
  name: 'answers',
  needs: { link: linkPart, echo: echoPart, spool: spoolPart },
  uses: { clock: clockPart, survey: surveyPart },
  inputs: ({ config: { agent, hub } }) => [agent.unit, agent.role, agent.tenant, hub.reply_subject],
  start(file, { link, echo, spool, clock, survey, ...context }) {
    const { ticker, wall, started_ms } = context;
    const { unit, role, tenant } = file.config.agent;
    const subjects = subjectsIn(file);
    const replies = { replySubjects: replySubjectsIn(file) };
    // who asks a thousand times a second gets the same answer, and does not push out other events
    const look = shared(() => survey().look(), ticker.now_ms, answerShare_ms);
    const probe = async () => {
      const event = healthEvent(await look(), { unit, role }, wall.now_us());
      spool.put({ subject: subjects.status, priority: 'event', body: event });
      return event;
    };
    const ends = [
      answerTimeSync(
        {
          link,
          now_us: checkedNow_us(wall),
          clock: () => clock().summary(),
          utcOffset_s: () => utcOffset_s(clock()),
        },
        { subject: subjects.timeSync, ...replies },
      ),
      answerService(
        {
          link,
          counters: echo.counters,
          started_ms: () => wall.toWall_us(started_ms, ticker.now_ms()) / 1000,
        },
        { unit, version, subjects, metadata: { role, host: hostname(), ...known({ tenant }) }, ...replies },
      ),
      answerCommands(
        {
          link,
          commands: {
            HEALTH_PROBE: shared(probe, ticker.now_ms, answerShare_ms),
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
});
