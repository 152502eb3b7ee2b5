import type { Lab, Scenario } from '../lab.ts';
import type { GmLies, Liar, NtpLies } from '../servers.ts';
import { pause, type TruthUnit } from '../unit.ts';
import { every, ntpSite } from './ntp.ts';
import { ptpSite, quick } from './ptp.ts';

/** A servo as it is set by the operator, and as linuxptp has it. */
const servos = { quick, usual: [] } as const;
type ServoName = keyof typeof servos;
/** How long the servo takes to settle, at most. */
const settling_s = { quick: 20, usual: 60 } as const;

/** Has a source lie for so long, at the end of which the unit is to give this reason. */
async function lieFor<Lies>(
  unit: TruthUnit,
  source: Pick<Liar<Lies>, 'set'>,
  what: string,
  [lies, truth]: readonly [Lies, Lies],
  seconds: number,
  reason: string | undefined,
): Promise<void> {
  unit.mark(what);
  source.set(lies);
  await pause(seconds);
  if (reason !== undefined) unit.expect(reason);
  unit.mark('that is over');
  source.set(truth);
}

/** The only grandmaster lies for a while, and is right again. */
const passing = (
  name: string,
  what: string,
  servo: ServoName,
  [lies, truth]: readonly [GmLies, GmLies],
  seconds: number,
  reason?: string,
): Scenario => ({
  name: `${name}-${servo}`,
  what,
  seconds: 2 * settling_s[servo] + seconds + 130,
  async run(lab) {
    const { unit, gm } = await ptpSite(lab, { lines: servos[servo] });
    await unit.settled(90);
    await pause(settling_s[servo]);
    await lieFor(unit, gm, what, [lies, truth], seconds, reason);
    await pause(40 + settling_s[servo]);
    await unit.steady(20, { verdict: 'ptp/locked' });
  },
});

const bothServos = (make: (servo: ServoName) => Scenario): readonly Scenario[] => [
  make('quick'),
  make('usual'),
];

/** The only server lies for a while, and is right again. */
const passingServer = (
  name: string,
  what: string,
  [lies, truth]: readonly [NtpLies, NtpLies],
  seconds: number,
  reason?: string,
): Scenario => ({
  name,
  what,
  seconds: 70 + seconds + 90,
  async run(lab: Lab) {
    const { unit, server } = await ntpSite(lab, { poll: every(1) });
    await unit.settled(60);
    await pause(20);
    await lieFor(unit, server, what, [lies, truth], seconds, reason);
    await pause(60);
    await unit.steady(20, { verdict: 'ntp/locked' });
  },
});

/** Sources that lie alone and not for ever, and others that only look as if they did. */
export const jumpScenarios: readonly Scenario[] = [
  ...bothServos((servo) =>
    passing(
      'ptp-late',
      'three Syncs come 300 us late',
      servo,
      [{ sync_shift_s: -0.0003 }, { sync_shift_s: 0 }],
      2.6,
    ),
  ),
  ...bothServos((servo) =>
    passing(
      'ptp-jump',
      'the only grandmaster jumps by 2 ms',
      servo,
      [{ offset_s: 0.002 }, { offset_s: 0 }],
      60,
      'source_jumped',
    ),
  ),
  passingServer(
    'ntp-jump',
    'the only server jumps by 30 ms',
    [{ offset_s: 0.03 }, { offset_s: 0 }],
    40,
    'source_jumped',
  ),
  passingServer('ntp-late', 'one reply takes 40 ms longer', [{ delay_out_s: 0.04 }, { delay_out_s: 0 }], 1.9),
  {
    name: 'ptp-noresp3',
    what: 'Delay_Resp comes for another slave only, and Sync takes 1 ms longer',
    seconds: 115,
    async run(lab) {
      const { unit, gm } = await ptpSite(lab);
      await unit.settled();
      unit.mark('Delay_Resp comes for another slave only, and Sync takes 1 ms longer');
      gm.set({ answers_another: true, sync_shift_s: -0.001 });
      await pause(70);
      unit.expect('path_delay_unmeasured');
    },
  },
];
