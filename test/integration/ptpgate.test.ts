// The agent's gate with real daemons: it watches them as user of their sockets, and orders through root's script.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepOrders } from '../../agent/clock/orders/keeper.ts';
import { watchClock } from '../../agent/clock/part.ts';
import { watchedTime } from '../../agent/clock/setup/watched.ts';
import { wallClock } from '../../agent/clock/wallclock.ts';
import { machineClocks, systemTicker } from '../../agent/lib/ticker.ts';
import { type Chronyd, chronyd } from '../kit/clock/chrony.ts';
import { type Ptp4l, ptp4l } from '../kit/clock/ptp.ts';
import { appliedTime, type TimePlace, timePlace } from '../kit/clock/timescript.ts';
import { withOptions } from '../kit/leaf/leafconfig.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import { type Cleanup, undoLater } from '../kit/process/cleanup.ts';
import { agentSpawn, eventually, tempDir } from '../kit/process/daemon.ts';
import { chronyds, withoutNewerDaemons } from '../kit/process/timetools.ts';
import { need } from '../kit/process/tools.ts';

const quick = ['logAnnounceInterval -2', 'logSyncInterval -2', 'logMinDelayReqInterval -2'];

/** What the agent does with the clock, in this process. */
function agentOf(owner: Cleanup, place: TimePlace, chrony_port: number) {
  const applied = appliedTime({ grace_s: 20 });
  const config = withOptions({ time: { chrony_port, pmc: need('pmc') } });
  const time = watchedTime(config, { runDir: place.runDir, applied });
  const ticker = systemTicker();
  const wall = wallClock(machineClocks);
  const deps = { spawn: agentSpawn, ticker, wall, random: Math.random, stateDir: tempDir(owner, 'agent') };
  const clock = watchClock(deps, time, new AbortController().signal);
  const logged: string[] = [];
  const log = (msg: string, fields = {}): void => void logged.push(`${msg} ${JSON.stringify(fields)}`);
  const orders = keepOrders(
    { clock: () => clock, wall, ticker, fifo: place.fifo, log: { info: log, warn: log } },
    { ...applied, tracking_ns: time.tracking_ns },
  );
  undoLater(owner, async () => {
    orders.stop();
    await clock.stop();
  });
  return { orders, logged };
}

/** State of a source as chronyc shows it: `*`, `+`, `?` ... */
async function stateOf(client: Chronyd, name: string): Promise<string | undefined> {
  const said = await client.chronyc('sources').catch(() => '');
  return said
    .split('\n')
    .map((line) => line.split(','))
    .find((words) => words[2] === name)?.[1];
}

const newest = chronyds().at(-1);

