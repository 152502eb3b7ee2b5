import type { Lab, Scenario } from '../lab.ts';
import type { NtpLies, NtpServer } from '../servers.ts';
import { pause, type TruthUnit, type TruthUnitOptions } from '../unit.ts';

/** Large offsets are stepped away at first. */
export const makestep = ['makestep 1.0 3'];

/** How a unit that has one NTP server is made. */
interface NtpSiteOptions extends TruthUnitOptions {
  readonly server?: NtpLies;
  /** Of the server line. */
  readonly poll?: string;
  readonly lines?: readonly string[];
  readonly monitorOnly?: boolean;
}

/** Starts a server, and a unit whose chronyd follows it. */
export async function ntpSite(
  lab: Lab,
  opts: NtpSiteOptions = {},
): Promise<{
  readonly unit: TruthUnit;
  readonly server: NtpServer;
  readonly daemon: { kill(signal: NodeJS.Signals): void };
}> {
  const unit = await lab.unit(opts);
  const server = await lab.ntp(opts.server);
  const lines = [server.line(opts.poll), ...(opts.lines ?? makestep)];
  const daemon = unit.chronyd(lines, { monitorOnly: opts.monitorOnly ?? false });
  await unit.agent();
  return { unit, server, daemon };
}

/** Polls each 2^poll s. */
export const every = (poll: number): string => `minpoll ${poll} maxpoll ${poll} iburst`;

/** A unit with one server as it is from the first. */
const always = (name: string, what: string, seconds: number, opts: NtpSiteOptions): Scenario => ({
  name,
  what,
  seconds,
  async run(lab) {
    await ntpSite(lab, opts);
    await pause(seconds - 5);
  },
});

/** A unit that runs for `before_s` when something happens, which is watched for `after_s`. */
const suddenly = (
  name: string,
  what: string,
  [before_s, after_s]: readonly [before_s: number, after_s: number],
  opts: NtpSiteOptions,
  happens: (site: Awaited<ReturnType<typeof ntpSite>>) => void,
): Scenario => ({
  name,
  what,
  seconds: before_s + after_s + 5,
  async run(lab) {
    const site = await ntpSite(lab, opts);
    await pause(before_s);
    site.unit.mark(what);
    happens(site);
    await pause(after_s);
  },
});

/** Several servers, each lying in its own way, and a unit that hears them all. */
export async function manyServers(
  lab: Lab,
  lies: readonly NtpLies[],
  opts: NtpSiteOptions = {},
): Promise<{ readonly unit: TruthUnit; readonly servers: readonly NtpServer[] }> {
  const unit = await lab.unit(opts);
  const servers: NtpServer[] = [];
  for (const one of lies) servers.push(await lab.ntp(one));
  unit.chronyd([...servers.map((server) => server.line(opts.poll)), ...(opts.lines ?? makestep)]);
  await unit.agent();
  return { unit, servers };
}

async function serverSteps(lab: Lab): Promise<void> {
  const { unit, server } = await ntpSite(lab);
  await pause(40);
  unit.mark('the only server jumps by 100 ms');
  server.set({ offset_s: 0.1 });
  await pause(30);
  unit.mark('it is back');
  server.set({ offset_s: 0 });
  await pause(30);
}

async function comesBackWrong(lab: Lab): Promise<void> {
  const { unit, server } = await ntpSite(lab);
  await pause(50);
  unit.mark('the only server is mute');
  server.set({ mute: true });
  await pause(15);
  unit.mark('it is back, 800 ms off');
  server.set({ mute: false, offset_s: 0.8 });
  await pause(40);
}

async function chronydStands(lab: Lab): Promise<void> {
  const { unit, daemon } = await ntpSite(lab);
  await pause(40);
  unit.mark('chronyd stands still, the oscillator 9 ppm faster');
  daemon.kill('SIGSTOP');
  unit.oscillator(29);
  await pause(30);
  unit.mark('chronyd goes on');
  daemon.kill('SIGCONT');
  await pause(20);
}

/** One right server among two that agree on something else. */
async function twoLiars(lab: Lab): Promise<void> {
  await manyServers(lab, [{}, { offset_s: 0.03 }, { offset_s: 0.0301 }]);
  await pause(60);
}

async function oneOfTwoLies(lab: Lab): Promise<void> {
  const { unit, servers } = await manyServers(lab, [{}, {}]);
  await pause(40);
  unit.mark('the second lies by 30 ms');
  servers[1]?.set({ offset_s: 0.03 });
  await pause(50);
}

/** Three that agree and one that does not: it is named, and does no harm. */
async function oneOfFourLies(lab: Lab): Promise<void> {
  const { unit } = await manyServers(lab, [{}, {}, { offset_s: 0.5 }, {}]);
  await pause(40);
  unit.expect('ntp_falseticker');
  await unit.steady(30);
}

