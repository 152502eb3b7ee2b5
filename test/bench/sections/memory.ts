import { memoryOf } from '../../kit/process/cost.ts';
import { untilAnswered } from '../echoes.ts';
import { type Figure, figure } from '../figures.ts';
import { loadClient } from '../load.ts';
import { minimalResponder, minimalSubject } from '../responders.ts';
import { pause, type Section } from '../section.ts';
import { onStage } from '../stage.ts';

const megabyte = 2 ** 20;

/** What echoes leave behind in memory, beside a minimal nats.js that answers as many. */
export const memory: Section = (bench) =>
  onStage(bench.build, {}, async (stage) => {
    const pids = { agent: (await stage.startedAgent()).pid, minimal: minimalResponder(stage)().pid };
    await untilAnswered(stage.hub, minimalSubject);
    await pause(10);
    const client = await loadClient(stage.hubServer.port, 'ops', 'ops');
    const before = { agent: memoryOf(pids.agent), minimal: memoryOf(pids.minimal) };
    const rows: Figure[] = [];
    let done = 0;
    for (const total of [100_000, ...(bench.isLong ? [1_000_000] : [])]) {
      for (const subject of [`ops.echo.${stage.unit}`, minimalSubject])
        for (let at = done; at < total; at += 50_000)
          await client.ask({ subject, count: 50_000, inFlight: 64, payload: 64 });
      done = total;
      const grown = (who: keyof typeof pids): number =>
        (memoryOf(pids[who]).anonymous - before[who].anonymous) / megabyte;
      const [agent, minimal] = [memoryOf(pids.agent), memoryOf(pids.minimal)];
      const count = total.toLocaleString('en');
      rows.push(
        figure(
          `memory.growth.${total}`,
          `growth of anonymous memory by ${count} echoes`,
          'MiB',
          [grown('agent')],
          {
            beside: { what: 'minimal nats.js', samples: [grown('minimal')] },
          },
        ),
        figure(
          `memory.rss.${total}`,
          `resident memory after ${count} echoes`,
          'MiB',
          [agent.rss / megabyte],
          {
            beside: { what: 'minimal nats.js', samples: [minimal.rss / megabyte] },
          },
        ),
      );
    }
    client.close();
    return rows;
  });
