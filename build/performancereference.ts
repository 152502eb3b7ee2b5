import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, median, type Results, ratiosOf, verdictOf } from '../test/bench/figures.ts';
import { goalText, shown, spread } from '../test/bench/table.ts';
import { budgets } from '../test/kit/budgets.ts';
import { floors } from './performancefloors.ts';

const folder = join(__dirname, '../test/bench/results');

/** A figure of the newest run that has it, and the same before. */
export interface Compared {
  readonly now: Figure;
  readonly commit: string;
  /** From the same run where it measured two builds, else from the oldest run that has it. */
  readonly before?: Figure;
}

const headings: Readonly<Record<string, string>> = {
  size: 'Size',
  start: 'Start',
  echo: 'Echo',
  spent: 'Spent on an echo',
  idle: 'Idle',
  memory: 'Memory under load',
  traffic: 'Traffic',
  page: 'Page of the hub',
  hour: 'An hour under all probes',
};

const figuresOf = (run: Results, name: 'now' | 'before'): readonly Figure[] =>
  run.builds.find((build) => build.name === name)?.figures ?? [];
const commitOf = (run: Results | undefined): string =>
  run?.builds.find(({ name }) => name === 'now')?.commit ?? '';

const sectionOf = (id: string): string => id.replace(/\..*/, '');

/** A figure before the commit of a run: of the other build in that run, else of the oldest run of another commit. */
function beforeOf(id: string, run: Results, runs: readonly Results[]): Figure | undefined {
  const older = runs.filter((one) => one.date < run.date && commitOf(one) !== commitOf(run));
  return [figuresOf(run, 'before'), ...older.map((one) => figuresOf(one, 'now'))]
    .flat()
    .find((one) => one.id === id);
}

/**
 * The figures by their id, out of runs that go from the oldest to the newest. Those of a section are all of one commit: that
 * of the newest run that measured it.
 */
