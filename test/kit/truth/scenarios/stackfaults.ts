// What happens to the time stack of a unit that is locked: its programs end, its sources err or fall silent.
import type { Lab, Scenario } from '../lab.ts';
import type { GmLies } from '../servers.ts';
import { pause } from '../unit.ts';
import {
  becomes,
  byNtp,
  byPtp,
  followedBy,
  heldWithin,
  lockedSite,
  needSelectopts,
  type StackSite,
  stackSite,
} from './stack.ts';

/** The grandmaster errs, and is right again. */
async function passingError(lab: Lab, lies: GmLies, servers: number): Promise<void> {
  needSelectopts();
  const { unit, gm } = await lockedSite(lab, { servers: Array.from({ length: servers }, () => ({})) });
  await heldWithin(unit, 0.001, async () => {
    unit.mark('the grandmaster errs');
    gm.set(lies);
    await pause(10);
    await byNtp(unit, 40);
    await pause(20);
    unit.mark('it is right again');
    gm.set({ tai_s: 37, offset_s: 0 });
    await pause(30); // chronyd has samples of before
    await byPtp(unit, 60);
    await pause(20);
  });
}

/** A program is killed, and started anew after 5 s, as procd does; PTP is to be there again. */
async function killedAndBack(
  { unit, stack }: StackSite,
  part: 'ptp4l' | 'chronyd' | 'orders',
): Promise<void> {
  unit.mark(`${part} is killed`);
  await stack.running(part)?.end('SIGKILL');
  await pause(5);
  stack.restart(part);
  await pause(5);
  await byPtp(unit, 30);
}

/** Each program is killed, and started 5 s later as procd does. */
async function kills(lab: Lab): Promise<void> {
  needSelectopts();
  const site = await lockedSite(lab);
  const { unit, agent, gm } = site;
  await heldWithin(unit, 0.001, async () => {
    for (const part of ['ptp4l', 'chronyd', 'orders'] as const) {
      await killedAndBack(site, part);
      await pause(20);
    }
  });
  unit.mark('the agent is killed, and the grandmaster dies');
  await agent.end('SIGKILL');
  await gm.end();
  await pause(5);
  await unit.agent();
  await becomes(site, 'chronyd by NTP', 10, async () => /^127/.test((await followedBy(site)) ?? ''));
  await byNtp(unit, 10);
  await pause(5);
}

/** Nobody tells chronyd anything: it finds out by itself. */
async function deadAgent(lab: Lab): Promise<void> {
  const site = await lockedSite(lab);
  await pause(60);
  site.unit.mark('the agent is killed for good, and the grandmaster dies');
  await site.agent.end('SIGKILL');
  await site.gm.end();
  await becomes(site, 'chronyd by NTP', 120, async () => /^127/.test((await followedBy(site)) ?? ''));
}

/** NTP is silent for good: what PTP has left is PTP. */
async function silentNtp(lab: Lab): Promise<void> {
  const site = await lockedSite(lab);
  const { unit, servers, gm, newGm } = site;
  unit.mark('NTP falls silent');
  servers[0]?.set({ mute: true });
  await pause(60);
  for (const part of ['ptp4l', 'chronyd'] as const) {
    await killedAndBack(site, part);
    await pause(10);
  }
  unit.mark('the grandmaster is away for 10 s');
  await gm.end();
  await pause(10);
  await newGm();
  await byPtp(unit, 30);
  await pause(10);
}

/** Two grandmasters, of which the better one dies and returns. */
async function secondGm(lab: Lab, other: GmLies): Promise<void> {
  needSelectopts();
  const { unit, gm, ends, newGm } = await lockedSite(lab);
  await lab.gm(ends.other, { identity: '00aa00fffe000002', priority1: 20, ...other }, 'UDPv4');
  await heldWithin(unit, 0.001, async () => {
    await pause(10);
    unit.mark('the better grandmaster dies');
    await gm.end();
    await pause(40);
    unit.mark('it is back');
    await newGm();
    await pause(60);
    await byPtp(unit, 40);
    await pause(10);
  });
}

/** Somebody sets the clock; chronyd is told to put that right at once, for by itself it takes its time. */
async function setByHand(lab: Lab): Promise<void> {
  const { unit, stack } = await lockedSite(lab);
  for (const by_s of [0.3, -0.3, 5, -3600]) {
    unit.mark(`the clock is set by ${by_s} s`);
    unit.step(by_s);
    await pause(60); // a chronyd that has noticed begins anew: makestep needs a source that it follows
    await stack.chronyc('makestep');
    await pause(10);
    await byPtp(unit, 120); // PTP and NTP were not measured on the same side of it
    await pause(30); // ptp4l mistakes a clock that is moved for a longer path, for half a minute
    unit.atMost(0.001);
  }
}

export const stackFaultScenarios: readonly Scenario[] = [
  {
    name: 'stack-split',
    what: 'two NTP servers 5 s apart, which PTP settles',
    seconds: 100,
    async run(lab) {
      const { unit } = await stackSite(lab, { servers: [{}, { offset_s: 5 }] });
      await byPtp(unit, 40);
      await pause(40); // the clock is moved under ptp4l; and never locked, for one of three contradicts
      await heldWithin(unit, 0.001, () => pause(20));
    },
  },
  { name: 'stack-set', what: 'the clock is set by hand', seconds: 600, run: setByHand },
  {
    name: 'stack-errs-tai',
    what: 'a grandmaster goes over to TAI while it is followed, and is put right',
    seconds: 180,
    run: (lab) => passingError(lab, { tai_s: 0 }, 1),
  },
  {
    name: 'stack-errs-15',
    what: 'the same by 1.5 s',
    seconds: 180,
    run: (lab) => passingError(lab, { offset_s: 1.5 }, 1),
  },
  {
    name: 'stack-errs-near',
    what: 'the same by 0.9 s',
    seconds: 180,
    run: (lab) => passingError(lab, { offset_s: 0.9 }, 1),
  },
  { name: 'stack-kills', what: 'each program of it is killed', seconds: 190, run: kills },
  { name: 'stack-dead', what: 'agent and grandmaster gone for good', seconds: 230, run: deadAgent },
  { name: 'stack-alone', what: 'PTP, and NTP that has fallen silent', seconds: 220, run: silentNtp },
  {
    name: 'stack-2gm',
    what: 'two grandmasters 50 us apart',
    seconds: 130,
    run: (lab) => secondGm(lab, { offset_s: 5e-5 }),
  },
  {
    name: 'stack-2gm-tai',
    what: 'the second of two grandmasters counts in TAI',
    seconds: 130,
    run: (lab) => secondGm(lab, { tai_s: 0 }),
  },
];
