import type { Scenario } from '../lab.ts';
import { mixedScenarios } from './mixed.ts';
import { ntpScenarios } from './ntp.ts';
import { ptpScenarios } from './ptp.ts';

/** Every scenario that has a name. */
export const scenarios: readonly Scenario[] = [...ptpScenarios, ...ntpScenarios, ...mixedScenarios];
