import { carriedSince } from '../../kit/hub/countingproxy.ts';
import { newOwner } from '../../kit/process/cleanup.ts';
import { startClocks } from '../clocks.ts';
import { type Figure, figure } from '../figures.ts';
import { type Bench, by, CannotMeasure, pause, type Section } from '../section.ts';
import { onStage } from '../stage.ts';

/** The profiles, the default first; a build that knows none has what it sends by default. */
const profiles = ['standard', 'lan', 'wan', 'satellite'] as const;

/** KB of 1000 bytes in an hour at this pace. */
const perHour = (bytes: number, seconds: number): number => (bytes * 3.6) / seconds;

/** Both ways and each, of one unit with all probes, in whole minutes after its start was told. */
async function profileFigures(
  bench: Bench,
  profile: (typeof profiles)[number],
  time: readonly string[],
  minutes: number,
): Promise<Figure[]> {
  const agent = bench.build.knows('traffic') ? [`option traffic '${profile}'`] : [];
  return onStage(bench.build, { agent, time }, async (stage) => {
    await stage.startedAgent();
    await pause(90); // what is told at a start and until PTP has locked is no steady state
    const before = stage.link.carried();
    const begun = performance.now();
    await pause(minutes * 60); // one sample: what is sent in one minute of many is in it as often as it should
    const { there, back } = carriedSince(before, stage.link.carried());
    const seconds = (performance.now() - begun) / 1000;
    const name = agent.length === 0 ? 'as it is by default' : `profile ${profile}`;
    const note = `${minutes} min; payload of TCP between leaf and hub, through a counting proxy`;
    return [
      figure(
        `traffic.${profile}`,
        `bytes an hour, both ways, ${name}`,
        'KB',
        [perHour(there + back, seconds)],
        { note },
      ),
      figure(`traffic.${profile}.back`, `of them to the unit, ${name}`, 'KB', [perHour(back, seconds)]),
    ];
  });
}

/** What a unit costs on its link in each profile; all at once, since each mostly waits. */
export const traffic: Section = async (bench) => {
  const owner = newOwner();
  try {
    const { time, what } = await startClocks(owner);
    const own = by(bench, { quick: 6, full: 20 }); // full sets come each two minutes
    const minutes = Math.max(own, Math.round((bench.seconds ?? 0) / 60));
    const known = bench.build.knows('traffic');
    const lasting = minutes >= 60 ? profiles : profiles.filter((profile) => profile !== 'satellite');
    bench.say(`${what}; ${minutes} min${known ? '' : '; it has no option agent.traffic'}`);
    const rows = await Promise.all(
      (known ? lasting : profiles.slice(0, 1)).map((profile) =>
        profileFigures(bench, profile, time, minutes),
      ),
    );
    if (rows.length === 0) throw new CannotMeasure('no profile');
    return rows.flat();
  } finally {
    await owner.end();
  }
};
