import { newOwner } from '../../kit/process/cleanup.ts';
import { childrenOf } from '../../kit/process/cost.ts';
import { eventually } from '../../kit/process/daemon.ts';
import { startClocks } from '../clocks.ts';
import { untilAnswered } from '../echoes.ts';
import { type Beside, figure } from '../figures.ts';
import { bareNode, minimalResponder, minimalSubject, pacedNode } from '../responders.ts';
import { by, pause, type Section } from '../section.ts';
import { type Spending, spendingOf } from '../spending.ts';
import { onStage } from '../stage.ts';

/** A peer to which round trips are measured: it is the minimal nats.js program, on the same leaf. */
const probe = "config probe 'bench_js'\n\toption unit 'bench-js'\n";

/** What the agent costs while nothing is asked of it, all probes on, beside a bare node and the least that tells something. */
export const idle: Section = async (bench) => {
  const owner = newOwner();
  try {
    const clocks = await startClocks(owner);
    bench.say(`all probes on: ${clocks.what}, a peer`);
    return await onStage(
      bench.build,
      { agent: ["option interval_s '5'"], time: clocks.time, more: probe },
      async (stage) => {
        const bare = bareNode(owner).pid;
        const paced = pacedNode(owner).pid;
        const minimal = minimalResponder(stage, 5)().pid;
        await untilAnswered(stage.hub, minimalSubject);
        const agent = (await stage.startedAgent()).pid;
        await eventually(
          'pmc',
          () => clocks.what.includes('ptp4l') === false || childrenOf(agent).length > 0,
        );
        await pause(by(bench, { quick: 25, full: 60 })); // what it does at its start is not idle, and PTP has to lock
        const all = {
          sum: [] as Spending[],
          agent: [] as Spending[],
          bare: [] as Spending[],
          minimal: [] as Spending[],
          paced: [] as Spending[],
        };
        for (let at = 0; at < by(bench, { quick: 3, full: 6 }); at++) {
          const over = pause(by(bench, { quick: 20, full: 60 }));
          const [sum, own, node, least, pace] = await Promise.all([
            spendingOf(agent, () => over, { withChildren: true }),
            spendingOf(agent, () => over),
            spendingOf(bare, () => over),
            spendingOf(minimal, () => over),
            spendingOf(paced, () => over),
          ]);
          all.sum.push(sum);
          all.agent.push(own);
          all.bare.push(node);
          all.minimal.push(least);
          all.paced.push(pace);
        }
        const of = (who: keyof typeof all, what: keyof Spending): number[] =>
          all[who].map((one) => one[what]);
        const words = {
          bare: 'bare node',
          minimal: 'nats.js that tells three records',
          paced: 'node that only wakes as often and reads as much',
        } as const;
        const beside = (who: keyof typeof words, what: keyof Spending): Beside => ({
          what: words[who],
          samples: of(who, what),
        });
        const note = `every 5 s; ${clocks.what}, a peer`;
        return [
          figure('idle.cpu', 'CPU of one core, idle, with its pmc', '%', of('sum', 'cpuPercent'), {
            beside: beside('minimal', 'cpuPercent'),
            note,
          }),
          figure('idle.cpu.agent', 'the same without its pmc', '%', of('agent', 'cpuPercent'), {
            beside: beside('paced', 'cpuPercent'),
          }),
          figure('idle.wakeups', 'wake-ups of the agent, idle', '1/s', of('agent', 'wakeUpsPerSecond'), {
            beside: beside('minimal', 'wakeUpsPerSecond'),
            note,
          }),
          figure('idle.wakeups.pmc', 'the same with those of its pmc', '1/s', of('sum', 'wakeUpsPerSecond')),
          figure('idle.children', 'processes started in steady state', '', of('agent', 'children')),
          figure('idle.anonymous', 'anonymous memory, idle', 'MiB', of('agent', 'anonymousMB'), {
            beside: beside('bare', 'anonymousMB'),
          }),
          figure('idle.rss', 'resident memory, idle', 'MiB', of('agent', 'rssMB'), {
            beside: beside('bare', 'rssMB'),
          }),
          figure(
            'idle.anonymous.minimal',
            'the same beside the least that tells something',
            'MiB',
            of('agent', 'anonymousMB'),
            {
              beside: beside('minimal', 'anonymousMB'),
            },
          ),
        ];
      },
    );
  } finally {
    await owner.end();
  }
};
