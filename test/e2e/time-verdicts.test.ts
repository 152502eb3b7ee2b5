// The verdict on the clock against real daemons in every state, heard at the hub: what, and how soon.
// The two units go through their states side by side. Nothing here can move the clock of this machine.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { SelfFacts } from '../../agent/device/self.ts';
import { type Chronyd, chronyd, unauthorisedChronyd } from '../kit/clock/chrony.ts';
import { type ClockSite, clockSite } from '../kit/clock/clocksite.ts';
import { linuxptp, type Ptp4l, ptp4l, quickServo } from '../kit/clock/ptp.ts';
import { kernelClock } from '../kit/clock/unsteered.ts';
import { type NetnsEnd, netnsPair, netnsSwitch, noNetns } from '../kit/net/netns.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { type Hub, startHub } from '../kit/unit/site.ts';

const server = natsServers().newest ?? need('nats-server');
const skip = noNetns() ?? false;
const owner = newOwner();
const kernelBefore = kernelClock();
const figures: string[] = [];
const figure = (text: string): void => void figures.push(text);

const now_ms = (): number => performance.now();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const quickAnnounce = ['logAnnounceInterval 0'];

let hub: Hub;

before(async () => {
  if (skip !== false) return;
  hub = await startHub(owner, tempDir(owner, 'hub'), server);
});
after(async () => {
  await owner.end();
  for (const line of figures) console.log(`figure: ${line}`);
});

/** No word of the clock but the present verdict for so long. */
async function steady(site: ClockSite, verdict: string, ms: number): Promise<void> {
  const from_ms = now_ms();
  await pause(ms);
  assert.deepEqual(site.timeline(from_ms), []);
  const { source, quality } = await site.clock();
  assert.equal(`${source} ${quality}`, verdict);
}

