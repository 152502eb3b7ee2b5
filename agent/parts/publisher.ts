import type { AgentFile } from '../config/agentfile.ts';
import { startPublisher } from '../status/publisher.ts';
import { eventsPart } from './events.ts';
import { nameIn, part, subjectsIn } from './part.ts';
import { spoolPart } from './spool.ts';
import { surveyPart } from './survey.ts';

const publisherOptions = (file: AgentFile) => ({
  name: nameIn(file),
  subjects: subjectsIn(file),
  interval_s: file.config.agent.interval_s,
  boot_delay_s: file.config.agent.boot_delay_s,
  time: file.config.time,
});

/** Heartbeat and metrics at each interval. What a reload changes of the unit's state is published at once. */
export const publisherPart = part({
  name: 'publisher',
  needs: { spool: spoolPart, events: eventsPart },
  uses: { survey: surveyPart },
  inputs: ({ config: { agent, hub, leaf, time }, ...file }) => [
    agent,
    hub,
    leaf,
    time,
    file.problems,
    file.leaf,
    file.connection.creds, // whose days are counted
  ],
  start: (file, { spool, events, survey, ticker, wall, random }) =>
    startPublisher(
      {
        spool,
        ticker,
        wall,
        random,
        async look() {
          const now = await survey().look();
          events.compare(now.health.findings);
          return now;
        },
      },
      publisherOptions(file),
    ),
  adapt: (publisher, file) => publisher.configure(publisherOptions(file)),
});
