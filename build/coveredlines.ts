import { decode, type SourceMapMappings } from '@jridgewell/sourcemap-codec';

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

const decoded = new Map<string, SourceMapMappings>();
function segmentsOf(mappings: string): SourceMapMappings {
  const known = decoded.get(mappings) ?? decode(mappings);
  decoded.set(mappings, known);
  return known;
}

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

/**
 * Adds to `lines` what one process ran of the sources for which `wanted` holds. A line has code when the map
 * has a segment on it, and ran when any of its segments did. Works for minified bundles of many sources, where
 * v8-to-istanbul (c8) reports every line as covered.
 */
export function addCoverage(
  lines: Lines,
  script: ScriptCoverage,
  note: MapNote,
  wanted: (source: string) => boolean,
): void {
  if (note.data === null) return;
  const { sources, mappings } = note.data;
  const countAt = counter(script);
  let lineStart = 0;
  for (const [row, segments] of segmentsOf(mappings).entries()) {
    for (const [column, sourceIndex, sourceLine] of segments) {
      const ran = countAt(lineStart + column) > 0;
      const source = sourceIndex === undefined ? undefined : sources[sourceIndex];
      if (source === undefined || sourceLine === undefined || !wanted(source)) continue;
      mark(lines, source, sourceLine + 1, ran);
    }
    lineStart += (note.lineLengths[row] ?? 0) + 1;
  }
}