const slewOnly: readonly string[] = [];

const offFromTheFirst: readonly Scenario[] = [
  always('ntp-asym', 'replies take 80 ms longer than requests', 65, { server: { delay_out_s: 0.08 } }),
  always('ntp-disp', 'the server itself is known to 1 s only', 45, {
    server: { root_dispersion_s: 1, root_delay_s: 0.5 },
  }),
  always('ntp-mon30', '30 ms off, and chronyd may not set the clock', 50, {
    offset_s: 0.03,
    monitorOnly: true,
  }),
  always('ntp-mon37', '37 s behind, and chronyd may not set the clock', 35, {
    offset_s: -37,
    monitorOnly: true,
  }),
  always('ntp-mon3s', '3 s off, seldom asked, and chronyd may not set the clock', 110, {
    offset_s: 3,
    monitorOnly: true,
    poll: every(5),
  }),
  always('ntp-ahead37', '37 s ahead, and chronyd may not set the clock', 60, {
    offset_s: 37,
    monitorOnly: true,
    lines: slewOnly,
    poll: every(3),
  }),
  always('ntp-off37', '37 s behind, and only slewed', 50, { offset_s: -37, lines: slewOnly }),
  always('ntp-off7', '7.8 s ahead, and only slewed', 45, { offset_s: 7.8, lines: slewOnly, poll: every(2) }),
  always('ntp-behind', '1.5 s behind, seldom asked, and only slewed', 60, {
    offset_s: -1.5,
    lines: slewOnly,
    poll: every(6),
  }),
  always('ntp-jitter20', 'time stamps of the server scatter by 20 ms', 110, {
    server: { jitter_s: 0.02 },
    poll: every(1),
  }),
];

const changes: readonly Scenario[] = [
  suddenly('ntp-step60', 'someone sets the clock by 60 ms', [45, 60], { poll: every(5) }, ({ unit }) =>
    unit.step(0.06),
  ),
  suddenly('ntp-step3', 'someone sets the clock back by 3 ms', [45, 45], { poll: every(5) }, ({ unit }) =>
    unit.step(-0.003),
  ),
  suddenly('ntp-step90', 'someone sets the clock by 90 ms', [45, 75], { poll: every(6) }, ({ unit }) =>
    unit.step(0.09),
  ),
  suddenly('ntp-osc9', 'the oscillator is 9 ppm faster', [60, 70], { poll: every(5) }, ({ unit }) =>
    unit.oscillator(29),
  ),
  ...[8, -25].map((ppm) =>
    suddenly(
      `ntp-hold${ppm}`,
      `the server is mute, the oscillator ${ppm} ppm faster`,
      [100, 90],
      { poll: every(2) },
      ({ unit, server }) => {
        server.set({ mute: true });
        unit.oscillator(20 + ppm);
      },
    ),
  ),
  suddenly(
    'ntp-local',
    'the server is mute, and chronyd falls back on its own clock',
    [40, 50],
    { lines: [...makestep, 'local stratum 10'], poll: every(2) },
    ({ server }) => server.set({ mute: true }),
  ),
  suddenly('ntp-leap1', 'a leap second is announced', [25, 30], { poll: every(2) }, ({ server }) =>
    server.set({ leap: 1 }),
  ),
  suddenly('ntp-leap3', 'the server says that it is not synchronised', [25, 30], {}, ({ server }) =>
    server.set({ leap: 3 }),
  ),
  suddenly('ntp-stratum16', 'the server is of stratum 16', [25, 30], {}, ({ server }) =>
    server.set({ stratum: 16 }),
  ),
  suddenly('ntp-kod', 'the server refuses service', [25, 30], {}, ({ server }) =>
    server.set({ kiss_of_death: true }),
  ),
  { name: 'ntp-serverstep', what: 'the only server jumps, and back', seconds: 105, run: serverSteps },
  {
    name: 'ntp-back',
    what: 'the only server comes back with another time',
    seconds: 110,
    run: comesBackWrong,
  },
  { name: 'ntp-sigstop', what: 'chronyd stands still for 30 s', seconds: 95, run: chronydStands },
];

const manySources: readonly Scenario[] = [
  { name: 'ntp-false3', what: 'two of three servers lie alike', seconds: 65, run: twoLiars },
  { name: 'ntp-false2', what: 'one of two servers begins to lie', seconds: 95, run: oneOfTwoLies },
  { name: 'ntp-false4', what: 'one of four servers lies', seconds: 75, run: oneOfFourLies },
];

/** A unit with NTP alone. */
export const ntpScenarios: readonly Scenario[] = [...offFromTheFirst, ...changes, ...manySources];
