// `make truth`: plays scenarios of the truth lab, LAB_JOBS (4) at a time, and says how each came off. NAMES="ptp-asym
// ntp-step90" for these only. What each unit told lies in .truth then. Exits with 1 when a record was wrong.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runApart } from '../kit/process/apart.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { projectRoot } from '../kit/process/tools.ts';
import { noTruthlab } from '../kit/truth/build.ts';
import { type Judgement, judgeUnit } from '../kit/truth/judgement.ts';
import { type LabHall, openHall, play, type Scenario } from '../kit/truth/lab.ts';
import { logOf, tableOf, wrongOf } from '../kit/truth/report.ts';
import { scenarios } from '../kit/truth/scenarios/all.ts';

const dir = join(projectRoot, '.truth');

/** Plays one and writes its logs. A scenario that could not be played to its end is a fault too. */
async function one(hall: LabHall, scenario: Scenario, faults: string[]): Promise<readonly Judgement[]> {
  console.log(`${scenario.name}: ${scenario.what} (${scenario.seconds} s)`);
  try {
    const units = await play(hall, scenario);
    for (const unit of units) {
      writeFileSync(join(dir, `${unit.name}.log`), `${scenario.what}\n${logOf(unit)}\n`);
      writeFileSync(join(dir, `${unit.name}.daemons.log`), unit.output());
    }
    const judged = units.map(judgeUnit);
    faults.push(...judged.flatMap(wrongOf));
    return judged;
  } catch (error) {
    faults.push(`${scenario.name}: ${error instanceof Error ? error.stack : error}`);
    return [];
  }
}

function wanted(): readonly Scenario[] {
  const names = (process.env['NAMES'] ?? '').split(/[\s,]+/).filter((name) => name !== '');
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no scenario ${unknown.join(', ')}; there are:\n${scenarios.map(({ name, what }) => `${name}: ${what}`).join('\n')}`,
    );
  return names.length === 0 ? scenarios : scenarios.filter(({ name }) => names.includes(name));
}

async function main(): Promise<number> {
  const reason = noTruthlab();
  if (reason !== false) throw new Error(reason);
  const left = [...wanted()];
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  const owner = newOwner();
  const hall = await openHall(owner);
  const faults: string[] = [];
  const judged: Judgement[] = [];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      judged.push(...(await one(hall, next, faults)));
  };
  await Promise.all(Array.from({ length: Number(process.env['LAB_JOBS'] ?? 4) }, worker));
  await owner.end();
  console.log(`\n${tableOf(judged)}\n`);
  for (const fault of faults) console.log(`WRONG: ${fault}`);
  return faults.length > 0 ? 1 : 0;
}

const status = runApart();
if (status !== undefined) process.exit(status);
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