describe('the clock, told by real daemons', { skip, concurrency: 2 }, () => {
  describe('PTP with software timestamps', { concurrency: 1 }, () => {
    let site: ClockSite;
    let ends: readonly NetnsEnd[];
    let slave: Ptp4l;
    let gm: Ptp4l;
    let better: Ptp4l;
    const socket = join(tempDir(owner, 'unit'), 'ptp4l');
    const end = (index: number): NetnsEnd => {
      const found = ends[index];
      assert.ok(found);
      return found;
    };

    /** Unix ms of the last Sync that the slave got, as pmc itself tells it. */
    async function lastSync_ms(): Promise<number> {
      const client = join(tempDir(owner, 'pmc'), 'x.sock');
      const args = ['-u', '-b', '0', '-s', socket, '-i', client, 'GET TIME_STATUS_NP'];
      const { stdout } = await promisify(execFile)(linuxptp('pmc'), args);
      return Number(BigInt(/ingress_time +(\d+)/.exec(stdout)?.[1] ?? '0') / 1000n) / 1000;
    }

    before(async () => {
      ends = netnsSwitch(owner, 4);
      const time = [`list ptp_socket '${socket}'`, `option chrony_port '${await reservePort()}'`];
      site = await clockSite(owner, hub, { unit: 'demo-01', server, time });
    });

    test('without any daemon the clock is free', async () => {
      await site.reason('no_daemon');
      assert.deepEqual(site.timeline(0), []);
    });

    test('a grandmaster of another domain is nobody', async () => {
      const other = ptp4l(owner, end(1), { role: 'master', domain: 5, extra: quickAnnounce });
      slave = ptp4l(owner, end(0), { role: 'slave', socket, extra: quickServo });
      const evidence = await site.reason('ptp_listening', 20_000);
      assert.match(evidence, /port 1 is LISTENING/);
      await steady(site, 'unsynced freerun', 6000);
      await other.end();
    });

    test('startup goes from listening by acquiring to locked, and never back', async () => {
      const from_ms = now_ms();
      gm = ptp4l(owner, end(1), { role: 'master', priority1: 20, extra: quickAnnounce });
      const locked = await site.becomes('ptp locked', from_ms, 40_000);
      // of the first offsets, some may be beyond the limit of locked
      const timeline = site.timeline(from_ms).filter((verdict) => verdict !== 'ptp tracking');
      assert.deepEqual(timeline, ['unsynced acquiring', 'ptp acquiring', 'ptp locked']);
      figure(`grandmaster started -> locked (quick servo): ${Math.round(locked.at_ms - from_ms)} ms`);
    });

    test('a lock stands still, costs little and starts nothing', async () => {
      const from_ms = now_ms();
      const self = async (): Promise<SelfFacts> => (await site.status())['self'] as unknown as SelfFacts;
      const before = await self();
      const cpu_ms = site.cpu_ms();
      await steady(site, 'ptp locked', 15_000);
      const span_s = (now_ms() - from_ms) / 1000;
      const perMinute = Math.round(((site.cpu_ms() - cpu_ms) * 60) / span_s);
      const started = (await self()).children_started - before.children_started;
      figure(
        `steady ${span_s.toFixed(0)} s: 0 transitions, ${started} children, ${perMinute} ms CPU per minute`,
      );
      assert.equal(started, 0);
      assert.ok(perMinute < 3000, `${perMinute} ms per minute`); // with every record each second
    });

    test('a pulled link is told at once, and mended', async () => {
      let from_ms = now_ms();
      end(0).link('down');
      const port = await site.event('FAULTY', from_ms, (body) => body['event'] === 'port_state');
      const free = await site.becomes('unsynced freerun', from_ms, 5000);
      assert.deepEqual(site.timeline(from_ms), ['unsynced freerun']);
      figure(
        `link down -> port event at the hub ${Math.round(port.at_ms - from_ms)} ms, verdict ${Math.round(free.at_ms - from_ms)} ms`,
      );
      assert.ok(free.at_ms - from_ms < 1500);
      from_ms = now_ms();
      end(0).link('up');
      await site.becomes('ptp locked', from_ms, 40_000);
    });

    test('a grandmaster that dies is missed within 3.5 s of its last Sync; back again, it is followed', async () => {
      let from_ms = now_ms();
      await gm.end();
      const last_ms = await lastSync_ms();
      const lost = await site.becomes('unsynced freerun', from_ms, 10_000);
      figure(
        `grandmaster lost ${Math.round(lost.wall_ms - last_ms)} ms after its last Sync, ${Math.round(lost.at_ms - from_ms)} ms after its end`,
      );
      assert.match(String(lost.body['evidence']), /last Sync/);
      assert.ok(lost.wall_ms - last_ms <= 3500, `${lost.wall_ms - last_ms} ms`);
      from_ms = now_ms();
      gm = gm.restart();
      await site.becomes('ptp locked', from_ms, 40_000);
    });

    test('a better grandmaster is followed, and told of', async () => {
      const from_ms = now_ms();
      better = ptp4l(owner, end(2), { role: 'master', priority1: 10, extra: quickAnnounce });
      const told = await site.event('grandmaster', from_ms, ({ event }) => event === 'grandmaster', 20_000);
      assert.match(`${told.body['before']} ${told.body['after']}`, /^\S+fffe\S+ \S+fffe\S+$/);
      assert.notEqual(told.body['before'], told.body['after']);
      await eventually('locked', async () => (await site.clock()).quality === 'locked', 20_000, 200);
      figure(`change of grandmaster: ${site.timeline(from_ms).join(', ') || 'locked throughout'}`);
      const master = (await site.status())['ptp'] as unknown as { gmIdentity: string };
      assert.equal(master.gmIdentity, told.body['after']);
    });

    test('behind a boundary clock the grandmaster is two steps away', async () => {
      const from_ms = now_ms();
      await gm.end();
      await better.end();
      const [far, near] = netnsPair(owner);
      near.run('ip', 'link', 'set', near.interface, 'netns', end(3).netns);
      end(3).run('ip', 'link', 'set', near.interface, 'up');
      ptp4l(owner, far, { role: 'master', extra: quickAnnounce });
      const boundary = ptp4l(owner, end(3), {
        role: 'boundary',
        moreInterfaces: [near.interface],
        extra: quickAnnounce,
      });
      await site.becomes('unsynced freerun', from_ms, 10_000);
      const steps = await site.event(
        'two steps',
        from_ms,
        ({ event, after }) => event === 'steps_removed' && after === 2,
        60_000,
      );
      await site.becomes('ptp locked', steps.at_ms, 40_000);
      // a slim record does not name it, the full one that a change causes does
      const { ptp_master, ptp_stratum } = await eventually('it is named', () =>
        site.metrics.map(({ body }) => body).findLast((body) => body['ptp_stratum'] === 2),
      );
      const parent = (await site.status())['ptp'] as unknown as {
        gmIdentity: string;
        parentPortIdentity: string;
      };
      assert.equal(ptp_master, parent.gmIdentity);
      assert.equal(ptp_stratum, 2);
      assert.ok(!parent.parentPortIdentity.startsWith(parent.gmIdentity));
      await boundary.end();
      await site.becomes('unsynced freerun', now_ms(), 10_000);
      const again_ms = now_ms();
      gm = gm.restart();
      await site.becomes('ptp locked', again_ms, 40_000);
    });

    test('a ptp4l that ends or hangs takes its lock with it', async () => {
      let from_ms = now_ms();
      await slave.end('SIGTERM');
      const ended = await site.becomes('unsynced freerun', from_ms, 10_000);
      figure(`ptp4l ended -> verdict ${Math.round(ended.at_ms - from_ms)} ms`);
      assert.ok(ended.at_ms - from_ms < 2500, `${ended.at_ms - from_ms} ms`);
      from_ms = now_ms();
      slave = slave.restart();
      await site.becomes('ptp locked', from_ms, 40_000);
      from_ms = now_ms();
      slave.kill('SIGSTOP');
      const hung = await site.becomes('unsynced freerun', from_ms, 10_000);
      assert.ok(hung.at_ms - from_ms < 4500, `${hung.at_ms - from_ms} ms`);
      figure(`ptp4l hung -> verdict ${Math.round(hung.at_ms - from_ms)} ms`);
      from_ms = now_ms();
      slave.kill('SIGCONT');
      await site.becomes('ptp locked', from_ms, 40_000);
    });

    test('a pmc that is killed or deaf is replaced, and the lock is back', async () => {
      const from_ms = now_ms();
      const replaced = async (pid: number | undefined): Promise<void> =>
        void (await eventually('another pmc', () => ![undefined, pid].includes(site.pmc()), 20_000));
      const first = site.pmc();
      process.kill(first ?? 0, 'SIGKILL');
      await replaced(first);
      await pause(3500);
      assert.deepEqual(site.timeline(from_ms), [], 'what a dead pmc knew holds until another is there');
      const second = site.pmc();
      const stateDir = site.stateDir;
      for (const name of readdirSync(stateDir)) if (name.startsWith('pmc.')) rmSync(join(stateDir, name));
      const deaf_ms = now_ms();
      await replaced(second);
      await pause(1000);
      // its third silence may come before what it knew is too old: then the lock is never lost
      if (site.timeline(deaf_ms).length > 0) {
        assert.equal(site.timeline(deaf_ms)[0], 'unsynced freerun');
        await site.becomes('ptp locked', deaf_ms, 20_000);
      }
      await steady(site, 'ptp locked', 2000);
      figure(`pmc deaf -> locked again: ${Math.round(now_ms() - deaf_ms)} ms`);
    });
  });

  describe('chronyd', { concurrency: 1 }, () => {
    let site: ClockSite;
    let client: Chronyd;
    let servers: Chronyd[] = [];
    let cmdport = 0;
    let gm: Ptp4l;
    const socket = join(tempDir(owner, 'shm'), 'ptp4l');
    const segment = 1000 + (process.pid % 10_000);
    // one of them lies; when another one dies there are still three that agree, and outvote it
    const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6'];
    // with many samples, chronyd holds on to a dead source for as long as they span
    const sourceLines = (): string[] =>
      servers.map(
        ({ ntpPort }, i) =>
          `server ${addresses[i]} port ${ntpPort} minpoll 0 maxpoll 0 maxsamples 6 iburst${i === 2 ? ' offset 0.5' : ''}`,
      );
    const start = (lines: readonly string[]): Promise<Chronyd> =>
      chronyd(owner, { cmdport, steering: true, lines });

    before(async () => {
      cmdport = await reservePort();
      const time = [`list ptp_socket '${socket}'`, `option chrony_port '${cmdport}'`];
      site = await clockSite(owner, hub, { unit: 'demo-02', server, time });
      servers = await Promise.all(
        addresses.map((address) =>
          chronyd(owner, { serve: true, address, steering: true, lines: ['local stratum 2'] }),
        ),
      );
      // The other path to the clock, for later: ptp4l needs some time to hear its master.
      const [far, near] = netnsPair(owner);
      gm = ptp4l(owner, far, { role: 'master', extra: quickAnnounce });
      ptpFeed = () => ptp4l(owner, near, { role: 'ntpshm', shm: segment, socket });
      owner.after(() => execFileSync('ipcrm', ['-M', `0x${(0x4e545030 + segment).toString(16)}`]));
    });
    let ptpFeed: () => Ptp4l;

    test('without any daemon the clock is free', async () => {
      await site.reason('no_daemon');
      assert.deepEqual(site.timeline(0), []);
    });

    test('of several sources, a falseticker is named and does no harm', async () => {
      const from_ms = now_ms();
      client = await start(sourceLines());
      const locked = await site.becomes('ntp locked', from_ms, 40_000);
      figure(`chronyd started -> locked: ${Math.round(locked.at_ms - from_ms)} ms`);
      await site.reason('ntp_falseticker', 10_000);
      const said = (await site.status())['ntp'] as unknown as {
        selected: string;
        sources: { name: string; state: string }[];
      };
      assert.equal(said.sources.length, addresses.length);
      assert.ok(addresses.includes(said.selected) && said.selected !== '127.0.0.4', said.selected);
      assert.equal(said.sources.find(({ name }) => name === '127.0.0.4')?.state, 'falseticker');
      const { error_bound_ns = 0, offset_ns = 1e9 } = await site.clock();
      assert.ok(Math.abs(offset_ns) < error_bound_ns && error_bound_ns < 50e6, `${error_bound_ns}`);
    });

    test('a chronyd that hangs is believed for 4.5 s at most', async () => {
      let from_ms = now_ms();
      client.kill('SIGSTOP');
      const hung = await site.becomes('unsynced freerun', from_ms, 10_000);
      figure(`chronyd hung -> verdict ${Math.round(hung.at_ms - from_ms)} ms`);
      assert.ok(hung.at_ms - from_ms < 4500, `${hung.at_ms - from_ms} ms`);
      await site.reason('ntp_no_answer');
      from_ms = now_ms();
      client.kill('SIGCONT');
      await site.becomes('ntp locked', from_ms, 30_000);
    });

    test('when the selected source dies, another one takes its place', async () => {
      const from_ms = now_ms();
      const selected = ((await site.status())['ntp'] as unknown as { selected: string }).selected;
      const lost = addresses.indexOf(selected);
      await servers[lost]?.end();
      const told = await site.event('another', from_ms, ({ event }) => event === 'ntp_source', 30_000);
      assert.equal(told.body['before'], selected);
      await eventually('locked', async () => (await site.clock()).quality === 'locked', 20_000, 200);
      figure(
        `selected source dead -> another after ${Math.round(told.at_ms - from_ms)} ms: ${site.timeline(from_ms).join(', ') || 'locked throughout'}`,
      );
      servers = servers.map((one, i) => (i === lost ? one.restart() : one));
    });

    test('when all sources are lost, the lock is', async () => {
      let from_ms = now_ms();
      await Promise.all(servers.map((one) => one.end()));
      const lost = await site.becomes('unsynced freerun', from_ms, 20_000);
      figure(`NTP sources dead -> verdict ${Math.round(lost.at_ms - from_ms)} ms`);
      assert.ok(lost.at_ms - from_ms < 9000, `${lost.at_ms - from_ms} ms`);
      from_ms = now_ms();
      servers = servers.map((one) => one.restart());
      await site.becomes('ntp locked', from_ms, 40_000);
    });

    test('its own clock is no reference', async () => {
      let from_ms = now_ms();
      await client.end();
      const gone = await site.becomes('unsynced freerun', from_ms, 10_000);
      assert.ok(gone.at_ms - from_ms < 2500, `${gone.at_ms - from_ms} ms`);
      await site.reason('no_daemon');
      from_ms = now_ms();
      client = await start(['local stratum 10']);
      await site.reason('ntp_local_reference', 20_000);
      await pause(5000);
      assert.deepEqual(site.timeline(from_ms), []);
      await client.end();
    });

    test('one that refuses to tell is not taken for one that is not there', async () => {
      const fake = await unauthorisedChronyd(owner, cmdport);
      const evidence = await site.reason('ntp_no_answer', 10_000);
      fake.stop();
      assert.match(evidence, /not authorised/);
      await site.reason('no_daemon', 10_000);
    });

    test('a refclock that PTP feeds is PTP; when PTP dies, NTP takes over', async () => {
      let from_ms = now_ms();
      ptpFeed();
      client = await start([
        `refclock SHM ${segment} poll 0 refid PTP0 prefer`,
        `server ${addresses[0]} port ${servers[0]?.ntpPort} minpoll 0 maxpoll 0 maxsamples 6 iburst`,
      ]);
      const locked = await site.becomes('ptp locked', from_ms, 60_000);
      figure(`refclock: ${site.timeline(from_ms).join(', ')} after ${Math.round(locked.at_ms - from_ms)} ms`);
      await site.reason('refclock_via_chrony');
      from_ms = now_ms();
      await gm.end();
      const left = await site.event('left PTP', from_ms, ({ event }) => event === 'clock', 20_000);
      const fallen = await site.becomes('ntp locked', from_ms, 40_000);
      figure(
        `refclock dead -> PTP left after ${Math.round(left.at_ms - from_ms)} ms, on NTP after ${Math.round(fallen.at_ms - from_ms)} ms: ${site.timeline(from_ms).join(', ')}`,
      );
      assert.ok(left.at_ms - from_ms < 6500);
    });

    test('a lock of a minute earns holdover, which is no lock', async () => {
      await steady(site, 'ntp locked', 62_000);
      const from_ms = now_ms();
      await servers[0]?.end();
      await site.becomes('unsynced tracking holdover', from_ms, 20_000);
      assert.deepEqual(site.timeline(from_ms), ['unsynced tracking holdover']);
      const { error_bound_ns: at = 0, reasons } = await site.clock();
      assert.deepEqual(reasons, ['holdover', 'ptp_listening', 'ntp_source_lost']);
      await pause(3000);
      const { error_bound_ns: later = 0 } = await site.clock();
      assert.ok(later - at >= 60_000, `grew by ${later - at} ns`); // 30 ppm
    });
  });
});

test('frequency and status of the kernel clock are as before', () => {
  assert.deepEqual(kernelClock(), kernelBefore);
});
