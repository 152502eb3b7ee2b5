import { seededRandom } from '../../lib/random.ts';
import type { Lab, Scenario } from '../lab.ts';
import { type GmLies, gmFlags, goodFlags, type Liar, type NtpLies } from '../servers.ts';
import { pause, type TruthUnit } from '../unit.ts';
import { quick, wire } from './ptp.ts';

/** Draws what happens next; the same draws for the same seed. */
interface Dice {
  /** A number between two. */
  between(low: number, high: number): number;
  /** One of several. */
  pick<T>(from: readonly T[]): T;
  chance(share: number): boolean;
}

function diceOf(seed: number): Dice {
  const random = seededRandom(seed);
  return {
    between: (low, high) => low + random() * (high - low),
    pick: (from) => {
      const found = from[Math.floor(random() * from.length)];
      if (found === undefined) throw new Error('nothing to pick from');
      return found;
    },
    chance: (share) => random() < share,
  };
}

/** One thing that may happen to a unit; gives what it was. */
type Event = (dice: Dice) => string;

const rounded = (lies: object): string =>
  JSON.stringify(lies, (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value));

/** Tells a server to lie and says so. */
const lie =
  <Lies>(who: string, liar: Liar<Lies>, draw: (dice: Dice) => Lies): Event =>
  (dice) => {
    const lies = draw(dice);
    liar.set(lies);
    return `${who} ${rounded(lies as object)}`;
  };

/** What happens to every unit: its clock is set, its oscillator warms up. */
const unitEvents = (unit: TruthUnit): readonly Event[] => [
  (dice) => {
    const by_s = dice.between(-0.2, 0.2) * dice.pick([1, 0.1, 0.01]);
    unit.step(by_s);
    return `clock set by ${(by_s * 1000).toFixed(2)} ms`;
  },
  (dice) => {
    const ppm = dice.between(15, 25); // at most 10 ppm from what it was
    unit.oscillator(ppm);
    return `oscillator at ${ppm.toFixed(1)} ppm`;
  },
];

const good: GmLies = {
  flags: goodFlags,
  clock_class: 6,
  accuracy: 0x21,
  no_response: false,
  no_sync: false,
  no_announce: false,
  request_shift_s: 0,
  sync_shift_s: 0,
};

/**
 * Lies of a grandmaster that a unit can see by itself. Each way may seem longer, never shorter: a way shorter on one
 * side and longer on the other is a grandmaster with another time, which nobody can see who has no other source.
 */
const gmEvents = (gm: Liar<GmLies>): readonly Event[] => [
  lie('grandmaster', gm, (dice) => ({ request_shift_s: dice.between(0, 0.002) * dice.pick([1, 0.1]) })),
  lie('grandmaster', gm, (dice) => ({ sync_shift_s: -dice.between(0, 0.002) * dice.pick([1, 0.1]) })),
  lie('grandmaster', gm, (dice) => ({ no_response: dice.chance(0.6) })),
  lie('grandmaster', gm, (dice) => ({ no_sync: dice.chance(0.5) })),
  lie('grandmaster', gm, (dice) => ({ no_announce: dice.chance(0.5) })),
  lie('grandmaster', gm, (dice) => ({ clock_class: dice.pick([6, 7, 13, 52, 135, 187, 248]) })),
  lie('grandmaster', gm, (dice) => ({ accuracy: dice.pick([0x20, 0x21, 0x23, 0x31, 0xfe]) })),
  lie('grandmaster', gm, (dice) => ({ flags: goodFlags ^ dice.pick(Object.values(gmFlags)) })),
  lie('grandmaster', gm, () => good),
];

/** Lies that only a witness can see; none is so small that it lies within what the witness itself may be off by. */
const hiddenGmEvents = (gm: Liar<GmLies>): readonly Event[] => [
  lie('grandmaster', gm, (dice) => ({ offset_s: dice.between(0.003, 0.2) * dice.pick([1, -1, 0]) })),
  lie('grandmaster', gm, (dice) => ({ utc_offset_s: dice.pick([0, 36, 37, 37, 38]) })),
];

