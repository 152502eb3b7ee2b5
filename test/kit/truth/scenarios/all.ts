import type { Scenario } from '../lab.ts';
import { deceivedScenarios, honestBehindSatellites } from './deceived.ts';
import { jumpScenarios } from './jumps.ts';
import { mixedScenarios } from './mixed.ts';
import { ntpScenarios } from './ntp.ts';
import { pathScenarios } from './paths.ts';
import { ptpScenarios } from './ptp.ts';
import { randomScenario } from './random.ts';
import { stackScenarios } from './stack.ts';
import { stackChangeScenarios } from './stackchanges.ts';
import { stackFaultScenarios } from './stackfaults.ts';

/** Every scenario that is the same each time. */
export const scenarios: readonly Scenario[] = [
  ...ptpScenarios,
  ...ntpScenarios,
  ...pathScenarios,
  ...jumpScenarios,
  ...mixedScenarios,
  ...stackScenarios,
  ...stackFaultScenarios,
  ...stackChangeScenarios,
  ...deceivedScenarios,
];

/** The scenario of this name; `random-N` is the random one with seed N, `sat-honest-N` lasts for N s. */
export function scenarioOf(name: string): Scenario {
  const [, seed] = /^random-(\d+)$/.exec(name) ?? [];
  const [, seconds] = /^sat-honest-(\d+)$/.exec(name) ?? [];
  if (seconds !== undefined) return honestBehindSatellites(Number(seconds));
  const found =
    seed === undefined ? scenarios.find((one) => one.name === name) : randomScenario(Number(seed));
  if (found !== undefined) return found;
  const known = scenarios.map((one) => `  ${one.name.padEnd(16)} ${one.what}`);
  throw new Error(`no scenario ${name}; there are random-SEED, sat-honest-SECONDS and\n${known.join('\n')}`);
}
