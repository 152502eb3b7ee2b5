import type { Lab, Scenario } from '../lab.ts';
import { type GmLies, gmFlags, goodFlags, type Liar, type NtpLies, type NtpServer } from '../servers.ts';
import { pause, type TruthUnit } from '../unit.ts';
import { quick, wire } from './ptp.ts';

interface Witnessed {
  readonly unit: TruthUnit;
  readonly gm: Liar<GmLies>;
  readonly server: NtpServer;
}

/** A unit that follows a grandmaster, while a chronyd with -x watches an NTP server. */
async function witnessed(
  lab: Lab,
  opts: { readonly gm?: GmLies; readonly server?: NtpLies; readonly poll?: string } = {},
): Promise<Witnessed> {
  const unit = await lab.unit();
  const { gm, unitEnd } = await wire(lab, opts.gm);
  const server = await lab.ntp(opts.server);
  unit.chronyd([server.line(opts.poll)], { monitorOnly: true });
  unit.ptp4l(unitEnd, quick);
  await unit.agent();
  return { unit, gm, server };
}

/** A grandmaster that lies from the first, with an honest witness. */
const contested = (
  name: string,
  what: string,
  gm: GmLies,
  reason: string,
  seconds = 65,
  poll?: string,
): Scenario => ({
  name,
  what,
  seconds,
  async run(lab) {
    const { unit } = await witnessed(lab, { gm, ...(poll === undefined ? {} : { poll }) });
    await pause(seconds - 5);
    unit.expect(reason);
  },
});

async function delayChanges(lab: Lab): Promise<void> {
  const { unit, gm } = await witnessed(lab);
  await unit.settled();
  unit.mark('Delay_Req takes 2 ms longer');
  gm.set({ request_shift_s: 0.002 });
  await pause(35);
}

async function agreed(lab: Lab): Promise<void> {
  const { unit } = await witnessed(lab);
  await unit.settled();
  await unit.steady(60);
}

const segment = 8;

/** A chronyd that follows what ptp4l hands it through a refclock of this name. */
async function refclock(lab: Lab, refid: string, gm: GmLies, options = 'poll 0'): Promise<TruthUnit> {
  const unit = await lab.unit({ offset_s: 0.02 });
  const { unitEnd } = await wire(lab, gm);
  unit.ptp4l(unitEnd, ['clock_servo ntpshm', `ntpshm_segment ${segment}`]);
  unit.chronyd([`refclock SHM ${segment} refid ${refid} ${options} precision 1e-6`, 'makestep 1.0 3']);
  await unit.agent();
  return unit;
}

const fed = (
  name: string,
  what: string,
  refid: string,
  gm: GmLies,
  reason: string,
  options?: string,
): Scenario => ({
  name,
  what,
  seconds: 95,
  async run(lab) {
    const unit = await refclock(lab, refid, gm, options);
    await pause(85);
    unit.expect(reason);
  },
});

/** 5 ms off, and it says itself that it is traceable to nothing. */
const untraceable: GmLies = {
  offset_s: 0.005,
  clock_class: 248,
  accuracy: 0xfe,
  flags: gmFlags.ptpTimescale | gmFlags.utcOffsetValid,
};

/** PTP and NTP at once: as a witness, or one through the other. */
export const mixedScenarios: readonly Scenario[] = [
  { name: 'wit-ok', what: 'grandmaster and NTP server agree', seconds: 85, run: agreed },
  contested('wit-30ms', 'the grandmaster is 30 ms off', { offset_s: 0.03 }, 'ptp_ntp_disagree'),
  contested('wit-1ms', 'the grandmaster is 1 ms off', { offset_s: 0.001 }, 'ptp_ntp_disagree'),
  contested('wit-utc0', 'currentUtcOffset 0 is announced', { utc_offset_s: 0 }, 'tai_utc_mistake'),
  contested('wit-servesutc', 'UTC is served as if it were TAI', { tai_s: 0 }, 'tai_utc_mistake'),
  contested(
    'wit6-servesutc',
    'the same, with a server that is seldom asked',
    { tai_s: 0 },
    'tai_utc_mistake',
    150,
    'minpoll 6 maxpoll 6 iburst',
  ),
  contested(
    'wit-utcinvalid',
    'currentUtcOffset is not valid',
    { flags: goodFlags & ~gmFlags.utcOffsetValid },
    'utc_offset_confirmed',
  ),
  {
    name: 'wit-asym',
    what: 'the way to the grandmaster becomes 2 ms longer',
    seconds: 75,
    run: delayChanges,
  },
  fed('shm-ok', 'chronyd follows ptp4l', 'PTP0', {}, 'refclock_via_chrony'),
  fed(
    'shm-asym',
    'chronyd follows ptp4l over a way 2 ms longer',
    'PTP0',
    { request_shift_s: 0.002 },
    'ptp_tracking',
  ),
  fed('shm-sparse', 'chronyd asks its refclock seldom', 'PTP0', {}, 'refclock_via_chrony', 'poll 4'),
  ...['PTP0', 'ptp', 'GM'].map((refid) =>
    fed(
      `field-refid-${refid}`,
      `an untraceable grandmaster as refclock ${refid}`,
      refid,
      untraceable,
      'gm_not_traceable',
    ),
  ),
];
