// What the agent costs and how fast it answers, beside its floors and its peers, in one table.
//   make bench                  quick: some 20 minutes; BENCH=full takes more samples
//   BENCH_ONLY=echo,idle        these sections only
//   BENCH_BEFORE=DIR            another checkout, with its dist/, is measured in the same run before this one
//   BENCH_SECONDS=3600          how long the section hour watches, and traffic where it is more than its own time
//   BENCH_LONG=1                memory after 1,000,000 echoes too
// The results go to test/bench/results/, from which docs/performance.md is made.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { programApart } from '../kit/process/apart.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { natsServers, projectRoot, tool } from '../kit/process/tools.ts';
import { type Build, builds } from './build.ts';
import type { Figure, Measured, Results, Skipped } from './figures.ts';
import type { Bench, Section } from './section.ts';
import { backlogged } from './sections/backlog.ts';
import { echo } from './sections/echo.ts';
import { growth } from './sections/growth.ts';
import { hour } from './sections/hour.ts';
import { idle } from './sections/idle.ts';
import { memory } from './sections/memory.ts';
import { page } from './sections/page.ts';
import { peers } from './sections/peers.ts';
import { size } from './sections/size.ts';
import { spent } from './sections/spent.ts';
import { start } from './sections/start.ts';
import { traffic } from './sections/traffic.ts';
import { tableOf } from './table.ts';

/** In the order of the table. Those that are not usual run only where BENCH_ONLY names them. */
const sections: Readonly<Record<string, { readonly run: Section; readonly isUsual?: false }>> = {
  size: { run: size },
  start: { run: start },
  echo: { run: echo },
  backlog: { run: backlogged },
  spent: { run: spent },
  idle: { run: idle },
  memory: { run: memory },
  traffic: { run: traffic },
  peers: { run: peers },
  growth: { run: growth },
  page: { run: page },
  hour: { run: hour, isUsual: false },
};

function chosen(): string[] {
  const asked = process.env['BENCH_ONLY']?.split(',').map((name) => name.trim());
  const unknown = asked?.filter((name) => !(name in sections)) ?? [];
  if (unknown.length > 0)
    throw new Error(
      `BENCH_ONLY: there is no section ${unknown.join(', ')}; there are ${Object.keys(sections).join(', ')}`,
    );
  return asked ?? Object.keys(sections).filter((name) => sections[name]?.isUsual !== false);
}

function modeOf(): Bench['mode'] {
  const mode = process.env['BENCH'] ?? 'quick';
  if (mode !== 'quick' && mode !== 'full') throw new Error(`BENCH '${mode}' must be quick or full`);
  return mode;
}

function secondsOf(): number | undefined {
  const text = process.env['BENCH_SECONDS'];
  if (text !== undefined && !(Number(text) > 0))
    throw new Error(`BENCH_SECONDS '${text}' must be a number of seconds`);
  return text === undefined ? undefined : Number(text);
}

/** Measures the sections of each build, a section of all builds before the next section: what is compared is close in time. */
async function measureAll(of: readonly Build[], names: readonly string[]): Promise<Measured[]> {
  const figures = of.map((): Figure[] => []);
  const skipped = of.map((): Skipped[] => []);
  for (const name of names) {
    for (const [at, build] of of.entries()) {
      const begun = performance.now();
      const say = (text: string): void => console.log(`... ${name}, ${build.name}: ${text}`);
      const bench = {
        build,
        mode: modeOf(),
        seconds: secondsOf(),
        isLong: process.env['BENCH_LONG'] === '1',
        say,
      };
      try {
        figures[at]?.push(...((await sections[name]?.run(bench)) ?? []));
        say(`${((performance.now() - begun) / 1000).toFixed(0)} s`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        skipped[at]?.push({ section: name, why: why.slice(0, 500) });
        say(why);
      }
    }
  }
  return of.map(({ name, commit, version }, at) => ({
    name,
    commit,
    version,
    figures: figures[at] ?? [],
    skipped: skipped[at] ?? [],
  }));
}

const load = (): number => Number((loadavg()[0] ?? 0).toFixed(2));

function versions(): Record<string, string> {
  const server = natsServers().newest;
  const go = tool('go');
  return {
    node: process.version,
    ...(server === undefined ? {} : { 'nats-server': wordsOf(server, '--version') }),
    ...(go === undefined ? {} : { go: wordsOf(go, 'version') }),
  };
}
const wordsOf = (program: string, arg: string): string =>
  /v?\d+\.\d+(?:\.\d+)?/.exec(execFileSync(program, [arg], { encoding: 'utf8' }))?.[0] ?? '';

async function main(): Promise<void> {
  const names = chosen();
  const owner = newOwner();
  const loadBefore = load();
  const measured = await measureAll(await builds(tempDir(owner, 'bench')), names).finally(() => owner.end());
  const date = new Date().toISOString();
  const results: Results = {
    date,
    mode: modeOf(),
    machine: {
      cpu: /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? cpus()[0]?.model ?? '',
      cores: cpus().length,
      memory_mb: Math.round(totalmem() / 2 ** 20),
      kernel: release(),
      load: [loadBefore, load()],
    },
    versions: versions(),
    builds: measured,
  };
  const dir = process.env['BENCH_OUT'] ?? join(projectRoot, 'test/bench/results');
  mkdirSync(dir, { recursive: true });
  const now = measured.find(({ name }) => name === 'now');
  const file = join(dir, `${date.slice(0, 16).replace(':', '')}-${now?.commit ?? ''}.json`);
  writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`);
  for (const one of measured) console.log(`\n${tableOf(one).join('\n')}`);
  console.log(`\nload ${results.machine.load.join(' before, ')} after; ${file}`);
}

programApart(main);
