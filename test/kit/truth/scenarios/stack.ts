// The time stack as it is made of three options, by real daemons whose clock is a file.
import type { Daemon } from '../../process/daemon.ts';
import { chronyds, linuxptps } from '../../process/timetools.ts';
import { type Lab, LeftOut, type Scenario } from '../lab.ts';
import type { GmLies, Liar, NtpLies, NtpServer } from '../servers.ts';
import type { TimeStack } from '../stack.ts';
import { pause, type TruthUnit } from '../unit.ts';

/** A unit with its stack, a grandmaster and NTP servers. */
interface StackSite {
  readonly unit: TruthUnit;
  readonly agent: Daemon;
  readonly stack: TimeStack;
  readonly gm: Liar<GmLies>;
  readonly servers: readonly NtpServer[];
  /** The three options. */
  readonly options: readonly string[];
  /** Starts the grandmaster anew, after it has ended. */
  newGm(lies?: GmLies): Promise<Liar<GmLies>>;
}

interface StackOptions {
  readonly gm?: GmLies;
  readonly servers?: readonly NtpLies[];
  readonly offset_s?: number;
  /** Lines of chrony.conf before there was nunect. */
  readonly chronyLines?: readonly string[];
  /** Options besides the three. */
  readonly more?: readonly string[];
}

/** The newest of each: what OpenWrt has, or newer. */
function programs() {
  const chrony = chronyds().at(-1);
  const linuxptp = linuxptps().at(-1);
  if (chrony === undefined || linuxptp === undefined) throw new LeftOut('there is no chronyd or ptp4l');
  return { chrony, linuxptp };
}

/** A unit that is set up by its interface, its domain and NTP servers; chronyd runs as the host starts it. */
async function stackSite(lab: Lab, opts: StackOptions = {}): Promise<StackSite> {
  const { gm: lies = {}, servers: ntpLies = [{}], offset_s = 0.3, chronyLines = [], more = [] } = opts;
  const found = programs();
  const unit = await lab.unit({ offset_s });
  const [gmEnd, end] = lab.network(2);
  if (gmEnd === undefined || end === undefined) throw new Error('two ends');
  const servers = await Promise.all(ntpLies.map((one) => lab.ntp(one, 123)));
  const newGm = (other: GmLies = lies): Promise<Liar<GmLies>> => lab.gm(gmEnd, other, 'UDPv4');
  const gm = await newGm();
  const stack = unit.stack({ ...found, end, chronyLines });
  const options = [
    `list interface '${end.interface}'`,
    "option domain '0'",
    ...servers.map(({ address }) => `list ntp_server '${address}'`),
    ...more,
  ];
  stack.boot();
  unit.mark((await stack.reload(options)).trim());
  const agent = await unit.agent();
  return { unit, agent, stack, gm, servers, options, newGm };
}

const latest = ({ rows }: TruthUnit) => rows.at(-1)?.record;

/** Waits until its records say so, at most so long: what was to be said in time and was not is a fault of the unit. */
async function said(
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

const byPtp = (unit: TruthUnit, most_s: number): Promise<void> =>
  said(unit, 'by PTP', most_s, ({ active_source }) => active_source === 'ptp');
const byNtp = (unit: TruthUnit, most_s: number): Promise<void> =>
  said(unit, 'by NTP', most_s, ({ active_source }) => active_source === 'ntp');
const notByPtp = (unit: TruthUnit, most_s: number): Promise<void> =>
  said(unit, 'no longer by PTP', most_s, ({ active_source }) => active_source !== 'ptp');

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

/** The grandmaster is off by so much: a unit that has NTP is never moved by it. */
async function wrongGm(lab: Lab, gm: GmLies, servers: readonly NtpLies[]): Promise<void> {
  const { unit } = await stackSite(lab, { gm, servers });
  await byNtp(unit, 40);
  await pause(45);
  unit.atMost(0.05);
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
    name: 'stack-year',
    what: 'a grandmaster a year off beside one NTP server',
    seconds: 90,
    run: (lab) => wrongGm(lab, { offset_s: -31_536_000 }, [{}]),
  },
  {
    name: 'stack-pool',
    what: "long locked beside an operator's slow pool alone",
    seconds: 300,
    async run(lab) {
      const { unit, gm } = await besidePool(lab);
      await byPtp(unit, 40);
      await pause(180); // its oldest sample is 3 min old by then
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
