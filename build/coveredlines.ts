import { decode } from '@jridgewell/sourcemap-codec';

/** One script of a V8 coverage file: offsets count in the script that ran, not in our sources. */
export interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly CountedRange[] }[];
}
interface CountedRange {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** What node notes beside the coverage of a script that has a source map; sources are file URLs. */
export interface MapNote {
  readonly lineLengths: readonly number[];
  readonly data: { readonly sources: readonly string[]; readonly mappings: string } | null;
}

/** Lines (from 1) of each source file that hold code, and whether that code ran. */
export type Lines = Map<string, Map<number, boolean>>;

/** Marks a line as code; once seen to run, it stays so. */
export function mark(lines: Lines, source: string, line: number, ran: boolean): void {
  const file = lines.get(source) ?? new Map<number, boolean>();
  lines.set(source, file);
  file.set(line, ran || (file.get(line) ?? false));
}

/** Tells for rising offsets how often the code there ran: the innermost range around an offset decides. */
function counter(script: ScriptCoverage): (offset: number) => number {
  const ranges = script.functions
    .flatMap((fn) => fn.ranges)
    .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const around: CountedRange[] = [];
  let next = 0;
  return (offset) => {
    for (let range = ranges[next]; range && range.startOffset <= offset; range = ranges[++next]) {
      while ((around.at(-1)?.endOffset ?? Infinity) <= range.startOffset) around.pop();
      around.push(range);
    }
    while ((around.at(-1)?.endOffset ?? Infinity) <= offset) around.pop();
    return around.at(-1)?.count ?? 0;
  };
}

/** A place in a script that comes from a line of a source. */
interface Place {
  readonly offset: number;
  readonly source: string;
  readonly line: number;
}

/** The places of the wanted sources, by rising offset. */
function placesOf(note: MapNote, wanted: (source: string) => boolean): Place[] {
  if (note.data === null) return [];
  const { sources, mappings } = note.data;
  const places: Place[] = [];
  let lineStart = 0;
  for (const [row, segments] of decode(mappings).entries()) {
    for (const [column, sourceIndex, sourceLine] of segments) {
      const source = sourceIndex === undefined ? undefined : sources[sourceIndex];
      if (source === undefined || sourceLine === undefined || !wanted(source)) continue;
      places.push({ offset: lineStart + column, source, line: sourceLine + 1 });
    }
    lineStart += (note.lineLengths[row] ?? 0) + 1;
  }
  return places;
}

/**
 * Adds up what processes ran of the sources for which `wanted` holds. A line has code when a map has a segment on it, and
 * ran when any of its segments did. Works for minified bundles of many sources, where v8-to-istanbul (c8) reports every
 * line as covered. A run of all tests has some thousand processes: of a script that was seen before, only the places that
 * have not run yet are looked at.
 */
export class CoveredLines {
  readonly lines: Lines = new Map();
  /** By map and its sources: the places that did not run in any process so far. */
  readonly #open = new Map<string, readonly Place[]>();

  readonly #wanted: (source: string) => boolean;

  constructor(wanted: (source: string) => boolean) {
    this.#wanted = wanted;
  }

  /** Adds one script of one process. */
  add(script: ScriptCoverage, note: MapNote): void {
    const key = note.data === null ? '' : `${note.data.sources.join()}\n${note.data.mappings}`;
    const places = this.#open.get(key) ?? placesOf(note, this.#wanted);
    if (places.length === 0) return void this.#open.set(key, places);
    const countAt = counter(script);
    const open = places.filter(({ offset, source, line }) => {
      const ran = countAt(offset) > 0;
      mark(this.lines, source, line, ran);
      return !ran;
    });
    this.#open.set(key, open);
  }
}
