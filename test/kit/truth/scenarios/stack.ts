// The time stack as it is made of three options, by real daemons whose clock is a file.
import type { NetnsEnd } from '../../net/netns.ts';
import type { Daemon } from '../../process/daemon.ts';
import { chronyds, linuxptps } from '../../process/timetools.ts';
import { type Lab, LeftOut, type Scenario } from '../lab.ts';
import type { GmLies, Liar, NtpLies, NtpServer } from '../servers.ts';
import type { TimeStack } from '../stack.ts';
import { pause, type TruthUnit } from '../unit.ts';

/** A unit with its stack, a grandmaster and NTP servers. */
export interface StackSite {
  readonly unit: TruthUnit;
  /** The one that was started first. */
  readonly agent: Daemon;
  /** Where the unit's port is, and where another grandmaster may be. */
  readonly ends: { readonly unit: NetnsEnd; readonly other: NetnsEnd };
  readonly stack: TimeStack;
  readonly gm: Liar<GmLies>;
  readonly servers: readonly NtpServer[];
  /** The three options. */
  readonly options: readonly string[];
  /** Starts the grandmaster anew, after it has ended. */
  newGm(lies?: GmLies): Promise<Liar<GmLies>>;
}

export interface StackOptions {
  /** No grandmaster: false. */
  readonly gm?: GmLies | false;
  readonly servers?: readonly NtpLies[];
  readonly offset_s?: number;
  readonly oscillator_ppm?: number;
  /** Lines of chrony.conf before there was nunect. */
  readonly chronyLines?: readonly string[];
  /** chronyd is not there yet. */
  readonly isWithoutChronyd?: boolean;
  /** Options besides the three. */
  readonly more?: readonly string[];
}

/** The newest of each: what OpenWrt has, or newer; else those of LAB_CHRONY and LAB_LINUXPTP. */
export function programs() {
  const newest = <P extends { readonly version: string }>(
    all: readonly P[],
    wanted?: string,
  ): P | undefined => all.filter(({ version }) => wanted === undefined || version === wanted).at(-1);
  const chrony = newest(chronyds(), process.env['LAB_CHRONY']);
  const linuxptp = newest(linuxptps(), process.env['LAB_LINUXPTP']);
  if (chrony === undefined || linuxptp === undefined) throw new LeftOut('there is no chronyd or ptp4l');
  return { chrony, linuxptp };
}

/** A unit that is set up by its interface, its domain and NTP servers; chronyd runs as the host starts it. */
export async function stackSite(lab: Lab, opts: StackOptions = {}): Promise<StackSite> {
  const { gm: lies = {}, servers: ntpLies = [{}], offset_s = 0.3, chronyLines = [], more = [] } = opts;
  const found = programs();
  const unit = await lab.unit({ offset_s, oscillator_ppm: opts.oscillator_ppm ?? 20 });
  const [gmEnd, end, other] = lab.network(3);
  if (gmEnd === undefined || end === undefined || other === undefined) throw new Error('three ends');
  const servers = await Promise.all(ntpLies.map((one) => lab.ntp(one, 123)));
  const newGm = (now: GmLies = lies === false ? {} : lies): Promise<Liar<GmLies>> =>
    lab.gm(gmEnd, now, 'UDPv4');
  const gm = lies === false ? { set() {}, async end() {} } : await newGm();
  const stack = unit.stack({ ...found, end, chronyLines });
  const options = [
    `list interface '${end.interface}'`,
    "option domain '0'",
    ...servers.map(({ address }) => `list ntp_server '${address}'`),
    ...more,
  ];
  if (opts.isWithoutChronyd !== true) stack.boot();
  unit.mark((await stack.reload(options)).trim());
  const agent = await unit.agent();
  return { unit, agent, ends: { unit: end, other }, stack, gm, servers, options, newGm };
}

const latest = ({ rows }: TruthUnit) => rows.at(-1)?.record;

