// `make truth`: plays the scenarios of the truth lab, LAB_JOBS (4) at a time, and says how each came off.
//   NAMES="ptp-asym ntp-step90 random-7"  these only
//   LAB_SECONDS=28800                     random ones for so long, with seeds from LAB_SEED on
//   LAB_CHRONY=4.3 LAB_LINUXPTP=3.1.1     the time stack with these of the daemons at hand, not the newest
// What each unit told lies in .truth then, or below the project in LAB_OUT. Exits with 1 when something was wrong.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programApart } from '../kit/process/apart.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { projectRoot } from '../kit/process/tools.ts';
import { noTruthlab } from '../kit/truth/build.ts';
import { type Judgement, judgeUnit } from '../kit/truth/judgement.ts';
import { type LabHall, LeftOut, openHall, play, type Scenario } from '../kit/truth/lab.ts';
import { logOf, tableOf, wrongOf } from '../kit/truth/report.ts';
import { scenarioOf, scenarios } from '../kit/truth/scenarios/all.ts';
import { randomScenario } from '../kit/truth/scenarios/random.ts';

const dir = join(projectRoot, process.env['LAB_OUT'] ?? '.truth');

/** Plays one, writes its logs, and gives how it came off. One that could not be played to its end is a fault too. */
async function one(hall: LabHall, scenario: Scenario, faults: string[]): Promise<readonly Judgement[]> {
  try {
    const units = await play(hall, scenario);
    for (const unit of units) {
      writeFileSync(join(dir, `${unit.name}.log`), `${scenario.what}\n${logOf(unit)}\n`);
      writeFileSync(join(dir, `${unit.name}.daemons.log`), unit.output());
    }
    const judged = units.map(judgeUnit);
    const wrong = judged.flatMap(wrongOf);
    faults.push(...wrong);
    console.log(wrong.length === 0 ? `${scenario.name}: good` : wrong.join('\n'));
    return judged;
  } catch (error) {
    if (error instanceof LeftOut) {
      console.log(`${scenario.name}: left out, ${error.message}`);
      return [];
    }
    const told = error instanceof Error ? error.stack : error;
    faults.push(`${scenario.name}: not played to its end: ${told}`);
    console.log(faults.at(-1));
    return [];
  }
}

/** What is to be played: the next one each time, undefined after the last. */
function programme(): () => Scenario | undefined {
  let seed = Number(process.env['LAB_SEED'] ?? Date.now() % 1_000_000);
  const seconds = Number(process.env['LAB_SECONDS'] ?? 0);
  const names = (process.env['NAMES'] ?? '').split(/[\s,]+/).filter((name) => name !== '');
  if (seconds > 0) {
    const until_ms = performance.now() + seconds * 1000;
    return () => (performance.now() < until_ms ? randomScenario(seed++) : undefined);
  }
  const all = names.length > 0 ? names.map(scenarioOf) : [...scenarios, randomScenario(seed)];
  const left = all.sort((a, b) => b.seconds - a.seconds); // so that none is left alone at the end
  return () => left.shift();
}

async function main(): Promise<number> {
  const reason = noTruthlab();
  if (reason !== false) throw new Error(reason);
  const next = programme();
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  const owner = newOwner();
  const hall = await openHall(owner);
  const faults: string[] = [];
  const judged: Judgement[] = [];
  const worker = async (): Promise<void> => {
    for (let scenario = next(); scenario !== undefined; scenario = next()) {
      console.log(`${scenario.name}: ${scenario.what} (${scenario.seconds} s)`);
      judged.push(...(await one(hall, scenario, faults)));
    }
  };
  await Promise.all(Array.from({ length: Number(process.env['LAB_JOBS'] ?? 4) }, worker));
  await owner.end();
  const sorted = judged.sort((a, b) => a.name.localeCompare(b.name));
  console.log(`\n${tableOf(sorted)}\n`);
  for (const fault of faults) console.log(`WRONG: ${fault}`);
  return faults.length > 0 ? 1 : 0;
}

programApart(main);
