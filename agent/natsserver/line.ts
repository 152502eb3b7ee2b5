/** Levels of nats-server's log, as it writes them. */
type Level = 'FTL' | 'ERR' | 'WRN' | 'INF' | 'DBG' | 'TRC';

/** A line of the log of any nats-server. */
export interface ServerLine {
  readonly level: Level;
  /** Without pid and time; logins in addresses are masked. */
  readonly text: string;
  /** The same for every repetition: the text without numbers of connections, attempts and times. */
  readonly key: string;
}

const longest = 500;
const layout =
  /^(?:\[\d+\] )?(?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d+)? )?\[(FTL|ERR|WRN|INF|DBG|TRC)\] (.*)$/s;

/** Logins in addresses are masked: they are secrets. */
const masked = (text: string): string => text.replace(/:\/\/[^\s/@"']*@/g, '://***@');

/** Reads one line; undefined for what is none, and for a warning that comes with each start. */
export function parseServerLine(line: string): ServerLine | undefined {
  const [, level, message] = layout.exec(line) ?? [];
  if (level === undefined || message === undefined || /^Plaintext passwords detected/.test(message))
    return undefined;
  const text = masked(message).slice(0, longest);
  return { level: level as Level, text, key: text.replace(/\d+/g, '0') };
}