/** Waits until its records say so, at most so long: what was to be said in time and was not is a fault of the unit. */
export async function said(
  unit: TruthUnit,
  what: string,
  most_s: number,
  is: (record: NonNullable<ReturnType<typeof latest>>) => boolean,
): Promise<void> {
  const from_ms = performance.now();
  const passed_s = (): number => (performance.now() - from_ms) / 1000;
  for (;;) {
    const record = latest(unit);
    if (record !== undefined && is(record)) break;
    if (passed_s() > most_s) {
      unit.miss(`${what} within ${most_s} s`);
      return;
    }
    await pause(0.1);
  }
  unit.mark(`${what} after ${passed_s().toFixed(1)} s`);
}

export const byPtp = (unit: TruthUnit, most_s: number): Promise<void> =>
  said(unit, 'by PTP', most_s, ({ active_source }) => active_source === 'ptp');
export const byNtp = (unit: TruthUnit, most_s: number): Promise<void> =>
  said(unit, 'by NTP', most_s, ({ active_source }) => active_source === 'ntp');
export const notByPtp = (unit: TruthUnit, most_s: number): Promise<void> =>
  said(unit, 'no longer by PTP', most_s, ({ active_source }) => active_source !== 'ptp');

/** A unit that PTP holds. */
export async function lockedSite(lab: Lab, opts: StackOptions = {}): Promise<StackSite> {
  const site = await stackSite(lab, opts);
  await byPtp(site.unit, 40);
  await site.unit.settled(60);
  return site;
}

/** Waits until it is so, at most so long; a fault of the unit if it is not. */
export async function becomes(
  { unit }: StackSite,
  what: string,
  most_s: number,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const from_ms = performance.now();
  while (!(await isSo())) {
    if (performance.now() - from_ms > most_s * 1000) return unit.miss(`${what} within ${most_s} s`);
    await pause(0.3);
  }
  unit.mark(`${what} after ${((performance.now() - from_ms) / 1000).toFixed(1)} s`);
}

/** Whom chronyd follows, by itself. */
export async function followedBy({ stack }: StackSite): Promise<string | undefined> {
  const fields = (await stack.chronyc('-c', 'tracking')).trim().split(',');
  return fields.at(-1) === 'Not synchronised' ? undefined : fields[1];
}

/** For what an older chronyd cannot be told. */
export function needSelectopts(): void {
  const { version } = programs().chrony;
  if (version.localeCompare('4.4', 'en', { numeric: true }) < 0)
    throw new LeftOut(`chronyd ${version} cannot be told to withhold PTP`);
}

/** Three options: PTP, its loss, NTP, its return; within the limits of the issue. */
async function threeOptions(lab: Lab, opts: StackOptions = {}, locked_s = 20): Promise<void> {
  const { unit, gm, newGm } = await stackSite(lab, opts);
  await byPtp(unit, 40);
  await unit.settled(60);
  await pause(locked_s);
  unit.mark('the grandmaster dies');
  await gm.end();
  await notByPtp(unit, 5);
  await byNtp(unit, 120);
  await pause(20);
  unit.mark('a grandmaster is there again');
  await newGm();
  await byPtp(unit, 30);
  await pause(15);
}

/** An operator's pool, of which chronyd keeps so many samples that it would stay with a dead PTP for minutes. */
async function besidePool(lab: Lab): Promise<StackSite> {
  const pool = await lab.ntp({}, 123);
  const chronyLines = [`server ${pool.address} minpoll 2 maxpoll 2 maxsamples 64 iburst`];
  return stackSite(lab, { servers: [], chronyLines });
}

/** chronyd is to leave PTP for NTP by itself. */
async function leavesPtp({ unit, stack }: StackSite, most_s: number): Promise<void> {
  const from_ms = performance.now();
  const passed_s = (): number => (performance.now() - from_ms) / 1000;
  while (!/^\^,\*/m.test(await stack.chronyc('-c', 'sources')) && passed_s() < most_s) await pause(0.5);
  if (passed_s() < most_s) unit.mark(`chronyd is with NTP after ${passed_s().toFixed(1)} s`);
  else unit.miss(`chronyd is with NTP within ${most_s} s`);
}

