import { execFileSync } from 'node:child_process';
import { need } from '../process/tools.ts';

/**
 * The words that run a daemon without CAP_SYS_TIME, so that the kernel itself refuses it the clock. Settings
 * alone do not: a servo clamped to 1 ppb still writes that 1 ppb, and tells the kernel that it is in sync.
 */
export const withoutClock = (): readonly string[] => [
  need('setpriv'),
  '--bounding-set=-sys_time',
  '--inh-caps=-sys_time',
];

/** Frequency and status of the kernel's clock, which no test may change. Read only. */
export function kernelClock(): { readonly frequency: string; readonly status: string } {
  const text = execFileSync(need('busybox'), ['adjtimex'], { encoding: 'utf8' });
  const field = (name: string): string => new RegExp(`${name}: *(\\S+)`).exec(text)?.[1] ?? '?';
  return { frequency: field('freq.adjust'), status: field('status') };
}
