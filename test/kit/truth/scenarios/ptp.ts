import type { NetnsEnd } from '../../net/netns.ts';
import { type Lab, LeftOut, type Scenario } from '../lab.ts';
import { type GmLies, gmFlags, goodFlags, type Liar } from '../servers.ts';
import { pause, type TruthUnit } from '../unit.ts';

/** Makes the servo settle within 2 s. */
export const quick: readonly string[] = ['pi_proportional_const 0.7', 'pi_integral_const 0.3'];

/** A unit that follows a grandmaster. */
interface PtpSite {
  readonly unit: TruthUnit;
  readonly gm: Liar<GmLies>;
  readonly ends: readonly NetnsEnd[];
}

/** Lays a network with a grandmaster at its first end; the second is for a unit, the others are free. */
export async function wire(
  lab: Lab,
  lies: GmLies = {},
  count = 2,
): Promise<Pick<PtpSite, 'gm' | 'ends'> & { readonly unitEnd: NetnsEnd }> {
  const ends = lab.network(count);
  const [gmEnd, unitEnd] = ends;
  if (gmEnd === undefined || unitEnd === undefined) throw new Error('two ends at least');
  return { gm: await lab.gm(gmEnd, lies), ends, unitEnd };
}

/** Starts a grandmaster, and a unit whose ptp4l follows it. */
export async function ptpSite(
  lab: Lab,
  opts: {
    readonly gm?: GmLies;
    readonly lines?: readonly string[];
    readonly ends?: number;
    readonly time?: readonly string[];
  } = {},
): Promise<PtpSite> {
  const unit = await lab.unit(opts.time === undefined ? {} : { time: opts.time });
  const { gm, ends, unitEnd } = await wire(lab, opts.gm, opts.ends);
  unit.ptp4l(unitEnd, opts.lines ?? quick);
  await unit.agent();
  return { unit, gm, ends };
}

/** A unit that follows a grandmaster which lies in one way from the first. */
const always = (name: string, what: string, gm: GmLies, reason: string, seconds = 50): Scenario => ({
  name,
  what,
  seconds,
  async run(lab) {
    const { unit } = await ptpSite(lab, { gm });
    await pause(seconds - 5);
    unit.expect(reason);
  },
});

/** A unit that is settled when its grandmaster begins to lie. */
const suddenly = (name: string, what: string, gm: GmLies, reason: string, seconds = 25): Scenario => ({
  name,
  what,
  seconds: seconds + 40,
  async run(lab) {
    const { unit, gm: liar } = await ptpSite(lab);
    await unit.settled();
    unit.mark(what);
    liar.set(gm);
    await pause(seconds);
    unit.expect(reason);
  },
});

/** Locked all the while, with a median bound of 10 times the scatter of the time stamps, some 5 us of it the machine's. */
const lockedWithin = (us: number) => ({ verdict: 'ptp/locked', median_ns: 10_000 * (us + 5) });

/** A good grandmaster whose time stamps scatter. */
const jittery = (us: number): Scenario => ({
  name: `ptp-jitter${us}`,
  what: `time stamps of the grandmaster scatter by ${us} us`,
  seconds: 150,
  async run(lab) {
    const { unit } = await ptpSite(lab, { gm: { jitter_s: us * 1e-6 }, lines: [] });
    await pause(60);
    await unit.steady(80, lockedWithin(us));
  },
});

async function tenMinutes(lab: Lab): Promise<void> {
  const { unit } = await ptpSite(lab, { gm: { jitter_s: 15e-6 }, lines: [] });
  await pause(60);
  await unit.steady(600, lockedWithin(15));
}

/** Changes of a kind, one after the other, at a settled unit. */
async function oneByOne(
  lab: Lab,
  changes: readonly (readonly [what: string, lies: GmLies, seconds: number])[],
) {
  const { unit, gm } = await ptpSite(lab);
  await unit.settled();
  for (const [what, lies, seconds] of changes) {
    unit.mark(what);
    gm.set(lies);
    await pause(seconds);
  }
}

const classes: readonly (readonly [number, number])[] = [
  [248, 0xfe],
  [187, 0xfe],
  [7, 0x21],
  [135, 0x21],
  [52, 0x21],
  [6, 0xfe],
  [6, 0x31],
  [6, 0x21],
];

async function classChanges(lab: Lab): Promise<void> {
  const changes = classes.map(
    ([clock_class, accuracy]) =>
      [`class ${clock_class}, accuracy 0x${accuracy.toString(16)}`, { clock_class, accuracy }, 8] as const,
  );
  await oneByOne(lab, changes);
}

async function flagChanges(lab: Lab): Promise<void> {
  await oneByOne(lab, [
    ['currentUtcOffsetValid withdrawn', { flags: goodFlags & ~gmFlags.utcOffsetValid }, 10],
    ['timeTraceable withdrawn', { flags: goodFlags & ~gmFlags.timeTraceable }, 10],
    ['leap61 announced', { flags: goodFlags | gmFlags.leap61 }, 10],
    ['leap59 announced', { flags: goodFlags | gmFlags.leap59 }, 10],
    ['ptpTimescale withdrawn, and UTC served', { flags: goodFlags & ~gmFlags.ptpTimescale, tai_s: 0 }, 10],
    ['all right again', { flags: goodFlags, tai_s: 37 }, 10],
    ['stepsRemoved 5', { steps_removed: 5 }, 8],
  ]);
}

/** A second grandmaster, 5 ms off, that serves while the first is silent. */
async function secondGrandmaster(lab: Lab): Promise<void> {
  const { unit, gm, ends } = await ptpSite(lab, { ends: 3 });
  const [, , third] = ends;
  if (third !== undefined)
    await lab.gm(third, { identity: '00aa00fffe000002', offset_s: 0.005, priority1: 20 });
  await unit.settled();
  unit.mark('the first is silent: the second, 5 ms off, takes over');
  gm.set({ no_announce: true, no_sync: true });
  await pause(40);
  unit.mark('the first is back');
  gm.set({ no_announce: false, no_sync: false });
  await pause(40);
}

