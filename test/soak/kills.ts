// What happens to processes: killed, ended, stopped, started again.
import { eventually } from '../kit/process/daemon.ts';
import type { Action, Scene } from './action.ts';
import { childOf } from './vitals.ts';

const hub: readonly Action[] = [
  {
    name: 'hub killed',
    things: ['hub'],
    held_s: [0, 8],
    async run({ hub }, hold) {
      await hub.server().end('SIGKILL');
      await hold();
      await hub.restart();
    },
  },
  {
    name: 'hub stopped (SIGTERM)',
    things: ['hub'],
    held_s: [0, 3],
    async run({ hub }, hold) {
      await hub.server().end('SIGTERM');
      await hold();
      await hub.restart();
    },
  },
  {
    name: 'hub paused (SIGSTOP)',
    things: ['hub'],
    held_s: [1, 10],
    async run({ hub }, hold) {
      hub.server().kill('SIGSTOP');
      await hold();
      hub.server().kill('SIGCONT');
    },
  },
];

const leafSignal = (name: string, signal: NodeJS.Signals): Action => ({
  name,
  things: ['leaf'],
  held_s: [0, 1],
  async run({ unit }, hold) {
    unit.leaf().kill(signal);
    await hold();
  },
});

const leaf: readonly Action[] = [
  leafSignal('leaf killed', 'SIGKILL'),
  leafSignal('leaf stopped (SIGTERM)', 'SIGTERM'),
  {
    name: 'leaf paused (SIGSTOP)',
    things: ['leaf'],
    held_s: [1, 10],
    async run({ unit }, hold) {
      unit.leaf().kill('SIGSTOP');
      await hold();
      unit.leaf().kill('SIGCONT');
    },
  },
];

/** Ends the agent and, when it is time, starts it again. */
const agentEnd = (name: string, signal: 'SIGTERM' | 'SIGKILL'): Action => ({
  name,
  things: ['agent', 'files'], // one that is started needs its files
  held_s: [0, 4],
  endsAgent: true,
  async run({ unit, watch, endedAt_ms, note }, hold) {
    const run = watch.run();
    const begun = performance.now();
    run.ended = signal;
    endedAt_ms.set(run, begun);
    await unit.agent().end(signal);
    const took_s = (performance.now() - begun) / 1000;
    if (took_s > 1) note(`the agent took ${took_s.toFixed(1)} s to exit`);
    if (/waiting records are lost at this stop/.test(unit.agent().output())) run.ended = 'SIGKILL'; // no better than that
    await hold();
    await unit.startAgent();
    watch.begun();
  },
});

const agent: readonly Action[] = [
  agentEnd('agent killed', 'SIGKILL'),
  agentEnd('agent stopped (SIGTERM)', 'SIGTERM'),
  {
    name: 'agent paused (SIGSTOP)',
    things: ['agent'],
    held_s: [1, 10],
    async run({ unit }, hold) {
      const it = unit.agent();
      it.kill('SIGSTOP');
      await hold();
      it.kill('SIGCONT');
    },
  },
];

/** Notes the time in which a clock daemon gave nothing. */
async function inTheDark(scene: Scene, source: 'ntp' | 'ptp', hold: () => Promise<void>): Promise<void> {
  const from_ms = performance.now();
  await hold();
  scene.dark.push({ source, from_ms, until_ms: performance.now() });
}

const clocks: readonly Action[] = [
  {
    name: 'chronyd killed',
    things: ['chronyd'],
    held_s: [0, 20],
    async run(scene, hold) {
      await scene.clocks.chronyd.end('SIGKILL');
      await inTheDark(scene, 'ntp', hold);
      scene.clocks.chronyd = scene.clocks.chronyd.restart();
    },
  },
  {
    name: 'chronyd paused (SIGSTOP)',
    things: ['chronyd'],
    held_s: [1, 20],
    async run(scene, hold) {
      scene.clocks.chronyd.kill('SIGSTOP');
      await inTheDark(scene, 'ntp', hold);
      scene.clocks.chronyd.kill('SIGCONT');
    },
  },
  {
    name: 'ptp4l killed',
    things: ['ptp'],
    held_s: [0, 20],
    can: ({ clocks }) => clocks.slave !== undefined,
    async run(scene, hold) {
      await scene.clocks.slave?.end('SIGKILL');
      await inTheDark(scene, 'ptp', hold);
      const { slave } = scene.clocks;
      if (slave !== undefined) scene.clocks.slave = slave.restart();
    },
  },
  {
    name: 'grandmaster paused (SIGSTOP)',
    things: ['ptp'],
    held_s: [1, 20],
    can: ({ clocks }) => clocks.gm !== undefined,
    async run({ clocks }, hold) {
      clocks.gm?.kill('SIGSTOP');
      await hold();
      clocks.gm?.kill('SIGCONT');
    },
  },
  ...(['SIGKILL', 'SIGSTOP'] as const).map(
    (signal): Action => ({
      name: `${signal} to pmc`,
      things: ['pmc', 'agent'],
      held_s: [0, 6],
      can: ({ watch }) => childOf(watch.run().pid, 'pmc') !== undefined,
      async run({ watch }, hold) {
        const pmc = childOf(watch.run().pid, 'pmc');
        if (pmc === undefined) return;
        process.kill(pmc, signal); // the agent has to see to it by itself: it is not let go on
        await hold();
        await eventually(
          'another pmc',
          () => {
            const now = childOf(watch.run().pid, 'pmc');
            return now !== pmc;
          },
          60_000,
          200,
        );
      },
    }),
  ),
];

/** Processes killed, ended and stopped. */
export const kills: readonly Action[] = [...hub, ...leaf, ...agent, ...clocks];
