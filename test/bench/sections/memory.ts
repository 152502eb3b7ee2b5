import { memoryOf, threadMsOf } from '../../kit/process/cost.ts';
import { untilAnswered } from '../echoes.ts';
import { type Figure, figure } from '../figures.ts';
import { loadClient } from '../load.ts';
import { minimalResponder, minimalSubject } from '../responders.ts';
import { type Bench, pause, type Section } from '../section.ts';
import { onStage } from '../stage.ts';

const megabyte = 2 ** 20;

/** The kinds of device that the launcher tells apart: with node's own flags, and with those for little memory. */
const devices = [
  { id: '', what: '', memory_mb: undefined },
  { id: '.small', what: ' on a device of 256 MB', memory_mb: 256 },
] as const;

/** What echoes leave behind in memory of one kind of device, beside a minimal nats.js that answers as many. */
function onDevice(bench: Bench, { id, what, memory_mb }: (typeof devices)[number]): Promise<Figure[]> {
  return onStage(bench.build, memory_mb === undefined ? {} : { memory_mb }, async (stage) => {
    const pids = { agent: (await stage.startedAgent()).pid, minimal: minimalResponder(stage)().pid };
    await untilAnswered(stage.hub, minimalSubject);
    await pause(10);
    const client = await loadClient(stage.hubServer.port, 'ops', 'ops');
    const before = { agent: memoryOf(pids.agent), minimal: memoryOf(pids.minimal) };
    const rows = [
      figure(`memory.start${id}`, `anonymous memory before any load${what}`, 'MiB', [
        before.agent.anonymous / megabyte,
      ]),
    ];
    let done = 0;
    const cpu = { agent: 0, minimal: 0 };
    for (const total of [100_000, ...(bench.isLong ? [1_000_000] : [])]) {
      for (let at = done; at < total; at += 50_000) {
        for (const who of ['agent', 'minimal'] as const) {
          const subject = who === 'agent' ? `ops.echo.${stage.unit}` : minimalSubject;
          const used = threadMsOf(pids[who]);
          await client.ask({ subject, count: 50_000, inFlight: 64, payload: 64 });
          cpu[who] += threadMsOf(pids[who]) - used;
        }
      }
      done = total;
      const [agent, minimal] = [memoryOf(pids.agent), memoryOf(pids.minimal)];
      const count = total.toLocaleString('en');
      const row = (name: string, text: string, unit: string, own: number, theirs: number): Figure =>
        figure(`memory.${name}.${total}${id}`, `${text}${what}`, unit, [own], {
          beside: { what: 'minimal nats.js', samples: [theirs] },
        });
      const grown = (now: typeof agent, then: typeof agent): number =>
        (now.anonymous - then.anonymous) / megabyte;
      rows.push(
        row(
          'growth',
          `growth of anonymous memory by ${count} echoes`,
          'MiB',
          grown(agent, before.agent),
          grown(minimal, before.minimal),
        ),
        row(
          'rss',
          `resident memory after ${count} echoes`,
          'MiB',
          agent.rss / megabyte,
          minimal.rss / megabyte,
        ),
        row('cpu', `CPU of ${count} echoes`, 'ms', cpu.agent, cpu.minimal),
      );
    }
    client.close();
    return rows;
  });
}

/** What echoes leave behind in memory, with the flags of node that the launcher chooses for each kind of device. */
export const memory: Section = async (bench) => {
  const rows: Figure[] = [];
  for (const device of devices) rows.push(...(await onDevice(bench, device)));
  return rows;
};