/** While `play` lasts its clock is never off by more, and it is seldom without a source. */
export async function heldWithin(unit: TruthUnit, off_s: number, play: () => Promise<void>): Promise<void> {
  const from = unit.rows.length;
  await play();
  const rows = unit.rows.slice(from);
  const worst_s = Math.max(0, ...rows.map(({ truth }) => Math.abs(truth.error_ns) / 1e9));
  const without = rows.filter(({ record }) => record.active_source === 'unsynced').length;
  unit.mark(`off by at most ${worst_s} s, ${without} of ${rows.length} records without a source`);
  if (worst_s > off_s) unit.miss(`off by at most ${off_s} s: it was off by ${worst_s} s`);
  if (without > rows.length / 5) unit.miss(`a source: ${without} of ${rows.length} records have none`);
}

/** The grandmaster is off by so much: a unit that has NTP is never moved by it, and follows NTP. */
async function wrongGm(lab: Lab, gm: GmLies, servers: readonly NtpLies[]): Promise<void> {
  needSelectopts();
  const { unit } = await stackSite(lab, { gm, servers });
  await byNtp(unit, 40);
  await pause(5); // what it was off by at first
  await heldWithin(unit, 0.001, () => pause(45));
  if (latest(unit)?.active_source !== 'ntp') unit.miss('by NTP in the end');
}

export const stackScenarios: readonly Scenario[] = [
  {
    name: 'stack-three',
    what: 'three options: PTP, its loss, NTP, its return',
    seconds: 150,
    run: (lab) => threeOptions(lab),
  },
  {
    name: 'stack-2001',
    what: 'the same from a clock in 2001',
    seconds: 150,
    run: (lab) => threeOptions(lab, { offset_s: -8e8 }),
  },
  {
    name: 'stack-2051',
    what: 'the same from a clock in 2051 that gains 100 ppm',
    seconds: 150,
    run: (lab) => threeOptions(lab, { offset_s: 788_400_000, oscillator_ppm: 100 }),
  },
  {
    name: 'stack-island',
    what: 'PTP alone, without an NTP server',
    seconds: 90,
    async run(lab) {
      const { unit } = await stackSite(lab, { servers: [] });
      await byPtp(unit, 40);
      await pause(40);
    },
  },
  {
    name: 'stack-tai1',
    what: 'a grandmaster 37 s off beside one NTP server',
    seconds: 90,
    run: (lab) => wrongGm(lab, { tai_s: 0, utc_offset_s: 37 }, [{}]),
  },
  {
    name: 'stack-tai3',
    what: 'a grandmaster 37 s off beside three NTP servers',
    seconds: 90,
    run: (lab) => wrongGm(lab, { tai_s: 0, utc_offset_s: 37 }, [{}, {}, {}]),
  },
  {
    name: 'stack-near',
    what: 'a grandmaster 0.9 s off beside one NTP server: chronyd alone would follow neither',
    seconds: 90,
    run: (lab) => wrongGm(lab, { offset_s: 0.9 }, [{}]),
  },
  {
    name: 'stack-asym',
    what: 'the same by an asymmetry of 1 ms',
    seconds: 90,
    run: (lab) => wrongGm(lab, { sync_shift_s: -0.001 }, [{}]),
  },
  {
    name: 'stack-year',
    what: 'a grandmaster a year off beside one NTP server',
    seconds: 90,
    run: (lab) => wrongGm(lab, { offset_s: -31_536_000 }, [{}]),
  },
  {
    name: 'stack-pool',
    what: "an operator's slow pool alone, which is next asked in minutes",
    seconds: 90,
    async run(lab) {
      needSelectopts();
      const slow = await lab.ntp({}, 123);
      const { unit, gm } = await stackSite(lab, {
        servers: [],
        chronyLines: [`server ${slow.address} minpoll 8 maxpoll 12 iburst`],
      });
      await byPtp(unit, 40);
      await pause(20);
      unit.mark('the grandmaster dies');
      await gm.end();
      await notByPtp(unit, 5);
      await byNtp(unit, 120);
      await pause(10);
    },
  },
  {
    name: 'stack-noagent',
    what: 'a grandmaster dies beside a slow pool, and there is no agent',
    seconds: 170,
    async run(lab) {
      const site = await besidePool(lab);
      await byPtp(site.unit, 40);
      await pause(40);
      site.unit.mark('the agent and the grandmaster die');
      await site.agent.end('SIGKILL');
      await site.gm.end();
      await leavesPtp(site, 90);
    },
  },
];
