import { budgets } from '../../kit/budgets.ts';
import { carriedSince } from '../../kit/hub/countingproxy.ts';
import { newOwner } from '../../kit/process/cleanup.ts';
import { startClocks } from '../clocks.ts';
import { type Figure, figure, median } from '../figures.ts';
import { type Bench, pause, type Section } from '../section.ts';
import { spendingOf } from '../spending.ts';
import { onStage } from '../stage.ts';

/** One minute of it. */
interface Minute {
  readonly anonymousMB: number;
  readonly wakeUpsPerSecond: number;
  readonly cpuPercent: number;
  readonly children: number;
  readonly bytes: number;
}

/** Growth in an hour by least squares, so that one garbage collection more or less does not count. */
export function slopePerHour(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [above, below] = [0, 0];
  for (const [minute, value] of values.entries()) {
    above += (minute - middle) * (value - mean);
    below += (minute - middle) ** 2;
  }
  return (above / below) * 60;
}

async function watch(
  bench: Bench,
  profile: 'standard' | 'wan' | 'satellite',
  time: readonly string[],
): Promise<Figure[]> {
  const minutes = Math.max(2, Math.round((bench.seconds ?? 3600) / 60));
  const agent = bench.build.knows('traffic') ? [`option traffic '${profile}'`] : [];
  return onStage(bench.build, { agent, time }, async (stage) => {
    const { pid } = await stage.startedAgent();
    await pause(60);
    const seen: Minute[] = [];
    const begun = performance.now();
    for (let minute = 0; minute < minutes; minute++) {
      const before = stage.link.carried();
      const until = begun + (minute + 1) * 60_000;
      const over = pause(Math.max(1, until - performance.now()) / 1000);
      const [own, all] = await Promise.all([
        spendingOf(pid, () => over),
        spendingOf(pid, () => over, { withChildren: true }),
      ]);
      const { there, back } = carriedSince(before, stage.link.carried());
      seen.push({ ...own, cpuPercent: all.cpuPercent, bytes: there + back });
      if (minute % 10 === 9) bench.say(`${profile}: ${minute + 1} min`);
    }
    const settled = seen.slice(Math.floor(minutes / 4)).map((one) => one.anonymousMB);
    const hours = minutes / 60;
    const kilobytes = seen.reduce((sum, { bytes }) => sum + bytes, 0) / 1000 / hours;
    const of = (what: keyof Minute): number[] => seen.map((one) => one[what]);
    const note = `${minutes} min, a sample each`;
    const id = (name: string): string => `hour.${name}${profile === 'standard' ? '' : `.${profile}`}`;
    return [
      figure(id('anonymous'), `anonymous memory, ${profile}`, 'MiB', of('anonymousMB'), { note }),
      figure(id('slope'), `growth of it in an hour, ${profile}`, 'MiB', [slopePerHour(settled)], {
        note: 'slope: without the first quarter, in which the heap finds its size',
      }),
      figure(id('wakeups'), `wake-ups of the agent, ${profile}`, '1/s', of('wakeUpsPerSecond'), { note }),
      figure(id('cpu'), `CPU with its pmc, ${profile}`, '%', of('cpuPercent'), { note }),
      figure(id('children'), `processes started, ${profile}`, '', [
        of('children').reduce((a, b) => a + b, 0),
      ]),
      figure(id('bytes'), `bytes an hour beside the promise, ${profile}`, 'KB', [kilobytes], {
        beside: { what: 'promise', samples: [budgets.trafficKB[profile]] },
        note: `${note}; a minute carries ${(median(of('bytes')) / 1000).toFixed(1)} KB in the middle`,
      }),
    ];
  });
}

/** An hour under all probes, each profile with a unit of its own: memory stays, wake-ups and bytes are as promised. */
export const hour: Section = async (bench) => {
  const owner = newOwner();
  try {
    const { time, what } = await startClocks(owner);
    bench.say(what);
    const profiles = bench.build.knows('traffic')
      ? (['standard', 'wan', 'satellite'] as const)
      : (['standard'] as const);
    return (await Promise.all(profiles.map((profile) => watch(bench, profile, time)))).flat();
  } finally {
    await owner.end();
  }
};
