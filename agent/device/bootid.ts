import { readFileSync } from 'node:fs';

/** The id of this boot of the machine, as the kernel gives it: monotonic times are of one boot only. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
