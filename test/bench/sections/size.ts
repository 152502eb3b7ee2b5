import { spawnSync } from 'node:child_process';
import type { Figure } from '../figures.ts';
import { figure } from '../figures.ts';
import type { Section } from '../section.ts';

/** What `make check` holds, by what build/budgets.mjs of that checkout prints: each file with its size and its limit. */
function heldByCheck(root: string): Figure[] {
  const { stdout } = spawnSync(process.execPath, ['build/budgets.mjs'], { cwd: root, encoding: 'utf8' });
  return [...stdout.matchAll(/^(.+): (\d+) of (\d+) bytes/gm)].map(([, what = '', size, limit], at) => ({
    ...figure(`size.held.${at + 1}`, `held by make check: ${what}`, 'KB', [Number(size) / 1000]),
    goal: { of: 'value', most: Number(limit) / 1000 },
  }));
}

/** What a unit has to store. */
export const size: Section = async ({ build }) => [
  figure('size.bundle', 'program of the unit, all its files', 'KB', [build.size.bundle / 1000]),
  figure('size.ipk', 'package for OpenWrt (.ipk)', 'KB', [build.size.ipk / 1000]),
  ...heldByCheck(build.root),
];
