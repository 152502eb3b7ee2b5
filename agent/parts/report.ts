import { hostname, networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import type { AgentFile } from '../config/agentfile.ts';
import { certProbe } from '../device/certs.ts';
import { spareFiles } from '../device/freefiles.ts';
import { selfProbe } from '../device/self.ts';
import { systemProbe } from '../device/system.ts';
import { stateFiles } from '../leaf/statefiles.ts';
import { known } from '../lib/known.ts';
import { freshValue } from '../lib/reading.ts';
import { shared } from '../lib/shared.ts';
import { version } from '../lib/version.ts';
import { clockStep, tellEvents } from '../status/events.ts';
import { keepRecorder } from '../status/flightrecorder.ts';
import { startPublisher } from '../status/publisher.ts';
import { statusSnapshot } from '../status/snapshot.ts';
import { survey } from '../status/survey.ts';
import { keepServing } from '../status/web/serving.ts';
import { logRecord, type UnitName } from '../wire/messages.ts';
import type { Ground, PlanOf, UnitParts } from './ground.ts';
import { subjectsIn } from './work.ts';

const storagePaths = ['/', '/overlay', '/tmp'];

const nameOf = ({ config: { agent } }: AgentFile): UnitName => ({
  unit: agent.unit,
  ...known({ tenant: agent.tenant }),
  version,
});

/** A name of the device, as it is asked for with the usual domains of local networks, too. */
const namesOf = (name: string): string[] => [name, `${name}.lan`, `${name}.local`];

/** A smaller step may be the difference of two good servers. */
const largeStep_us = 1e6;

const idle = { stop: (): void => {} };

/** What is told of the unit: events, the periodic records, and the status server. */
export function reportParts(
  ground: Ground,
): PlanOf<'system' | 'self' | 'certs' | 'recorder' | 'events' | 'watches' | 'publisher' | 'web'> {
  const { ticker, wall, trust, console } = ground;
  const wall_ms = (): number => wall.now_us() / 1000;
  let sequence = 0; // of heartbeats, over all reloads
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
    recorder: {
      needs: ['spool'],
      inputs: () => [],
      start(file, parts) {
        const now: Partial<UnitParts> = parts; // what is recorded outlives those that are looked at
        return keepRecorder(
          {
            keeper: () => now.keeper,
            leaf: () => now.leaf,
            seen: trust.see,
            spool: parts.spool,
            wall,
            ticker,
          },
          { unit: file.config.agent.unit, subject: subjectsIn(file).metric.recorder },
        );
      },
    },
    events: {
      needs: ['spool'],
      inputs: ({ config: { agent } }) => [agent.unit, agent.role],
      start(file, { spool }) {
        const { unit, role } = file.config.agent;
        const subjects = subjectsIn(file);
        console.publishTo((entry) => {
          const body = logRecord(unit, wall_ms(), entry);
          const worth = entry.level === 'error' || entry.level === 'fatal' ? 'event' : 'log';
          spool.put({ subject: subjects.log[entry.level], worth, body });
        });
        const log = console.log.part('unit');
        return { ...tellEvents({ spool, log, wall_ms }, { unit, role }), ...idle };
      },
    },
    watches: {
      needs: ['events', 'keeper', 'leaf', 'recorder', 'spool'],
      inputs: () => [],
      start(_file, parts) {
        const { events, keeper, leaf, recorder, spool } = parts;
        let hub = leaf.hubUp();
        const ends = [
          keeper.onChange((change, { evidence }) => {
            events.tell({ evidence, ...change });
            if (change.event === 'clock') recorder.changed({ evidence, ...change });
          }),
          leaf.onChange((reading) => {
            const now = leaf.hubUp();
            spool.kick();
            if (now === hub) return;
            const cause = (now: Partial<UnitParts>) => now.care?.trouble()?.text; // it starts after this part
            const evidence = cause(parts) ?? freshValue(reading)?.last_error?.text;
            events.tell({ event: 'hub', ...known({ before: hub, after: now, evidence }) });
            hub = now;
          }),
          wall.onStep((step_us) => {
            // the judge has not seen the step yet: this is how the clock was when the records were made
            trust.see({ quality: keeper.verdict().quality, mono_ms: ticker.now_ms() });
            const provenUntil_ms = trust.provenUntil_ms();
            if (Math.abs(step_us) > largeStep_us) spool.restamp({ provenUntil_ms, by_ms: step_us / 1000 });
            events.tell(clockStep(step_us, wall.now_us()));
          }),
        ];
        return {
          stop() {
            for (const end of ends) end();
          },
        };
      },
    },
    publisher: {
      needs: ['spool', 'events', 'rtt', 'leaf', 'keeper', 'link', 'system', 'self', 'certs'],
      inputs: ({ config: { agent, hub, leaf, time }, ...file }) => [
        agent,
        hub,
        leaf,
        time,
        file.problems,
        file.leaf,
        file.connection.creds, // whose days are counted
      ],
      start(file, parts) {
        const { agent, time } = file.config;
        return startPublisher(
          {
            spool: parts.spool,
            ticker,
            wall,
            nextSequence: () => ++sequence,
            random: ground.random,
            async outlook() {
              const now = await survey(parts, ground, file);
              parts.events.compare(now.health.findings);
              return now;
            },
          },
          {
            name: nameOf(file),
            subjects: subjectsIn(file),
            interval_s: agent.interval_s,
            boot_delay_s: sequence === 0 ? agent.boot_delay_s : 0, // a reload is no boot
            time,
          },
        );
      },
    },
    web: {
      needs: ['spool', 'rtt', 'leaf', 'keeper', 'link', 'system', 'self', 'certs', 'recorder'],
      inputs: (file) => file,
      start(file, parts, signal) {
        const { status } = file.config;
        /** However many look at it, the unit is looked at once a second. */
        const snapshot = shared(
          async () => {
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
          },
          ticker.now_ms,
          1000,
        );
        const { column } = parts.recorder;
        const history = () => ({
          now_ms: ticker.now_ms(),
          mono_ms: column('mono_ms'),
          offset_ns: column('offset_ns'),
          error_bound_ns: column('error_bound_ns'),
          hub_rtt_us: column('hub_rtt_us'),
        });
        const recorded = () => ({ unit: file.config.agent.unit, ...parts.recorder.table() });
        return keepServing(
          {
            snapshot,
            history,
            recorded,
            ticker,
            log: console.log.part('status'),
            interfaces: networkInterfaces,
            spareFiles,
          },
          {
            ...status,
            hosts: [...namesOf(hostname()), ...namesOf(file.config.agent.unit), ...status.host],
            socket: join(ground.runDir, basename(stateFiles.statusSocket)),
          },
          signal,
        );
      },
    },
  };
}