/** Delay towards the grandmaster alone, in the switch. */
async function delayToGm(lab: Lab): Promise<void> {
  const { unit, ends } = await ptpSite(lab);
  unit.mark('1 ms more towards the grandmaster');
  try {
    ends[1]?.run('tc', 'qdisc', 'add', 'dev', ends[1].interface, 'root', 'netem', 'delay', '1ms');
  } catch (error) {
    throw new LeftOut('the kernel has no netem', { cause: error });
  }
  await pause(70);
}

async function holdover(lab: Lab): Promise<void> {
  const { unit, gm } = await ptpSite(lab);
  await unit.settled();
  await unit.steady(65);
  unit.mark('the grandmaster is silent, the oscillator 9 ppm faster');
  gm.set({ no_announce: true, no_sync: true });
  unit.oscillator(29);
  await pause(25);
  unit.expect('holdover');
}

async function weakServo(lab: Lab): Promise<void> {
  const { unit } = await ptpSite(lab, { lines: [...quick, 'max_frequency 100000'] });
  await unit.settled();
  unit.mark('the oscillator becomes 20 ppm faster each second, and the servo may do 100');
  for (let ppm = 40; ppm <= 400; ppm += 20) {
    unit.oscillator(ppm);
    await pause(1);
  }
  await pause(15);
}

async function delayLost(lab: Lab): Promise<void> {
  const { unit, gm } = await ptpSite(lab);
  await unit.settled();
  unit.mark('no Delay_Resp any more');
  gm.set({ no_response: true });
  await pause(20);
  unit.mark('Sync takes 1 ms longer');
  gm.set({ sync_shift_s: -0.001 });
  await pause(45);
}

async function clockSet(lab: Lab): Promise<void> {
  const { unit } = await ptpSite(lab);
  await unit.settled();
  unit.mark('the clock of the unit is set by +90 ms');
  unit.step(0.09);
  await pause(30);
}

async function good(lab: Lab): Promise<void> {
  const { unit } = await ptpSite(lab, { lines: [] });
  await unit.settled(60);
  await unit.steady(90, lockedWithin(0));
}

/** A unit with PTP alone. */
export const ptpScenarios: readonly Scenario[] = [
  { name: 'ptp-ok', what: 'a good grandmaster and the usual servo', seconds: 140, run: good },
  {
    name: 'ptp-steady',
    what: 'ten minutes with time stamps that scatter by 15 us',
    seconds: 670,
    run: tenMinutes,
  },
  ...[5, 15, 30, 50].map(jittery),
  always(
    'ptp-asym',
    'the way to the grandmaster seems 1 ms longer',
    { request_shift_s: 0.001 },
    'ptp_tracking',
    70,
  ),
  suddenly(
    'ptp-asymstep',
    'the way to the grandmaster becomes 400 us longer',
    { request_shift_s: 0.0004 },
    'ptp_locked',
    45,
  ),
  { name: 'ptp-netem', what: 'it is 1 ms longer', seconds: 80, run: delayToGm },
  always(
    'ptp-negdelay',
    'the delay is measured as negative',
    { request_shift_s: -0.0005 },
    'path_delay_negative',
    70,
  ),
  { name: 'ptp-noresp', what: 'Delay_Resp is lost, then the way changes', seconds: 100, run: delayLost },
  suddenly(
    'ptp-noresp2',
    'no Delay_Resp any more, and Sync takes 1 ms longer',
    { no_response: true, sync_shift_s: -0.001 },
    'path_delay_unmeasured',
    70,
  ),
  { name: 'ptp-class', what: 'clockClass and clockAccuracy change', seconds: 100, run: classChanges },
  { name: 'ptp-flags', what: 'flags of Announce change', seconds: 105, run: flagChanges },
  always(
    'ptp-arb1h',
    'an arbitrary time scale, an hour off',
    { flags: goodFlags & ~gmFlags.ptpTimescale, tai_s: 0, offset_s: 3600 },
    'gm_implausible',
  ),
  always('ptp-utc0', 'currentUtcOffset 0 is announced', { utc_offset_s: 0 }, 'gm_implausible'),
  always('ptp-utc36', 'currentUtcOffset 36 is announced', { utc_offset_s: 36 }, 'gm_implausible'),
  always('ptp-servesutc', 'UTC is served as if it were TAI', { tai_s: 0 }, 'tai_utc_mistake'),
  {
    name: 'ptp-2gm',
    what: 'another grandmaster, 5 ms off, takes over',
    seconds: 120,
    run: secondGrandmaster,
  },
  { name: 'ptp-hold', what: 'holdover with an oscillator that changes', seconds: 130, run: holdover },
  { name: 'ptp-grow', what: 'a servo that cannot follow', seconds: 75, run: weakServo },
  suddenly('ptp-noann', 'no Announce any more', { no_announce: true }, 'ptp_listening'),
  suddenly('ptp-frozen', 'the time of the grandmaster stands still', { frozen: true }, 'ptp_acquiring'),
  suddenly('ptp-flood', 'Announce of 200 other clocks each second', { flood: 200 }, 'ptp_locked'),
  suddenly('ptp-domain', 'the grandmaster moves to domain 5', { domain: 5 }, 'ptp_listening'),
  suddenly('ptp-slow', 'the grandmaster drifts by 1 ms/s', { drift_ppm: 1000 }, 'ptp_tracking'),
  { name: 'ptp-step90', what: 'someone sets the clock by 90 ms', seconds: 70, run: clockSet },
];
