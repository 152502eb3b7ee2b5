// What the agent costs and how fast it answers, each beside its floor and its budget (DESIGN.md, "Budgets").
//   make bench            BENCH_SECONDS=60 is how long the idle cost is watched
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMsOf, memoryOf, percentile } from '../kit/process/cost.ts';
import { projectRoot } from '../kit/process/tools.ts';
import { echoInTurn, untilAnswered } from './echoes.ts';
import { onStage, type Stage } from './stage.ts';

/** One line of the table. `budget` is what `value` may reach. */
interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly floor?: number;
  readonly budget: number;
}

const idleSeconds = Number(process.env['BENCH_SECONDS'] ?? 60);
const echoes = 10_000;
const starts = 5;
const megabyte = 1024 * 1024;

const step = (text: string): void => console.log(`... ${text}`);

/** Milliseconds from the start of the process to the first answer at the hub: the median of a few starts. */
async function firstEcho(stage: Stage): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < starts; i++) {
    const begun = performance.now();
    const agent = stage.agent();
    await untilAnswered(stage.hub, `ops.echo.${stage.unit}`);
    took.push(performance.now() - begun);
    await agent.end('SIGTERM');
  }
  return percentile(took, 0.5);
}

async function measure(stage: Stage): Promise<Row[]> {
  step(`first echo: ${starts} starts`);
  const first_ms = await firstEcho(stage);

  step(`idle: ${idleSeconds} s at the default interval`);
  const bare = stage.bareNode().pid;
  const agent = stage.agent().pid;
  await untilAnswered(stage.hub, `ops.echo.${stage.unit}`);
  await sleep(10_000); // what it does at its start is not idle
  const cpuBefore = cpuMsOf(agent);
  await sleep(idleSeconds * 1000);
  const cpuPercent = (cpuMsOf(agent) - cpuBefore) / (idleSeconds * 10);
  const idle = memoryOf(agent).rss;

  const responder = await stage.goResponder();
  step(
    `echo: ${echoes} to the agent${responder ? ' and the Go responder in turn' : '; no Go here, so no floor'}`,
  );
  const subjects = [`ops.echo.${stage.unit}`, ...(responder ? [stage.goSubject] : [])];
  for (const subject of subjects) await untilAnswered(stage.hub, subject);
  const [own = [], go] = await echoInTurn(stage.hub, subjects, echoes);
  const floor = (share: number): number => (go ? percentile(go, share) : Number.NaN);

  const bareRss = memoryOf(bare).rss / megabyte;
  const { size } = statSync(join(projectRoot, 'dist/nunect.cjs'));
  const echoRow = (name: string, share: number): Row => ({
    what: `echo ${name}, hub to agent and back`,
    value: percentile(own, share),
    unit: 'us',
    floor: floor(share),
    budget: 1.1 * floor(share),
  });
  return [
    { what: 'bundle', value: size / 1000, unit: 'kB', budget: 300 },
    { what: 'first echo after start', value: first_ms, unit: 'ms', budget: 150 },
    { what: 'memory, idle', value: idle / megabyte, unit: 'MB', floor: bareRss, budget: bareRss + 8 },
    {
      what: `memory after ${echoes} echoes`,
      value: memoryOf(agent).rss / megabyte,
      unit: 'MB',
      floor: bareRss,
      budget: bareRss + 12,
    },
    { what: 'cpu of one core, idle', value: cpuPercent, unit: '%', budget: 0.3 },
    echoRow('p50', 0.5),
    echoRow('p99', 0.99),
  ];
}

const figure = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '-' : value.toFixed(value < 10 ? 2 : 1);

function print(rows: readonly Row[]): void {
  const line = (cells: readonly string[]): void =>
    console.log([cells[0]?.padEnd(36), ...cells.slice(1).map((cell) => cell.padStart(10))].join(''));
  line(['', 'measured', 'floor', 'ratio', 'budget', '']);
  for (const { what, value, unit, floor, budget } of rows) {
    const ratio = floor === undefined ? undefined : value / floor;
    const verdict = value > budget ? 'OVER' : Number.isNaN(budget) ? '-' : 'ok';
    line([`${what} (${unit})`, figure(value), figure(floor), figure(ratio), figure(budget), verdict]);
  }
  console.log(
    'floor: a bare node for memory; a Go responder (nats.go) on the same leaf, in turn, for echoes',
  );
}

onStage(measure)
  .then(print)
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
