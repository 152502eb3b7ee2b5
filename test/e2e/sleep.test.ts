// How often a unit that has nothing to tell wakes its CPU, with real daemons around it. A voluntary context switch is a thread
// that goes to sleep: so often it is woken later. Their count depends little on the speed of the machine, other than time.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { SelfFacts } from '../../agent/device/self.ts';
import { budgets } from '../kit/budgets.ts';
import { chronyd } from '../kit/clock/chrony.ts';
import { type ClockSite, clockSite } from '../kit/clock/clocksite.ts';
import { ptp4l } from '../kit/clock/ptp.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { costOf } from '../kit/process/cost.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { type LinuxptpPrograms, linuxptps, withoutNewerDaemons } from '../kit/process/timetools.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { type Hub, startHub } from '../kit/unit/site.ts';

const server = natsServers().newest ?? need('nats-server');
const skip = noNetns() ?? withoutNewerDaemons();
const owner = newOwner();
const pause = (s: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, s * 1000));
/** After the last change of the clock: until then all is looked at each second. */
const calm_s = 22;
const span_s = Number(process.env['SLEEP_SECONDS'] ?? 40);
const figures: string[] = [];
after(async () => {
  await owner.end();
  for (const line of figures) console.log(`figure: ${line}`);
});

/** A unit as nunect-time sets it up: ptp4l feeds chronyd, which has a server besides; both look as on a router. */
async function stackSite(
  hub: Hub,
  { ptp4l: program, pmc, ...programs }: LinuxptpPrograms,
): Promise<ClockSite> {
  const socket = join(tempDir(owner, 'sleep'), 'ptp4l');
  const segment = 20_000 + (process.pid % 10_000);
  owner.after(() => execFileSync('ipcrm', ['-M', `0x${(0x4e545030 + segment).toString(16)}`]));
  const [far, near] = netnsPair(owner);
  const newest = { programs: { ...programs, ptp4l: program, pmc } };
  ptp4l(owner, far, { role: 'master', ...newest });
  ptp4l(owner, near, { role: 'ntpshm', shm: segment, socket, ...newest });
  const ntp = await chronyd(owner, { serve: true, steering: true, lines: ['local stratum 2'] });
  const client = await chronyd(owner, {
    steering: true,
    lines: [
      `refclock SHM ${segment} refid PTP0 poll 2 precision 1e-6 delay 1e-4 prefer`,
      `server 127.0.0.1 port ${ntp.ntpPort} iburst minpoll 4 maxpoll 6 maxsamples 6`,
    ],
  });
  const time = [
    `option pmc '${pmc}'`,
    `list ptp_socket '${socket}'`,
    `option chrony_port '${client.cmdport}'`,
  ];
  return clockSite(owner, hub, { unit: 'demo-01', server, interval_s: 5, time });
}

test('a unit that follows PTP and has nothing to tell sleeps', { skip, timeout: 400_000 }, async () => {
  const programs = linuxptps().at(-1);
  assert.ok(programs !== undefined);
  const hub = await startHub(owner, tempDir(owner, 'hub'), server);
  const site = await stackSite(hub, programs);
  await eventually('PTP is followed', async () => (await site.clock()).source === 'ptp', 90_000, 500);
  await pause(calm_s);
  const self = async (): Promise<SelfFacts> => (await site.status())['self'] as unknown as SelfFacts;
  const began = await self();
  await pause(6); // its connection to the page ends
  const { pid } = site.agent();
  const pmc = site.pmc() ?? Number.NaN;
  const look = () => ({ ...costOf(pid), ofPmc: costOf(pmc).wakeUps });
  const [before, metrics] = [look(), site.metrics.length];
  await pause(span_s);
  const now = look();
  const wakeups = (now.wakeUps - before.wakeUps) / span_s;
  const cpu_percent = (now.threadMs - before.threadMs) / span_s / 10;
  figures.push(
    `a quiet unit: ${wakeups.toFixed(2)} wake-ups/s, ${cpu_percent.toFixed(2)} % of a core; pmc ${((now.ofPmc - before.ofPmc) / span_s).toFixed(2)}/s`,
  );
  assert.ok(site.metrics.length - metrics >= span_s / 5 - 2, 'it has told of itself meanwhile');
  assert.equal((await site.clock()).source, 'ptp');
  assert.ok(wakeups <= budgets.wakeUpsWhereBusy, `${wakeups.toFixed(2)} wake-ups a second`);
  const ended = await self();
  assert.ok(ended.children_started - began.children_started <= budgets.children, 'nothing but ss is started');
  assert.ok(
    (ended.wakeups ?? 0) - (began.wakeups ?? 0) >= now.wakeUps - before.wakeUps,
    'it counts as we do',
  );
});
