import type { PathDelays } from '../../net/slowpath.ts';
import type { Lab, Scenario } from '../lab.ts';
import type { NtpLies } from '../servers.ts';
import { pause, type TruthUnit } from '../unit.ts';
import { makestep, ntpSite } from './ntp.ts';
import { ptpSite } from './ptp.ts';

// Units whose clocks are wrong within the words of their claim, since whom they follow lies to them alone and from the first:
// they cannot know, and only who measures them finds out. And honest ones on paths that make them look wrong.

/** Steps away what chronyd finds at first. */
const steps: readonly string[] = ['makestep 0.01 3'];

async function seenThrough(unit: TruthUnit): Promise<void> {
  unit.deceived();
  await unit.flagged();
}

async function lyingServer(lab: Lab): Promise<void> {
  const { unit, server } = await ntpSite(lab, { server: { offset_s: 0.05 }, lines: steps });
  await seenThrough(unit);
  unit.mark('the server says what is so');
  server.set({ offset_s: 0 });
  await pause(15);
  if (unit.measures.at(-1)?.measured.verdict === 'contradicts') unit.miss('an end of the contradiction');
}

/** An uneven way alone is within the claim, since half of the round trip is; what a server hides of it is not. */
async function hiddenWay(lab: Lab): Promise<void> {
  const { unit } = await ntpSite(lab, { server: { offset_s: -0.04, delay_out_s: 0.04 }, lines: steps });
  await seenThrough(unit);
}

async function rogueGrandmaster(lab: Lab): Promise<void> {
  const { unit } = await ptpSite(lab, { gm: { identity: '020000fffe00a1b2', offset_s: 0.005 } });
  await seenThrough(unit);
}

async function deniedAsymmetry(lab: Lab): Promise<void> {
  const { unit } = await ptpSite(lab, {
    gm: { request_shift_s: 0.01 },
    time: ["option asymmetry_ns '1000'"],
  });
  await seenThrough(unit);
}

const allThere: PathDelays = { there: () => 600, back: () => 0 };
const allBack: PathDelays = { there: () => 0, back: () => 600 };
const even: PathDelays = { there: () => 300, back: () => 300 };

/** All of the way to the server is in one direction: the clock is behind, or ahead, by nearly all that it claims. */
const behind: NtpLies = { delay_out_s: 0.08 };
const ahead: NtpLies = { delay_in_s: 0.08 };

async function lyingBehindSatellite(lab: Lab): Promise<void> {
  const { unit } = await ntpSite(lab, { server: { offset_s: 2 }, lines: steps, link: allThere });
  await seenThrough(unit);
}

type Placed = readonly [link: PathDelays, server: NtpLies];
/** Those whose path puts them as far off as can be, and to the side to which they are. */
const sharpest: readonly Placed[] = [
  [allThere, behind],
  [allBack, ahead],
];
const everyPlace = [allThere, allBack, even].flatMap((link): Placed[] => [
  [link, behind],
  [link, ahead],
]);

/** Honest units behind satellites for so long, at the edges of their claims. */
export const honestBehindSatellites = (
  seconds: number,
  places: readonly Placed[] = everyPlace,
): Scenario => ({
  name: 'sat-honest',
  what: 'honest units behind satellites, at the edges of their claims: the hub accuses none',
  seconds: seconds + 25,
  async run(lab) {
    const units: TruthUnit[] = [];
    for (const [link, server] of places)
      units.push((await ntpSite(lab, { server, link, lines: makestep })).unit);
    await pause(seconds);
    for (const unit of units)
      if (unit.measures.filter(({ measured }) => measured.claimed_us !== undefined).length < seconds / 6)
        unit.miss('enough measurements of a claim');
  },
});

/** Whom nobody but the hub sees through, and whom it must not accuse. */
export const deceivedScenarios: readonly Scenario[] = [
  { name: 'lie-ntp', what: 'the only server is 50 ms off: the hub sees it', seconds: 50, run: lyingServer },
  {
    name: 'lie-asym',
    what: 'a way back of 80 ms, half of it before the server takes its time: the hub sees it',
    seconds: 30,
    run: hiddenWay,
  },
  {
    name: 'lie-gm',
    what: 'a rogue grandmaster is 5 ms off: the hub sees it',
    seconds: 40,
    run: rogueGrandmaster,
  },
  {
    name: 'lie-denied',
    what: 'an uneven path of 10 ms that the config denies: the hub sees it',
    seconds: 40,
    run: deniedAsymmetry,
  },
  {
    name: 'lie-sat',
    what: 'the server is 2 s off: the hub sees it through a satellite',
    seconds: 40,
    run: lyingBehindSatellite,
  },
  honestBehindSatellites(45, sharpest),
];
