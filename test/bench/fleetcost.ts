// What following so many units costs the hub's page: CPU and memory of one process that follows them, ranks them every 2 s, and
// makes /metrics every 15 s. Units are simulated in a process of their own, over a nats-server of its own.
//   node --require ./build/register.cjs test/bench/fleetcost.ts 1000 [seconds] [traffic] [stored]
// `stored`: into the streams of a hub, so that the cost of the server is that of a hub; else it only passes records on.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import type { Traffic } from '../../agent/config/traffic.ts';
import { fleetMetrics } from '../../agent/hub/fleet/export/metrics.ts';
import { followHub } from '../../agent/hub/fleet/follow.ts';
import { noLimits } from '../../agent/hub/fleet/limits.ts';
import { rankUnits } from '../../agent/hub/fleet/rank.ts';
import { streamsOf } from '../../agent/hub/kit/streams.ts';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { openLink } from '../../agent/nats/link.ts';
import { jetstream } from '../kit/hub/fleet.ts';
import { simUnits } from '../kit/hub/simunits.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { type Answering, answering, daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need } from '../kit/process/tools.ts';

const [role = '1000', ...rest] = process.argv.slice(2);

/** CPU of a process so far in seconds, and its memory in MB: anonymous, and in all. */
function costOf(pid: number): { cpu_s: number; anonymous_mb: number; resident_mb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return {
    cpu_s: (Number(fields[11]) + Number(fields[12])) / 100,
    anonymous_mb: of('RssAnon'),
    resident_mb: of('VmRSS'),
  };
}

async function speak(port: number, count: number, traffic: Traffic): Promise<void> {
  const connections = await Promise.all([1, 2, 3, 4].map(() => connect({ port })));
  const sims = simUnits(connections, { count, state: () => ({ traffic }) });
  process.on('message', () => process.send?.({ sent: sims.sent(), stored: sims.stored() }));
}

function follow(port: number): void {
  const ticker = systemTicker();
  const options = { servers: [`nats://127.0.0.1:${port}`], name: 'page', inboxPrefix: '_INBOX' };
  const link = openLink({ ticker, log: logTo(() => {}) }, options, new AbortController().signal);
  const hub = followHub(link, ticker, { link: options, limits: noLimits, wall_ms: Date.now });
  const units = () => hub.watch.units(hub.now());
  let metrics_bytes = 0;
  setInterval(() => rankUnits(units()), 2000);
  setInterval(() => {
    metrics_bytes = 0;
    const situation = { at_ms: Date.now(), connected: true, notes: [] };
    for (const piece of fleetMetrics(units(), situation)) metrics_bytes += piece.length;
  }, 15_000);
  process.on('message', () => {
    const states: Record<string, number> = {};
    const begin_ms = performance.now();
    for (const { state } of rankUnits(units())) states[state] = (states[state] ?? 0) + 1;
    const look_ms = Math.round(performance.now() - begin_ms);
    process.send?.({ in_msgs: link.counters().in_msgs, states, look_ms, metrics_bytes });
  });
}

const ask = async (program: Answering): Promise<Readonly<Record<string, unknown>>> =>
  (await program.ask('how')) as Readonly<Record<string, unknown>>;

async function measure(count: number): Promise<void> {
  const [seconds = '60', traffic = 'standard', stored] = rest;
  const owner = newOwner();
  try {
    const port = await reservePort();
    const dir = tempDir(owner, 'fleetcost');
    const args = ['-a', '127.0.0.1', '-p', String(port), ...(stored ? ['-js', '-sd', join(dir, 'js')] : [])];
    const server = daemon(owner, natsServers().newest ?? need('nats-server'), args);
    const nc = await eventually('the server', () => connect({ port }).catch(() => undefined));
    owner.after(() => nc.close());
    const kept = { days: 30, bytes: 4 * 1024 ** 3 };
    for (const { account, config } of stored ? streamsOf(kept, 1) : [])
      if (account === 'fleet') await jetstream(nc, `STREAM.CREATE.${config.name}`, config);
    const speaker = answering(owner, __filename, ['speak', String(port), String(count), traffic]);
    const page = answering(owner, __filename, ['follow', String(port)]);
    await new Promise((resolve) => setTimeout(resolve, 30_000)); // past the first full sets of all
    const pids = { page: page.pid, server: server.pid, units: speaker.pid };
    const before = Object.entries(pids).map(([, pid]) => costOf(pid));
    const said = await ask(page);
    let most_mb = 0;
    for (let s = 0; s < Number(seconds); s++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      most_mb = Math.max(most_mb, costOf(pids.page).resident_mb);
    }
    const after = await ask(page);
    for (const [index, [name, pid]] of Object.entries(pids).entries()) {
      const { cpu_s, anonymous_mb, resident_mb } = costOf(pid);
      const percent = ((cpu_s - (before[index]?.cpu_s ?? 0)) / Number(seconds)) * 100;
      console.log(
        `${name}: ${percent.toFixed(1)} % of a core, ${anonymous_mb.toFixed(0)} MB anonymous, ${resident_mb.toFixed(0)} MB resident`,
      );
    }
    const rate = (Number(after['in_msgs']) - Number(said['in_msgs'])) / Number(seconds);
    console.log(
      `${count} units, ${traffic}: ${rate.toFixed(0)} records/s heard, at most ${most_mb.toFixed(0)} MB`,
    );
    console.log(JSON.stringify(after), JSON.stringify(await ask(speaker)));
  } finally {
    await owner.end();
  }
}

if (role === 'speak') void speak(Number(rest[0]), Number(rest[1]), rest[2] as Traffic);
else if (role === 'follow') follow(Number(rest[0]));
else void measure(Number(role));
