// Line coverage of agent/ from what all processes of a test run left behind, those of the bundle included.
//   node --require ./build/register.cjs build/coverage.ts DIR [--least PERCENT]
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { decode } from '@jridgewell/sourcemap-codec';
import { transformSync } from 'esbuild';
import { CoveredLines, type Lines, type MapNote, mark, type ScriptCoverage } from './coveredlines.ts';

interface CoverageFile {
  readonly result: readonly ScriptCoverage[];
  readonly 'source-map-cache'?: Readonly<Record<string, MapNote>>;
}

const root = resolve(__dirname, '..');
const ours = `${pathToFileURL(join(root, 'agent'))}/`;

/** What one process left behind; undefined where the file is none. */
function readCoverage(file: string): CoverageFile | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function seenIn(folder: string): { readonly lines: Lines; readonly unreadable: string[] } {
  const covered = new CoveredLines((source) => source.startsWith(ours));
  const unreadable: string[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(^|\/)coverage-[^/]*\.json$/.test(file),
  )) {
    const path = join(folder, name);
    const file = readCoverage(path);
    if (file === undefined) unreadable.push(path);
    for (const script of file?.result ?? []) {
      const note = file?.['source-map-cache']?.[script.url];
      if (note) covered.add(script, note);
    }
  }
  return { lines: covered.lines, unreadable };
}

/** Files that no process loaded count too, with every line that has code. */
function addUnseen(lines: Lines): void {
  const files = readdirSync(join(root, 'agent'), { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const path = join(root, 'agent', file);
    const source = pathToFileURL(path).href;
    if (lines.has(source)) continue;
    const { map } = transformSync(readFileSync(path, 'utf8'), { loader: 'ts', sourcemap: 'external' });
    for (const [, , line] of decode(JSON.parse(map).mappings).flat()) {
      if (line !== undefined) mark(lines, source, line + 1, false);
    }
  }
}

/** `3-5 9` for the lines that never ran; lines without code between two such lines do not split a run. */
function gaps(file: ReadonlyMap<number, boolean>): string {
  const runs: [number, number][] = [];
  let open = false;
  for (const [line, ran] of [...file].sort(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    if (!ran && open && last) last[1] = line;
    else if (!ran) runs.push([line, line]);
    open = !ran;
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(' ');
}

const ranOf = (file: ReadonlyMap<number, boolean>): number => [...file.values()].filter(Boolean).length;
const percent = (part: number, whole: number): number => (whole === 0 ? 100 : (100 * part) / whole);

const { values, positionals } = parseArgs({
  options: { least: { type: 'string', default: '0' } },
  allowPositionals: true,
});
const { lines, unreadable } = seenIn(resolve(positionals[0] ?? '.coverage'));
addUnseen(lines);

let ran = 0;
let all = 0;
for (const [source, file] of [...lines].sort(([a], [b]) => (a < b ? -1 : 1))) {
  ran += ranOf(file);
  all += file.size;
  if (ranOf(file) === file.size) continue;
  const share = percent(ranOf(file), file.size).toFixed(1).padStart(6);
  console.log(`${share} %  ${relative(root, fileURLToPath(source))}  not run: ${gaps(file)}`);
}
const total = percent(ran, all);
console.log(`lines of agent/ that the tests ran: ${ran} of ${all}, ${total.toFixed(2)} %`);
if (total < Number(values.least)) {
  console.error(`coverage is below ${values.least} %`);
  process.exitCode = 1;
}
// a process that was killed while it wrote: its test must wait for its exit, else what it ran is not counted
for (const file of unreadable) {
  console.error(`coverage file cut off at ${statSync(file).size} bytes: ${relative(process.cwd(), file)}`);
  process.exitCode = 1;
}
if (unreadable.length > 0)
  console.error(
    'the folder names the test whose process was killed while it ended: it has to wait for its exit',
  );
