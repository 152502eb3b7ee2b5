/** What a config of chronyd has that ours must go along with, by what `chronyd -p` prints of it. */
export interface ChronyConf {
  /** Folders whose *.conf files it reads. */
  readonly confDirs: readonly string[];
  /** Names and addresses of NTP servers, pools and peers. */
  readonly sources: readonly string[];
  /** Segments of shared memory that its refclocks read. */
  readonly segments: readonly number[];
  /** Drivers and parameters of its refclocks, such as `PHC /dev/ptp0`. */
  readonly refclocks: readonly string[];
}

const directive = /^\s*([a-z]\w*)\s+(\S.*?)\s*$/i;

/** Reads the lines of chrony.conf, with what they include in place of the include. */
export function parseChronyConf(text: string): ChronyConf {
  const confDirs: string[] = [];
  const sources: string[] = [];
  const refclocks: string[] = [];
  for (const line of text.split('\n')) {
    const [, name = '', rest = ''] = line.length > 4096 ? [] : (directive.exec(line) ?? []);
    const words = rest.split(/\s+/);
    if (/^confdir$/i.test(name)) confDirs.push(...words);
    if (/^(server|pool|peer)$/i.test(name)) sources.push(words[0] ?? '');
    if (/^refclock$/i.test(name)) refclocks.push(words.slice(0, 2).join(' '));
  }
  const segments = refclocks.flatMap((one) => /^SHM (\d{1,4})/i.exec(one)?.[1] ?? []).map(Number);
  return { confDirs, sources, segments, refclocks };
}
