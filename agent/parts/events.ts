import { publishEvents } from '../status/events.ts';
import { logRecord } from '../wire/messages.ts';
import { part, subjectsIn } from './part.ts';
import { spoolPart } from './spool.ts';

/** Publishes what changes, and the log. */
export const eventsPart = part({
  name: 'events',
  needs: { spool: spoolPart },
  inputs: ({ config: { agent } }) => [agent.unit, agent.role],
  start(file, { spool, wall, ticker, log, publishLog }) {
    const { unit, role } = file.config.agent;
    const subjects = subjectsIn(file);
    const wall_ms = (): number => wall.now_us() / 1000;
    publishLog((entry) => {
      const body = logRecord(unit, wall_ms(), entry);
      const priority = entry.level === 'error' || entry.level === 'fatal' ? 'event' : 'log';
      spool.put({ subject: subjects.log[entry.level], priority, body });
    });
    const { now_ms } = ticker;
    return {
      ...publishEvents({ spool, log: log.part('unit'), wall_ms, now_ms }, { unit, role }),
      stop: () => {},
    };
  },
});
