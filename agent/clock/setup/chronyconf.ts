/** What a config of chronyd has that ours must go along with. */
export interface ChronyConf {
  /** Folders whose *.conf files it reads. */
  readonly confDirs: readonly string[];
  /** Names and addresses of NTP servers, pools and peers. */
  readonly sources: readonly string[];
  /** Segments of shared memory that its refclocks read. */
  readonly segments: readonly number[];
  /** Drivers and parameters of its refclocks, such as `PHC /dev/ptp0`. */
  readonly refclocks: readonly string[];
  /** Its command socket, where the config names one. */
  readonly socket?: string;
  /** UDP port for commands, where the config names one; 0 for none. */
  readonly cmdport?: number;
}

/** More than chronyd itself takes in a line. */
const longestLine = 4096;

/** A line as its words; none of a comment or of what is too long. */
function wordsOf(line: string): readonly string[] {
  if (line.length > longestLine || /^\s*[!;#%]/.test(line)) return [];
  return line.split(/\s+/).filter((word) => word !== '');
}

/** The values of each directive, by its name in lower case. */
function directivesOf(text: string): ReadonlyMap<string, readonly (readonly string[])[]> {
  const found = new Map<string, (readonly string[])[]>();
  for (const line of text.split('\n')) {
    const [name = '', ...words] = wordsOf(line);
    const all = found.get(name.toLowerCase()) ?? [];
    if (words.length > 0) all.push(words);
    if (all.length === 1) found.set(name.toLowerCase(), all);
  }
  return found;
}

/** What a file of chronyd's config leads on to; `chronyd -p` shows what is in there, and not where that is. */
export interface ConfLinks {
  readonly confDirs: readonly string[];
  /** Files, of which a name may have * and ? in it. */
  readonly includes: readonly string[];
}

/** Reads a file of chronyd's config as it is on disk. */
export function parseConfLinks(text: string): ConfLinks {
  const all = directivesOf(text);
  return {
    confDirs: (all.get('confdir') ?? []).flat(),
    includes: (all.get('include') ?? []).flatMap(([path = '']) => [path]),
  };
}

/** Reads what `chronyd -p` prints: all lines, with what they include in place of the include. */
export function parseChronyConf(printed: string, confDirs: readonly string[]): ChronyConf {
  const all = directivesOf(printed);
  const sources = ['server', 'pool', 'peer'].flatMap((name) =>
    (all.get(name) ?? []).map(([host = '']) => host),
  );
  const refclocks = (all.get('refclock') ?? []).map((words) => words.slice(0, 2).join(' '));
  const segments = refclocks.flatMap((one) => /^SHM (\d{1,4})/i.exec(one)?.[1] ?? []).map(Number);
  const socket = (all.get('bindcmdaddress') ?? []).flat().findLast((word) => word.startsWith('/'));
  const port = (all.get('cmdport') ?? []).at(-1)?.[0];
  return {
    ...{ confDirs, sources, segments, refclocks },
    ...(socket === undefined || socket === '/' ? {} : { socket }),
    ...(port !== undefined && /^\d{1,5}$/.test(port) ? { cmdport: Number(port) } : {}),
  };
}

/** The lines of a text that chronyd takes: without comments and empty ones. */
export const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => wordsOf(line).join(' '))
    .filter((line) => line !== '');

/** What `chronyd -p` printed, without each place where all of these lines follow each other: a file that it includes. */
export function withoutLines(printed: string, lines: readonly string[]): { text: string; found: boolean } {
  const [first] = lines;
  if (first === undefined) return { text: printed, found: false };
  const all = printed.split('\n');
  const kept: string[] = [];
  for (let at = 0; at < all.length; ) {
    const isHere = lines.every((line, i) => all[at + i]?.trim() === line);
    if (isHere) at += lines.length;
    else {
      kept.push(all[at] ?? '');
      at += 1;
    }
  }
  return { text: kept.join('\n'), found: kept.length < all.length };
}

/** The folder for a file of ours: one in RAM, if there is any, so that nothing of ours outlives a power cut. */
export const bestConfDir = ({ confDirs }: ChronyConf): string | undefined =>
  confDirs.find((dir) => /^\/(var|run|tmp)\//.test(dir)) ?? confDirs[0];
