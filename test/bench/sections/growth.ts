import { connect as connectNats } from '@nats-io/transport-node';
import { carriedSince } from '../../kit/hub/countingproxy.ts';
import { type Cleanup, newOwner } from '../../kit/process/cleanup.ts';
import { type ClockOptions, startClocks } from '../clocks.ts';
import { type Figure, figure } from '../figures.ts';
import { type Bench, by, pause, type Section } from '../section.ts';
import { type Spending, spendingOf } from '../spending.ts';
import { onStage, type Stage, type StageOptions } from '../stage.ts';
import { shown } from '../table.ts';

/** Of what there may be more and more on a unit, and how it is there. */
interface Dimension {
  readonly what: string;
  clocks?(count: number): ClockOptions;
  more?(count: number): string;
  /** Whoever is there before the agent starts. */
  before?(stage: Stage, count: number): Promise<void>;
  /** Whoever comes after. */
  after?(stage: Stage, count: number, owner: Cleanup): Promise<void>;
}

const sections = (count: number, one: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => one(at + 1)).join('');

const dimensions: Readonly<Record<string, Dimension>> = {
  users: {
    what: 'users with a client each',
    more: (count) => sections(count, (at) => `config user 'user${at}'\n\toption password 'x${at}'\n`),
    async after(stage, count, owner) {
      const { host } = new URL(stage.peerUrl);
      for (let at = 1; at <= count; at++) {
        const nc = await connectNats({
          servers: host,
          user: `user${at}`,
          pass: `x${at}`,
          noAsyncTraces: true,
        });
        owner.after(() => nc.close());
      }
    },
  },
  probes: {
    what: 'probes of peers',
    more: (count) => sections(count, (at) => `config probe 'peer${at}'\n\toption unit 'peer-${at}'\n`),
    async before({ hub }, count) {
      for (let at = 1; at <= count; at++)
        hub.subscribe(`ops.echo.peer-${at}`, {
          callback: (_error, message) => void message.respond(message.data),
        });
      await hub.flush();
    },
  },
  sources: { what: 'sources of chronyd', clocks: (sources) => ({ sources, ports: 0 }) },
  ports: { what: 'ports of ptp4l', clocks: (ports) => ({ ports }) },
  viewers: {
    what: 'viewers of the page',
    async after({ statusUrl }, count, owner) {
      const look = (): void => {
        for (let at = 0; at < count; at++)
          void fetch(`${statusUrl}now`)
            .then((reply) => reply.arrayBuffer())
            .catch(() => {});
      };
      const timer = setInterval(look, 2000); // as the page's script does
      owner.after(() => clearInterval(timer));
    },
  },
};

interface Cost extends Spending {
  readonly kilobytesPerHour: number;
}

let starting: Promise<unknown> = Promise.resolve();

/** Waits until nobody else starts; the next may when the function that it gives is called. */
async function turnToStart(): Promise<() => void> {
  const before = starting;
  let next = (): void => {};
  starting = new Promise<void>((resolve) => {
    next = resolve;
  });
  await before;
  return next;
}

/** What a unit costs with so many of it. */
async function costWith(bench: Bench, dimension: Dimension, count: number): Promise<Cost> {
  const owner = newOwner();
  const started = await turnToStart();
  try {
    const time =
      dimension.clocks === undefined ? [] : (await startClocks(owner, dimension.clocks(count))).time;
    const opts: StageOptions = {
      agent: ["option interval_s '5'"],
      time,
      ...(dimension.more === undefined ? {} : { more: dimension.more(count) }),
    };
    return await onStage(bench.build, opts, async (stage) => {
      await dimension.before?.(stage, count);
      const { pid } = await stage.startedAgent();
      await dimension.after?.(stage, count, owner);
      started();
      await pause(by(bench, { quick: 60, full: 180 }));
      const before = stage.link.carried();
      const spent = await spendingOf(pid, () => pause(by(bench, { quick: 60, full: 180 })), {
        withChildren: true,
      });
      const { there, back } = carriedSince(before, stage.link.carried());
      return { ...spent, kilobytesPerHour: ((there + back) * 3.6) / spent.seconds };
    });
  } finally {
    started();
    await owner.end();
  }
}

const counts = [1, 16, 64] as const;
/** What 48 more of it may add before it is said to grow with them, by what a measurement of the same varies. */
const noise = { kilobytesPerHour: 0.08, cpuPercent: 0.25, anonymousMB: 0.12 } as const;

/**
 * Whether something grows with the count, and how: by the steps from the first count to the second and from there to the
 * last. `noise` is the share of the first value by which it may differ for no reason.
 */
export function growthOf(values: readonly number[], noise: number): string {
  const [first = 0, second = 0, last = 0] = values;
  const room = first * noise;
  if (last - first <= room) return 'flat';
  const early = Math.max(0, second - first) / (counts[1] - counts[0]);
  const late = Math.max(0, last - second) / (counts[2] - counts[1]);
  const each = `${shown((last - first) / (counts[2] - counts[0]))} each`;
  if (late > early * 1.5 && last - second > 2 * room) return `more than linear: ${each}`;
  return late < early / 2 ? `less than linear: ${each}` : `linear: ${each}`;
}

async function rowsOf(bench: Bench, name: string, dimension: Dimension): Promise<Figure[]> {
  const costs = await Promise.all(counts.map((count) => costWith(bench, dimension, count)));
  const row = (id: string, what: string, unit: string, of: keyof typeof noise): Figure =>
    figure(
      `growth.${name}.${id}`,
      `${counts.join(', ')} ${dimension.what}: ${what}`,
      unit,
      costs.map((one) => one[of]),
      {
        note: growthOf(
          costs.map((one) => one[of]),
          noise[of],
        ),
      },
    );
  return [
    row('bytes', 'bytes in an hour', 'KB', 'kilobytesPerHour'),
    row('cpu', 'CPU of one core', '%', 'cpuPercent'),
    row('anonymous', 'anonymous memory', 'MiB', 'anonymousMB'),
  ];
}

/** What more of each adds; all at the same time, since each mostly waits. */
export const growth: Section = async (bench) => {
  const made = await Promise.allSettled(
    Object.entries(dimensions).map(([name, dimension]) => rowsOf(bench, name, dimension)),
  );
  const failures = made.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  for (const failure of failures) bench.say(failure);
  const rows = made.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  if (rows.length === 0) throw new Error(failures.join('; '));
  return rows;
};
