import { randomBytes } from 'node:crypto';
import { type WallClock, wallClock } from '../../../agent/clock/wallclock.ts';
import { measureClocks } from '../../../agent/hub/measure/measure.ts';
import { pace_ms } from '../../../agent/hub/measure/rota.ts';
import { logTo } from '../../../agent/lib/log.ts';
import { machineClocks, systemTicker } from '../../../agent/lib/ticker.ts';
import { type Link, openLink } from '../../../agent/nats/link.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { eventually } from '../process/daemon.ts';
import type { TruthUnit } from './unit.ts';

/** A hub that measures the clocks of its units. Its own is that of the machine, which is the truth. */
export interface MeasuringHub {
  readonly link: Link;
  readonly wall: WallClock;
}

const ticker = systemTicker();
/** The hub's clock is the truth, but what is read of it and of the virtual ones is not exact. */
const noise_us = 20;
/** From one exchange with a unit to the next. */
const every_ms = 1000;
const look_ms = 250;

/** Connects to the hub at that address. */
export async function measuringHub(owner: Cleanup, hubUrl: string): Promise<MeasuringHub> {
  const ended = new AbortController();
  const options = { servers: [hubUrl], name: 'truth', inboxPrefix: '_INBOX' };
  const link = openLink({ ticker, log: logTo(() => {}) }, options, ended.signal);
  owner.after(async () => {
    await link.stop();
    ended.abort();
  });
  await eventually('a link that measures', () => link.state().connected);
  return { link, wall: wallClock(machineClocks) };
}

/** Measures these units each second, as a hub does each ten minutes, and tells each what was found. Returns its end. */
export function measureUnits({ link, wall }: MeasuringHub, units: readonly TruthUnit[]): () => void {
  const ended = new AbortController();
  const measuring = measureClocks(
    {
      link,
      ticker,
      wall,
      clock: () => ({
        source: 'ntp',
        quality: 'locked',
        error_bound_ns: (wall.error_us() + noise_us) * 1000,
      }),
      token: () => randomBytes(9).toString('base64url'),
      random: Math.random,
      units: () =>
        units.map(({ name }) => ({ unit: name, kind: 'unit', state: 'healthy', restarts: 0, interval_s: 1 })),
    },
    { inboxPrefix: '_INBOX', scale: every_ms / pace_ms.usual },
    ended.signal,
  );
  const looking = setInterval(() => {
    for (const unit of units) {
      const measured = measuring.measured(unit.name);
      if (measured !== undefined && measured.at_ms !== unit.measures.at(-1)?.measured.at_ms)
        unit.measure(measured);
    }
  }, look_ms);
  return () => {
    clearInterval(looking);
    ended.abort();
  };
}
