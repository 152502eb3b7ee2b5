import { hostname } from 'node:os';
import { freshValue } from '../clock/reading.ts';
import type { AgentFile } from '../config/agentfile.ts';
import { known } from '../lib/known.ts';
import { version } from '../lib/version.ts';
import { logRecord, type UnitName } from '../nats/messages.ts';
import { certProbe } from '../probe/certs.ts';
import { selfProbe } from '../probe/self.ts';
import { systemProbe } from '../probe/system.ts';
import { tellEvents } from './events.ts';
import type { Ground, PlanOf } from './parts.ts';
import { startPublisher } from './publisher.ts';
import { statusSnapshot } from './status.ts';
import { survey } from './survey.ts';
import { keepServing } from './webpart.ts';
import { subjectsIn } from './workparts.ts';

const storagePaths = ['/', '/overlay', '/tmp'];

const nameOf = ({ config: { agent } }: AgentFile): UnitName => ({
  unit: agent.unit,
  ...known({ tenant: agent.tenant }),
  version,
});

const idle = { stop: (): void => {} };

/** What is told of the unit: events, the periodic records, and the status server. */
export function reportParts(
  ground: Ground,
): PlanOf<'system' | 'self' | 'certs' | 'events' | 'publisher' | 'web'> {
  const { ticker, wall, console, signal } = ground;
  const wall_ms = (): number => wall.now_us() / 1000;
  return {
    system: {
      needs: [],
      inputs: () => [],
      start: () => ({ ...systemProbe(storagePaths), ...idle }),
    },
    self: {
      needs: [],
      inputs: () => [],
      start: () => ({
        ...selfProbe({ now_ms: ticker.now_ms, childrenStarted: ground.childrenStarted }),
        ...idle,
      }),
    },
    certs: { needs: [], inputs: () => [], start: () => ({ ...certProbe({ wall_ms }), ...idle }) },
    events: {
      needs: ['spool', 'keeper', 'leaf'],
      inputs: ({ config: { agent } }) => [agent.unit, agent.role],
      start(file, { spool, keeper, leaf }) {
        const { unit, role } = file.config.agent;
        const subjects = subjectsIn(file);
        const events = tellEvents(
          { spool, log: console.log.part('unit'), wall_ms },
          { unit, role, subject: subjects.status },
        );
        keeper.onChange((change, verdict) => events.tell({ ...change, evidence: verdict.evidence }));
        let hub = leaf.hubUp();
        leaf.onChange((reading) => {
          const now = leaf.hubUp();
          spool.kick();
          if (now === hub) return;
          const evidence = freshValue(reading)?.last_error?.text;
          events.tell({ event: 'hub', ...known({ before: hub, after: now, evidence }) });
          hub = now;
        });
        const endSteps = wall.onStep((step_us) =>
          events.tell({ event: 'clock_step', after: { step_us }, evidence: 'the system clock was set' }),
        );
        console.publishTo((entry) => {
          const body = logRecord(unit, wall_ms(), entry);
          const worth = entry.level === 'error' || entry.level === 'fatal' ? 'event' : 'log';
          spool.put({ subject: subjects.log[entry.level], worth, body });
        });
        return { ...events, stop: endSteps };
      },
    },
    publisher: {
      needs: ['spool', 'events', 'rtt', 'leaf', 'keeper', 'link', 'system', 'self', 'certs'],
      inputs: ({ config: { agent, time }, problems }) => [agent, time, problems],
      start(file, parts) {
        const { agent, time } = file.config;
        return startPublisher(
          {
            spool: parts.spool,
            ticker,
            wall,
            random: ground.random,
            async outlook() {
              const now = await survey(parts, ground, file);
              parts.events.compare(now.health.troubles);
              return now;
            },
          },
          {
            name: nameOf(file),
            subjects: subjectsIn(file),
            interval_s: agent.interval_s,
            boot_delay_s: agent.boot_delay_s,
            time,
          },
        );
      },
    },
    web: {
      needs: ['spool', 'rtt', 'leaf', 'keeper', 'link', 'system', 'self', 'certs'],
      inputs: (file) => file,
      start(file, parts) {
        const { status } = file.config;
        if (!status.enabled) return idle;
        const snapshot = async () => {
          const outlook = await survey(parts, ground, file);
          const now_ms = ticker.now_ms();
          const since = (mono_ms: number): number => Math.floor(wall.toWall_us(mono_ms, now_ms) / 1000);
          const { holdover } = outlook.time.verdict;
          return statusSnapshot(outlook, {
            name: nameOf(file),
            wall_ms: wall_ms(),
            link: parts.link.state(),
            linkSince_ms: since(parts.link.state().since_ms),
            holdoverSince_ms: holdover && since(holdover.since_ms),
            hubChanges: freshValue(parts.leaf.read())?.hub.changes,
            spool: parts.spool.stats(),
          });
        };
        return keepServing(
          { snapshot, ticker, log: console.log.part('status') },
          { ...status, hosts: [hostname(), file.config.agent.unit] },
          signal,
        );
      },
    },
  };
}
