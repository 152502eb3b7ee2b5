import { figure } from '../figures.ts';
import type { Section } from '../section.ts';

/** What a unit has to store. */
export const size: Section = async ({ build }) => [
  figure('size.bundle', 'bundle of the unit', 'KB', [build.size.bundle / 1000]),
  figure('size.ipk', 'package for OpenWrt (.ipk)', 'KB', [build.size.ipk / 1000]),
  figure('size.hub', "operator's bundle", 'KB', [build.size.hubBundle / 1000]),
];
