import { newOwner } from '../../kit/process/cleanup.ts';
import { startClocks } from '../clocks.ts';
import { type Figure, figure } from '../figures.ts';
import { type Peer, peerKinds } from '../peers.ts';
import { type Bench, by, pause, type Section } from '../section.ts';
import { type Spending, spendingOf } from '../spending.ts';
import { onStage } from '../stage.ts';

/** A program that is watched: at 5 s as the agent is, or at the interval that it has by itself. */
interface Watched {
  readonly id: string;
  readonly what: string;
  readonly peer: Peer;
}

interface Stretch extends Spending {
  readonly kilobytesPerHour: number;
}

async function stretchOf({ peer }: Watched, over: Promise<unknown>): Promise<Stretch> {
  const before = peer.bytes();
  const spent = await spendingOf(peer.pid, () => over, { withChildren: true });
  return { ...spent, kilobytesPerHour: ((peer.bytes() - before) * 3.6) / spent.seconds };
}

/** Rows of one program: what it holds in memory, what it computes, how often it wakes, what it sends. */
function rowsOf({ id, what }: Watched, stretches: readonly Stretch[], note: string): Figure[] {
  const of = (name: keyof Stretch): number[] => stretches.map((one) => one[name]);
  const row = (name: string, measure: string, unit: string, samples: number[]): Figure =>
    figure(`peers.${id}.${name}`, `${what}: ${measure}`, unit, samples, { note });
  return [
    row('rss', 'resident memory', 'MiB', of('rssMB')),
    row('anonymous', 'anonymous memory', 'MiB', of('anonymousMB')),
    row(
      'cpu',
      'CPU in an hour',
      's',
      of('cpuPercent').map((percent) => percent * 36),
    ),
    row('wakeups', 'wake-ups', '1/s', of('wakeUpsPerSecond')),
    row('bytes', 'bytes in an hour', 'KB', of('kilobytesPerHour')),
  ];
}

/** The agent beside others that do such work, all at the same time, on one chronyd. */
export const peers: Section = async (bench: Bench) => {
  const owner = newOwner();
  try {
    const clocks = await startClocks(owner, { ports: 0 });
    return await onStage(
      bench.build,
      { agent: ["option interval_s '5'"], time: clocks.time },
      async (stage) => {
        const { pid } = await stage.startedAgent();
        const bytes = (): number => stage.link.carried().there + stage.link.carried().back;
        const watched: Watched[] = [{ id: 'nunect.5', what: 'nunect, 5 s', peer: { pid, bytes } }];
        for (const kind of peerKinds) {
          for (const interval_s of [5, kind.default_s]) {
            try {
              const peer = await kind.start(owner, interval_s, clocks.chronyPort, stage.hubServer.port);
              watched.push({ id: `${kind.name}.${interval_s}`, what: `${kind.name}, ${interval_s} s`, peer });
            } catch (error) {
              bench.say(`without ${kind.name}: ${error instanceof Error ? error.message : String(error)}`);
            }
          }
        }
        await pause(30);
        const all = watched.map((): Stretch[] => []);
        for (let at = 0; at < by(bench, { quick: 2, full: 5 }); at++) {
          const over = pause(60);
          const now = await Promise.all(watched.map((one) => stretchOf(one, over)));
          for (const [index, stretch] of now.entries()) all[index]?.push(stretch);
        }
        return watched.flatMap((one, index) => rowsOf(one, all[index] ?? [], clocks.what));
      },
    );
  } finally {
    await owner.end();
  }
};
