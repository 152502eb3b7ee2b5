// What is changed of the time stack of a unit: its config, its chronyd, its role; and a grandmaster that has to be asked.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { timeFiles } from '../../../../agent/clock/setup/applied.ts';
import { withoutClock } from '../../clock/unsteered.ts';
import type { NetnsEnd } from '../../net/netns.ts';
import { type Daemon, daemon, tempDir } from '../../process/daemon.ts';
import type { Lab, Scenario } from '../lab.ts';
import { pause } from '../unit.ts';
import {
  becomes,
  byNtp,
  byPtp,
  followedBy,
  heldWithin,
  lockedSite,
  notByPtp,
  programs,
  type StackSite,
  said,
  stackSite,
} from './stack.ts';

/** The config of a grandmaster that serves who asks for it, by a clock that it does not move: the truth. */
const unicastConf = (dir: string, { interface: name }: NetnsEnd): string => `[global]
masterOnly 1
free_running 1
time_stamping software
unicast_listen 1
network_transport UDPv4
clockClass 13
clockAccuracy 0x21
timeSource 0x20
priority1 10
uds_address ${dir}/ptp4l
[${name}]
`;

async function unicast(lab: Lab): Promise<void> {
  const dir = tempDir(lab.owner, 'unicast');
  const site = await stackSite(lab, {
    gm: false,
    more: ["list unicast_server '10.99.1.3'"],
  });
  const { unit, ends } = site;
  const conf = join(dir, 'ptp4l.conf');
  writeFileSync(conf, unicastConf(dir, ends.other));
  const [program = '', ...words] = [...ends.other.exec, ...withoutClock(), programs().linuxptp.ptp4l];
  const serve = (): Daemon => daemon(lab.owner, program, [...words, '-q', '-f', conf]);
  let gm = serve();
  await byPtp(unit, 40);
  for (const away_s of [1, 20]) {
    await pause(15);
    unit.mark(`the grandmaster is away for ${away_s} s`);
    await gm.end('SIGKILL');
    if (away_s > 10) await notByPtp(unit, 5);
    await pause(away_s);
    gm = serve();
    await pause(3);
    await byPtp(unit, 30);
  }
  await pause(10);
}

/** chronyd is installed after ptp4l has steered for a while, and removed again. */
async function laterChronyd(lab: Lab): Promise<void> {
  const none = ["option chronyd '/nonexistent/chronyd'"];
  const { unit, stack, options, gm, newGm } = await lockedSite(lab, { more: none, isWithoutChronyd: true });
  unit.mark('chronyd is installed');
  stack.boot();
  const with_ = options.filter((line) => !none.includes(line));
  unit.mark((await stack.reload(with_)).trim());
  await heldWithin(unit, 0.001, async () => {
    await pause(5);
    await byPtp(unit, 40);
    await pause(60);
  });
  await gm.end();
  await notByPtp(unit, 5);
  await byNtp(unit, 120);
  unit.mark('chronyd is removed');
  await newGm();
  await stack.running('chronyd')?.end('SIGTERM');
  unit.mark((await stack.reload(options)).trim());
  await byPtp(unit, 40);
  await pause(10);
}

/** Numbers below n, the same each time. */
function numbers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % n;
  };
}

/** Who steers after a reload: chronyd and nobody else. */
async function onlySteerer(
  { unit, stack }: StackSite,
  what: string,
  wanted: { ptp: boolean; ptp0: boolean; servers: number },
) {
  const sources = await stack.chronyc('-c', 'sources', '-a');
  const conf = stack.running('ptp4l') && readFileSync(join(stack.dir, timeFiles.ptp4lConf), 'utf8');
  const rules = {
    'chronyd runs': stack.running('chronyd') !== undefined,
    [`ptp4l runs: ${wanted.ptp}`]: (conf !== undefined) === wanted.ptp,
    'ptp4l moves no clock': conf === undefined || /^(clock_servo ntpshm|free_running 1)$/m.test(conf),
    [`chronyd has PTP0: ${wanted.ptp0}`]: sources.includes(',PTP0,') === wanted.ptp0,
    [`chronyd has ${wanted.servers} servers`]: (sources.match(/^\^/gm) ?? []).length === wanted.servers,
  };
  for (const [rule, isKept] of Object.entries(rules)) if (!isKept) unit.miss(`${what}: ${rule}`);
}

