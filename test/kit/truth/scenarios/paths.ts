import type { Lab, Scenario } from '../lab.ts';
import type { NtpLies } from '../servers.ts';
import { pause } from '../unit.ts';
import { every, makestep, manyServers, ntpSite } from './ntp.ts';

/** A path to servers, and the most that the median bound over it may be. */
interface Path {
  readonly server: NtpLies;
  readonly poll: string;
  readonly median_ns: number;
}

/** Three servers behind the same kind of path: settled for some time, then steady, with a bound that is of use. */
const path = (
  name: string,
  what: string,
  [settling_s, steady_s]: readonly [settling_s: number, steady_s: number],
  { server, poll, median_ns }: Path,
): Scenario => ({
  name,
  what,
  seconds: settling_s + steady_s + 10,
  async run(lab) {
    const { unit } = await manyServers(lab, [server, server, server], { offset_s: 0.1, poll });
    await pause(settling_s);
    await unit.steady(steady_s, { median_ns });
  },
});

async function lan(lab: Lab): Promise<void> {
  const server = { delay_in_s: 0.0002, delay_out_s: 0.0002, jitter_in_s: 0.0001, jitter_out_s: 0.0001 };
  const { unit } = await manyServers(lab, [server, server, server], { offset_s: 0.1, poll: every(4) });
  await pause(90);
  await unit.steady(600, { verdict: 'ntp/locked', median_ns: 1e6 });
}

/** A chronyd that is right but takes few of its samples. */
const sparse = (
  name: string,
  what: string,
  [settling_s, steady_s]: readonly [settling_s: number, steady_s: number],
  options: string,
  server: NtpLies = {},
): Scenario => ({
  name,
  what,
  seconds: settling_s + steady_s + 10,
  async run(lab) {
    const { unit } = await ntpSite(lab, { server, poll: `minpoll 0 maxpoll 0 iburst ${options}` });
    await pause(settling_s);
    await unit.steady(steady_s);
  },
});

async function refusesQuestions(lab: Lab): Promise<void> {
  const { unit } = await ntpSite(lab, { lines: [...makestep, 'cmdport 0'] });
  await pause(25);
  unit.expect('ntp_no_answer');
}

const lte: NtpLies = { delay_in_s: 0.02, delay_out_s: 0.02, jitter_in_s: 0.03, jitter_out_s: 0.02 };
const satellite: NtpLies = { delay_in_s: 0.3, delay_out_s: 0.3, jitter_in_s: 0.03, jitter_out_s: 0.03 };

/** NTP over paths of all kinds, and chronyds that take few samples or answer no questions. */
export const pathScenarios: readonly Scenario[] = [
  { name: 'ntp-lan', what: 'ten minutes with three servers in the same building', seconds: 700, run: lan },
  path('lte-poll4', 'three servers over LTE', [120, 240], { server: lte, poll: every(4), median_ns: 250e6 }),
  path('lte-default', 'ten minutes of the same with the usual polls', [240, 600], {
    server: lte,
    poll: 'iburst',
    median_ns: 250e6,
  }),
  path('sat-poll4', 'three servers over a satellite, 600 ms round trip', [120, 240], {
    server: satellite,
    poll: every(4),
    median_ns: 1e9,
  }),
  sparse('field-filter4', 'chronyd takes one sample of 4', [45, 55], 'filter 4'),
  sparse('field-filter15', 'chronyd takes one sample of 15', [75, 120], 'filter 15'),
  sparse('field-maxdelay', 'chronyd takes only samples of 20 ms', [60, 120], 'maxdelay 0.02', {
    jitter_out_s: 0.08,
  }),
  { name: 'field-cmdport0', what: 'chronyd answers no questions', seconds: 35, run: refusesQuestions },
];