/** What an honest server may do and still be of use. */
const honestEvents = (name: string, server: Liar<NtpLies>): readonly Event[] => [
  lie(name, server, (dice) => ({ delay_in_s: dice.between(0, 0.05), delay_out_s: dice.between(0, 0.05) })),
  lie(name, server, (dice) => ({ jitter_in_s: dice.between(0, 0.02), jitter_out_s: dice.between(0, 0.02) })),
  lie(name, server, (dice) => ({ leap: dice.pick([0, 0, 1, 2] as const) })),
  lie(name, server, (dice) => ({ stratum: dice.pick([1, 1, 2, 5]) })),
  lie(name, server, (dice) => ({ root_dispersion_s: dice.between(0, 0.05) })),
];

/** How an honest server is lost. */
const lossEvents = (name: string, server: Liar<NtpLies>): readonly Event[] => [
  lie(name, server, (dice) => ({ mute: dice.chance(0.6) })),
  lie(name, server, (dice) => ({ leap: dice.pick([0, 3] as const) })),
  lie(name, server, (dice) => ({ stratum: dice.pick([1, 16]) })),
];

async function ptpAlone(lab: Lab, dice: Dice): Promise<readonly Event[]> {
  const unit = await lab.unit({ offset_s: dice.between(-0.5, 0.5) });
  const { gm, unitEnd } = await wire(lab, { jitter_s: dice.pick([0, 5e-6, 20e-6]) });
  unit.ptp4l(unitEnd, quick);
  await unit.agent();
  return [...unitEvents(unit), ...gmEvents(gm), ...gmEvents(gm)];
}

async function ptpWitnessed(lab: Lab, dice: Dice): Promise<readonly Event[]> {
  const unit = await lab.unit({ offset_s: dice.between(-0.5, 0.5) });
  const { gm, unitEnd } = await wire(lab, { jitter_s: dice.pick([0, 5e-6, 20e-6]) });
  const server = await lab.ntp();
  const poll = dice.pick([0, 1, 2]);
  unit.chronyd([server.line(`minpoll ${poll} maxpoll ${poll} iburst`)], { monitorOnly: true });
  unit.ptp4l(unitEnd, quick);
  await unit.agent();
  return [...unitEvents(unit), ...gmEvents(gm), ...hiddenGmEvents(gm), ...hiddenGmEvents(gm)];
}

/**
 * Four servers. The first may lie, by more than the others may be off by, and only one of the others may be lost: a
 * liar that has the majority, or that hides in the uncertainty of the others, is seen by nobody.
 */
async function ntpCrowd(lab: Lab, dice: Dice): Promise<readonly Event[]> {
  const unit = await lab.unit({ offset_s: dice.between(-2, 2) });
  const [liar, first, second, third] = [await lab.ntp(), await lab.ntp(), await lab.ntp(), await lab.ntp()];
  const poll = dice.pick([0, 1, 2, 3]);
  const servers = [liar, first, second, third];
  const lines = servers.map((server) => server.line(`minpoll ${poll} maxpoll ${poll} iburst`));
  unit.chronyd([...lines, 'makestep 1.0 3']);
  await unit.agent();
  const far = lie('liar', liar, (drawn) => ({ offset_s: drawn.between(0.4, 1) * drawn.pick([1, -1, 0]) }));
  return [
    ...unitEvents(unit),
    far,
    far,
    ...[first, second, third].flatMap((server) => honestEvents(server.address, server)),
    ...lossEvents(third.address, third),
  ];
}

const kinds = [ptpAlone, ptpWitnessed, ntpCrowd] as const;

/** A lab in which several things are wrong at once, and change; the same ones for the same seed. */
export const randomScenario = (seed: number, seconds = 100): Scenario => ({
  name: `random-${seed}`,
  what: 'several lies at once, which change',
  seconds: seconds + 5,
  async run(lab) {
    const dice = diceOf(seed);
    const kind = dice.pick(kinds);
    const events = await kind(lab, dice);
    const until_ms = performance.now() + seconds * 1000;
    lab.mark(kind.name);
    await pause(dice.between(15, 30));
    while (performance.now() < until_ms) {
      const count = dice.pick([1, 1, 2, 3]);
      for (let i = 0; i < count; i++) lab.mark(dice.pick(events)(dice));
      await pause(dice.between(3, 12));
    }
  },
});
