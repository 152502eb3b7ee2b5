import { publishEvents } from '../status/events.ts';
import { keepRecorder } from '../status/flightrecorder.ts';
import { logRecord } from '../wire/messages.ts';
import { clockPart } from './clock.ts';
import { leafPart } from './leaf.ts';
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

/** The flight recorder: what is recorded outlives those that are looked at. */
export const recorderPart = part({
  name: 'recorder',
  needs: { spool: spoolPart },
  uses: { clock: clockPart, leaf: leafPart },
  inputs: () => [],
  start: (file, { spool, clock, leaf, trust, wall, ticker }) =>
    keepRecorder(
      { clock, leaf, seen: trust.see, spool, wall, ticker },
      { unit: file.config.agent.unit, subject: subjectsIn(file).metric.recorder },
    ),
});