test('PTP is selected once NTP agrees, and left at once when it is lost or shows another second', {
  skip: withoutNewerDaemons() || (noNetns() ?? false),
}, async (t) => {
  assert.ok(newest !== undefined);
  const segment = 21_000 + (process.pid % 10_000);
  undoLater(t, () => execFileSync(need('ipcrm'), ['-M', `0x${(0x4e545030 + segment).toString(16)}`]));
  const place = timePlace(t, { programs: [newest.chronyc] });
  const [far, near] = netnsPair(t);
  let gm: Ptp4l = ptp4l(t, far, { role: 'master', extra: quick });
  ptp4l(t, near, { role: 'ntpshm', shm: segment, socket: join(place.dir, 'ptp4l'), extra: quick });
  const server = await chronyd(t, { serve: true, lines: ['local stratum 2'] });
  const client = await chronyd(t, {
    programs: newest,
    lines: [
      `server 127.0.0.1 port ${server.ntpPort} minpoll 0 maxpoll 0 iburst maxsamples 8`,
      `refclock SHM ${segment} refid PTP0 poll 0 precision 1e-6 delay 1e-4 prefer noselect`,
    ],
  });
  place.write('chronydSocket', client.socket);
  const script = place.start(['orders', place.dir]);
  const { orders, logged } = agentOf(t, place, client.cmdport);
  const becomes = async (reason: string, source: string, timeoutMs: number): Promise<void> => {
    const from = performance.now();
    await eventually(`gate ${reason}`, () => orders.gate()?.reason === reason, timeoutMs);
    const decided_ms = performance.now() - from;
    await eventually(`chronyd on ${source}`, async () => (await stateOf(client, source)) === '*', 5000);
    t.diagnostic(
      `${reason}: decided ${Math.round(decided_ms)} ms, ${source} ${Math.round(performance.now() - from)} ms`,
    );
  };
  const settings = (isTai: boolean): void => {
    const flag = isTai ? 1 : 0;
    const order = `SET GRANDMASTER_SETTINGS_NP clockClass 13 clockAccuracy 0x21 offsetScaledLogVariance 0x4e5d currentUtcOffset 37 leap61 0 leap59 0 currentUtcOffsetValid ${flag} ptpTimescale ${flag} timeTraceable 0 frequencyTraceable 0 timeSource 0xa0`;
    execFileSync(need('pmc'), ['-u', '-b', '0', '-s', gm.socket, '-i', join(place.runDir, 'gm'), order]);
  };

  await becomes('agrees', 'PTP0', 60_000);
  await gm.end();
  await becomes('lost', '127.0.0.1', 10_000);
  gm = gm.restart();
  await becomes('agrees', 'PTP0', 40_000);

  settings(true); // it says that it counts in TAI, and goes on with UTC
  await becomes('disagrees', '127.0.0.1', 15_000);
  assert.match(
    orders.gate()?.fault ?? '',
    /by PTP this clock is 37\.0 s (ahead|behind), by 127\.0\.0\.1 .*TAI and UTC$/,
  );
  settings(false);
  await becomes('agrees', 'PTP0', 40_000);

  await client.endGently();
  client.restart();
  await eventually('chronyd has forgotten', async () => (await stateOf(client, 'PTP0')) === '?', 10_000);
  await becomes('agrees', 'PTP0', 30_000);

  await server.endGently();
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  assert.equal(orders.gate()?.order, 'select', 'NTP is gone after it agreed');
  settings(true);
  await eventually('the wrong second is found out', () => orders.gate()?.reason === 'disagrees', 15_000);
  assert.match(logged[0] ?? '', /^chronyd may (not )?select PTP /);
  assert.doesNotMatch(script.output(), /does not take the order to select/);
});

test('an island gets PTP when nothing else has answered for the grace time', {
  skip: withoutNewerDaemons() || (noNetns() ?? false),
}, async (t) => {
  assert.ok(newest !== undefined);
  const segment = 31_000 + (process.pid % 10_000);
  undoLater(t, () => execFileSync(need('ipcrm'), ['-M', `0x${(0x4e545030 + segment).toString(16)}`]));
  const place = timePlace(t, { programs: [newest.chronyc] });
  const [far, near] = netnsPair(t);
  ptp4l(t, far, { role: 'master', extra: quick });
  ptp4l(t, near, { role: 'ntpshm', shm: segment, socket: join(place.dir, 'ptp4l'), extra: quick });
  const client = await chronyd(t, {
    programs: newest,
    lines: [
      'server 127.0.0.1 port 9 minpoll 0 maxpoll 0 iburst',
      `refclock SHM ${segment} refid PTP0 poll 0 precision 1e-6 delay 1e-4 prefer noselect`,
    ],
  });
  place.write('chronydSocket', client.socket);
  const { orders } = agentOf(t, place, client.cmdport);
  await eventually('it waits', () => orders.gate()?.reason === 'waiting', 40_000);
  place.start(['orders', place.dir]); // a helper that comes late is told, too
  await eventually('the grace time is over', () => orders.gate()?.reason === 'grace', 25_000);
  await eventually('chronyd on PTP0', async () => (await stateOf(client, 'PTP0')) === '*', 10_000);
});
