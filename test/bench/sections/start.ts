import { costOf } from '../../kit/process/cost.ts';
import { type Daemon, runToEnd } from '../../kit/process/daemon.ts';
import { runtime } from '../../kit/process/tools.ts';
import { untilAnswered } from '../echoes.ts';
import { figure } from '../figures.ts';
import { minimalResponder, minimalSubject } from '../responders.ts';
import { by, pause, type Section } from '../section.ts';
import { onStage, type Stage } from '../stage.ts';

/** Wall time in ms, and CPU time, until a program that was just started answers its first echo. */
async function firstEcho(stage: Stage, start: () => Daemon, subject: string): Promise<[number, number]> {
  const begun = performance.now();
  const program = start();
  await untilAnswered(stage.hub, subject).catch((error: Error) => {
    throw new Error(`${error.message}: ${program.output()}`);
  });
  const took = performance.now() - begun;
  const { threadMs } = costOf(program.pid);
  await program.end('SIGTERM');
  await pause(0.2); // the leaf forgets the subscription
  return [took, threadMs];
}

/** From the start of the process to its first answer at the hub, beside the least that nats.js needs for the same. */
export const start: Section = (bench) =>
  onStage(bench.build, {}, async (stage) => {
    const minimal = minimalResponder(stage);
    const node: number[] = [];
    const times = { agent: [] as number[], launched: [] as number[], minimal: [] as number[] };
    const cpu = { agent: [] as number[], minimal: [] as number[] };
    const rounds = by(bench, { quick: 7, full: 15 });
    for (let round = 0; round <= rounds; round++) {
      const least = await firstEcho(stage, minimal, minimalSubject);
      const agent = await firstEcho(stage, () => stage.agent([]), `ops.echo.${stage.unit}`);
      const launched = await firstEcho(stage, () => stage.agent(), `ops.echo.${stage.unit}`);
      const begun = performance.now();
      await runToEnd(runtime(), ['-e', '0']);
      if (round > 0) node.push(performance.now() - begun);
      if (round === 0) continue; // the pages of the programs were not in memory
      times.minimal.push(least[0]);
      times.agent.push(agent[0]);
      times.launched.push(launched[0]);
      cpu.minimal.push(least[1]);
      cpu.agent.push(agent[1]);
    }
    const beside = (samples: number[]) => ({ what: 'minimal nats.js', samples });
    return [
      figure('start.first-echo', 'start to first echo', 'ms', times.agent, { beside: beside(times.minimal) }),
      figure(
        'start.launcher',
        'the same by the launcher, which asks node its version',
        'ms',
        times.launched,
        {
          beside: beside(times.minimal),
        },
      ),
      figure('start.node', 'a bare node from its start to its end', 'ms', node),
      figure('start.cpu', 'CPU until the first echo', 'ms', cpu.agent, { beside: beside(cpu.minimal) }),
    ];
  });