/** Whatever is configured, chronyd alone steers, and has a source where there is one. */
async function reloads(lab: Lab, count: number): Promise<void> {
  const site = await lockedSite(lab, { servers: [{}, {}] });
  const { unit, stack, servers, options, ends } = site;
  const { netns, interface: name } = ends.unit;
  const below = numbers(7919);
  const rename = (from: string, to: string): void => {
    for (const words of [
      ['set', from, 'down'],
      ['set', from, 'name', to],
      ['set', to, 'up'],
    ])
      execFileSync('ip', ['-n', netns, 'link', ...words]);
  };
  let isThere = true;
  for (let at = 0; at < count; at++) {
    if (below(5) === 0) {
      rename(isThere ? name : 'gone0', isThere ? 'gone0' : name);
      isThere = !isThere;
    }
    const role = ['client', 'client', 'client', 'auto', 'server'][below(5)] ?? 'client';
    const [ntp, isOn, domain] = [below(3), below(6) > 0, below(4) === 0 ? 1 : 0];
    const what = `${at}: ${isOn ? role : 'off'}, domain ${domain}, ${ntp} servers, port ${isThere ? 'there' : 'gone'}`;
    await stack.reload([
      `list interface '${name}'`,
      `option domain '${domain}'`,
      `option role '${role}'`,
      `option enabled '${Number(isOn)}'`,
      ...servers.slice(0, ntp).map(({ address }) => `list ntp_server '${address}'`),
    ]);
    unit.mark(what);
    const ptp0 = isOn && role !== 'server';
    await onlySteerer(site, what, { ptp: isOn && isThere, ptp0, servers: isOn ? ntp : 0 });
    const hasSource = (isOn && ntp > 0) || (ptp0 && isThere && domain === 0);
    if (hasSource && below(5) === 0)
      await said(unit, `${what}: a source`, 40, ({ active_source }) => active_source !== 'unsynced');
  }
  if (!isThere) rename('gone0', name);
  await stack.reload(options);
  await byPtp(unit, 40);
  await pause(10);
}

/** What the unit's ptp4l announces of its clock: class and traceability. */
function announced({ stack }: StackSite): string {
  const where = ['-s', join(stack.dir, timeFiles.ptp4lSocket), '-i', join(stack.dir, 'asks')];
  const words = ['-u', '-b', '0', ...where, 'GET GRANDMASTER_SETTINGS_NP'];
  const text = execFileSync(programs().linuxptp.pmc, words, { encoding: 'utf8', stdio: 'pipe' });
  return `${/clockClass +(\d+)/.exec(text)?.[1]} ${/timeTraceable +(\d)/.exec(text)?.[1]}`;
}

/** A unit with GNSS announces that, and nothing of it when it is gone. */
async function server(lab: Lab): Promise<void> {
  const socket = join(tempDir(lab.owner, 'gnss'), 'sock');
  const site = await stackSite(lab, {
    gm: false,
    more: ["option role 'server'"],
    chronyLines: [`refclock SOCK ${socket} refid GPS poll 0 precision 1e-6 delay 1e-3 prefer`],
  });
  const { unit, stack, agent } = site;
  const announces = (what: string): Promise<void> =>
    becomes(site, `announces ${what}`, 10, () => announced(site) === what);
  const byGnss = (): Promise<void> =>
    becomes(site, 'chronyd by GNSS', 40, async () => (await followedBy(site)) === 'GPS');
  await announces('248 0');
  let receiver = unit.gnss(socket);
  await byGnss();
  await announces('13 1');
  await pause(75); // a clock must have been locked for a minute to be trusted alone
  unit.mark('GNSS is lost');
  await receiver.end();
  await announces('14 1');
  await becomes(site, 'chronyd by NTP', 150, async () => /^127/.test((await followedBy(site)) ?? ''));
  await announces('248 0');
  receiver = unit.gnss(socket);
  await byGnss();
  await announces('13 1');
  for (const part of ['chronyd', 'ptp4l'] as const) {
    unit.mark(`${part} is killed`);
    await stack.running(part)?.end('SIGKILL');
    if (part === 'chronyd') await announces('248 0');
    stack.restart(part);
    await byGnss();
    await announces('13 1');
  }
  unit.mark('the agent is killed');
  await agent.end('SIGKILL');
  await announces('248 0');
  await unit.agent();
  await announces('13 1');
  unit.mark('the service is stopped');
  await stack.running('orders')?.end('SIGTERM');
  await announces('248 0');
}

export const stackChangeScenarios: readonly Scenario[] = [
  { name: 'stack-unicast', what: 'unicast of a grandmaster that is restarted', seconds: 130, run: unicast },
  { name: 'stack-later', what: 'chronyd is installed later, and removed', seconds: 200, run: laterChronyd },
  { name: 'stack-reloads', what: '200 reloads at random', seconds: 350, run: (lab) => reloads(lab, 200) },
  { name: 'stack-server', what: 'GNSS and its loss, as it is announced', seconds: 220, run: server },
];
