// The alerts of a hub as `nunect-hub up` tells them, over hours: simulated units that misbehave for so short a time that nobody is to
// be woken, and now and then one that is gone for good. What is told is held against what was done to them.
//   make soak-alerts            SOAK_SECONDS=21600 for six hours, SOAK_SEED, SOAK_UNITS
import { systemTicker } from '../../agent/lib/ticker.ts';
import { hubProgram } from '../kit/hub/hubprogram.ts';
import { clientLink } from '../kit/hub/simlink.ts';
import { usualState } from '../kit/hub/simrecords.ts';
import { type SimUnit, simUnits } from '../kit/hub/simunits.ts';
import { seededRandom } from '../kit/lib/random.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { natsServers, need } from '../kit/process/tools.ts';

const number = (name: string, usual: number): number => Number(process.env[name] ?? usual);
const seconds = number('SOAK_SECONDS', 600);
const seed = number('SOAK_SEED', 1);
const count = number('SOAK_UNITS', 200);
/** From one misdeed to the next, and from one unit that is lost to the next. */
const every_s = { misdeed: 5, loss: 300 } as const;
/** By then a lost unit is told: two minutes, its intervals, and what looking takes; by then its return is. */
const told_s = { loss: 180, back: 90 } as const;

interface Told {
  readonly unit: string;
  readonly condition: string;
  readonly event: 'fired' | 'resolved';
  readonly at_ms: number;
}

const pause = (s: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, s * 1000));

async function main(): Promise<number> {
  const owner = newOwner();
  const random = seededRandom(seed);
  const wrong: string[] = [];
  const told: Told[] = [];
  const now = systemTicker().now_ms;
  const say = (text: string): void => console.log(`${new Date().toISOString()} ${text}`);
  try {
    const hub = await hubProgram(owner, natsServers().newest ?? need('nats-server'));
    await hub.done('init', '--host', '127.0.0.1', '--store', '2');
    await hub.up();
    const site = await hub.connect('hub-fleet');
    site.subscribe('ops.alert.*.*', {
      callback: (_error, message) => {
        const { unit, condition, event } = JSON.parse(message.string()) as Omit<Told, 'at_ms'>;
        told.push({ unit, condition, event, at_ms: now() });
        say(`${event} ${condition} of ${unit}`);
      },
    });
    const sims = simUnits([clientLink(site)], { count, seed });
    owner.after(() => sims.end());
    await eventually('all have spoken', () => sims.sent() > count * 6, 120_000);
    const misdeeds: readonly ((unit: SimUnit) => Promise<void>)[] = [
      async (unit) => unit.restart(),
      async (unit) => {
        unit.kill();
        await pause(10 + random() * 60); // shorter than two minutes
        unit.boot();
      },
      async (unit) => {
        unit.set({ status: 'degraded', problems: ['the link is slow'] });
        await pause(random() * 120);
        unit.set({ status: 'healthy', problems: [] });
      },
      async (unit) => {
        unit.set({ status: 'critical', problems: ['no answer from the local server'] });
        await pause(random() * 40); // shorter than a minute
        unit.set({ status: 'healthy', problems: [] });
      },
      async (unit) => {
        const { clock } = unit.state();
        unit.set({ clock: { ...clock, quality: 'tracking', holdover: true, error_bound_ns: 5_000_000 } });
        await pause(random() * 200); // above its limit, for less than five minutes
        unit.set({ clock });
      },
      async (unit) => {
        unit.set({ backlog: 500, hub_rtt_us: 900_000 });
        await pause(random() * 100);
        unit.set({ backlog: 0, hub_rtt_us: usualState(0).hub_rtt_us });
      },
      async (unit) => {
        unit.stop();
        await pause(random() * 300); // on purpose
        unit.boot();
      },
    ];
    const busy = new Set<string>();
    /** Does that to a unit to which nothing else is being done, and leaves it alone for a while after. */
    const withUnit = async (work: (unit: SimUnit) => Promise<void>): Promise<void> => {
      const free = sims.units.filter(({ id }) => !busy.has(id));
      const unit = free[Math.floor(random() * free.length)];
      if (unit === undefined) return;
      busy.add(unit.id);
      await work(unit);
      await pause(200);
      busy.delete(unit.id);
    };
    const isTold = (id: string, event: Told['event'], since_ms: number): boolean =>
      told.some(
        ({ unit, condition, event: is, at_ms }) =>
          unit === id && condition === 'offline' && is === event && at_ms >= since_ms,
      );
    const lose = async (unit: SimUnit): Promise<void> => {
      const from_ms = now();
      unit.kill();
      await pause(told_s.loss);
      if (!isTold(unit.id, 'fired', from_ms)) wrong.push(`${unit.id} was lost, and nobody was told`);
      const back_ms = now();
      unit.boot();
      await pause(told_s.back);
      if (!isTold(unit.id, 'resolved', back_ms)) wrong.push(`${unit.id} is back, and nobody was told`);
    };
    const until_ms = now() + seconds * 1000;
    const works: Promise<void>[] = [];
    let losses = 0;
    let deeds = 0;
    for (let next_ms = now(), loss_ms = now(); now() < until_ms; await pause(0.5)) {
      if (now() >= next_ms) {
        next_ms += every_s.misdeed * 1000;
        deeds += 1;
        works.push(withUnit(misdeeds[Math.floor(random() * misdeeds.length)] ?? (async () => {})));
      }
      if (now() >= loss_ms && until_ms - now() > 300_000) {
        loss_ms += every_s.loss * 1000;
        losses += 1;
        works.push(withUnit(lose));
      }
    }
    await Promise.all(works);
    const expected = told.filter(({ condition }) => condition === 'offline').length;
    for (const { unit, condition, event } of told)
      if (condition !== 'offline') wrong.push(`${event} ${condition} of ${unit}: nothing that is to be told`);
    if (expected !== losses * 2) wrong.push(`${expected} notices of ${losses} losses`);
    say(
      `${seconds} s, ${count} units, seed ${seed}: ${deeds} misdeeds, ${losses} losses, ${told.length} notices`,
    );
  } finally {
    await owner.end();
  }
  for (const one of wrong) say(`WRONG: ${one}`);
  return wrong.length === 0 ? 0 : 1;
}

void main().then((code) => process.exit(code));
