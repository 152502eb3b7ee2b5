import type { SectionValues } from '../../config/options.ts';

/** Whether there is anything to configure. */
export const isWanted = ({ enabled, interface: names }: SectionValues<'ptp'>): boolean =>
  enabled && names.length > 0;