export function compared(runs: readonly Results[]): Map<string, Compared> {
  const commits = new Map<string, string>();
  for (const run of runs)
    for (const { id } of figuresOf(run, 'now')) commits.set(sectionOf(id), commitOf(run));
  const all = new Map<string, Compared>();
  for (const run of runs) {
    const commit = commitOf(run);
    for (const now of figuresOf(run, 'now')) {
      if (commits.get(sectionOf(now.id)) !== commit) continue;
      const before = beforeOf(now.id, run, runs);
      all.set(now.id, { now, commit, ...(before === undefined ? {} : { before }) });
    }
  }
  return all;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const named = ({ what, unit }: Figure): string => (unit === '' ? what : `${what}, ${unit}`);

/** To what stood beside it in the same run; that of two builds compares them although the machine was busier for one. */
const ratioText = (one: Figure): string =>
  one.beside === undefined ? '' : spread(ratiosOf(one).filter(Number.isFinite));

/** One table for each section, in the order of the headings. */
function figureTables(all: ReadonlyMap<string, Compared>, newest: string): string {
  const head = ['figure', 'before', 'now', 'beside it', 'ratio', 'ratio before', 'goal', ''];
  return Object.entries(headings)
    .flatMap(([section, heading]) => {
      const rows = [...all.values()].filter(({ now }) => now.id.startsWith(`${section}.`));
      if (rows.length === 0) return [];
      const cells = rows.map(({ now, before, commit }) => [
        named(now) + (commit === newest ? '' : ` (at ${commit})`),
        before === undefined ? '' : shown(median(before.samples)),
        spread(now.samples),
        now.beside === undefined ? '' : `${now.beside.what} ${shown(median(now.beside.samples))}`,
        ratioText(now),
        before === undefined ? '' : ratioText(before),
        goalText(now),
        verdictOf(now),
      ]);
      const notes = [...new Set(rows.flatMap(({ now }) => (now.note === undefined ? [] : [now.note])))];
      return [`## ${heading}\n${table(head, cells)}${notes.map((note) => `\n\n${note}.`).join('')}`];
    })
    .join('\n\n');
}

/** A row for each program and interval, a column for each measure. */
function peerTable(all: ReadonlyMap<string, Compared>): string {
  const measures = ['rss', 'anonymous', 'cpu', 'wakeups', 'bytes'];
  const programs = new Map<string, string>();
  for (const { now } of all.values()) {
    const [, id] = /^peers\.(.+)\.\w+$/.exec(now.id) ?? [];
    if (id !== undefined) programs.set(id, now.what.replace(/:.*/, ''));
  }
  const rows = [...programs].map(([id, name]) => [
    name,
    ...measures.map((measure) => spread(all.get(`peers.${id}.${measure}`)?.now.samples ?? [])),
  ]);
  if (rows.length === 0) return 'Not measured yet.';
  return table(['', 'resident', 'anonymous', 'CPU s/h', 'wake-ups/s', 'KB/h'], rows);
}

/** A row for each thing of which there may be more, and each measure. */
function growthTable(all: ReadonlyMap<string, Compared>): string {
  const rows = [...all.values()]
    .filter(({ now }) => now.id.startsWith('growth.'))
    .map(({ now }) => [
      now.what.replace(/^[\d, ]+/, '') + (now.unit === '' ? '' : `, ${now.unit}`),
      ...now.samples.map(shown),
      now.note ?? '',
    ]);
  return rows.length === 0 ? 'Not measured yet.' : table(['', '1', '16', '64', ''], rows);
}

const floorList = (all: ReadonlyMap<string, Compared>): string =>
  Object.entries(floors)
    .map(([id, text]) => `- ${all.get(id)?.now.what ?? id}: ${text}`)
    .join('\n');

function budgetTable(): string {
  const { trafficKB, ...rest } = budgets;
  const words: Readonly<Record<keyof typeof rest, string>> = {
    wakeUpsPerSecond: 'wake-ups of the agent a second, idle, all probes on',
    wakeUpsWhereBusy: 'the same on a machine that others use too, as that of CI',
    children: 'processes started in five minutes of steady state (`ss`)',
    allocatedPerEcho: "bytes on V8's heap for an echo",
    callsPerEcho: 'reads and writes for an echo, one at a time',
  };
  return table(
    ['budget', 'at most'],
    [
      ...Object.entries(trafficKB).map(([profile, most]) => [`KB an hour, ${profile}`, String(most)]),
      ...Object.entries(words).map(([name, text]) => [text, String(rest[name as keyof typeof rest])]),
    ],
  );
}

function machineLine(runs: readonly Results[]): string {
  const newest = runs.at(-1);
  if (newest === undefined) return 'Nothing was measured yet.';
  const { machine, versions, date, mode } = newest;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const skipped = newest.builds.find(({ name }) => name === 'now')?.skipped ?? [];
  const missing = skipped.map(
    ({ section, why }) => `\n\nNot measured in it: ${section}: ${why.split('\n')[0]}.`,
  );
  return `Newest run: ${date.slice(0, 10)}, ${mode}, of ${commitOf(newest)}: ${machine.cpu}, ${machine.cores} cores, ${machine.memory_mb} MiB, Linux ${machine.kernel}; ${programs.join(', ')}; load ${machine.load[0]} when it began, ${machine.load[1]} when it ended.${missing.join('')}`;
}

/** The text of docs/performance.md, made from runs that go from the oldest to the newest. */
export function performanceText(template: string, runs: readonly Results[]): string {
  const all = compared(runs);
  return template
    .replace('{{machine}}', () => machineLine(runs))
    .replace('{{figures}}', () => figureTables(all, commitOf(runs.at(-1))))
    .replace('{{peers}}', () => peerTable(all))
    .replace('{{growth}}', () => growthTable(all))
    .replace('{{floors}}', () => floorList(all))
    .replace('{{budgets}}', budgetTable);
}

/** docs/performance.md: build/performancetext.md filled in from the files in test/bench/results. */
export const performanceReference = (): string =>
  performanceText(
    readFileSync(join(__dirname, 'performancetext.md'), 'utf8'),
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name): Results => JSON.parse(readFileSync(join(folder, name), 'utf8')))
      .sort((a, b) => a.date.localeCompare(b.date)),
  );
