import { need } from './tools.ts';

/**
 * The words that run a daemon without CAP_SYS_TIME, so that the kernel itself refuses it the clock. Settings
 * alone do not: a servo clamped to 1 ppb still writes that 1 ppb, and tells the kernel that it is in sync.
 */
export const withoutClock = (): readonly string[] => [
  need('setpriv'),
  '--bounding-set=-sys_time',
  '--inh-caps=-sys_time',
];
