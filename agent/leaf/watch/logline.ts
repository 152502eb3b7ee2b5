import { known } from '../../lib/known.ts';
import { causeOf, type Sign } from '../causes.ts';

/** Levels of nats-server's log, as it writes them. */
type Level = 'FTL' | 'ERR' | 'WRN' | 'INF' | 'DBG' | 'TRC';

/** A line of the log of a nats-server. */
export interface LeafLine {
  readonly level: Level;
  /** Without pid and time; logins in addresses are masked. */
  readonly text: string;
  /** The same for every repetition: the text without numbers of connections, attempts and times. */
  readonly key: string;
  /** It is about the link to the hub. */
  readonly hub: boolean;
  /** Why the hub is not joined, where the line gives a cause. */
  readonly sign?: Sign;
  /** IP address and port of the hub that it is about, where the line begins with it. */
  readonly from?: string;
  /** A link to a hub was made; it may still be refused. */
  readonly link?: 'created';
  /** The outcome of a start. */
  readonly start?: 'ready' | 'failed';
  /** The outcome of a SIGHUP. */
  readonly reload?: 'done' | 'failed';
}

const longest = 500;
const layout =
  /^(?:\[\d+\] )?(?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d+)? )?\[(FTL|ERR|WRN|INF|DBG|TRC)\] (.*)$/s;

/** Logins in addresses are masked: they are secrets. */
const masked = (text: string): string => text.replace(/:\/\/[^\s/@"']*@/g, '://***@');

/** The words of a line that name a cause, without the connection. */
function detailOf(text: string): string {
  const words = text.replace(/^\S+ - lid(?:_ws)?:\d+ - /, '');
  return (/^Leafnode Error '(.*)'/s.exec(words)?.[1] ?? words).replace(/ \(attempt \d+\)/, '').slice(0, 200);
}

/** Reads one line; undefined for what is none, and for a warning that comes with each start. */
export function parseLeafLine(line: string): LeafLine | undefined {
  const [, level, message] = layout.exec(line) ?? [];
  if (level === undefined || message === undefined || /^Plaintext passwords detected/.test(message))
    return undefined;
  const text = masked(message).slice(0, longest);
  const hub = /\blid(_ws)?:\d+ - |leafnode|LeafNode/.test(text);
  // an end has level INF, and is all there is when the hub's TLS refuses without an alert
  const telling = level === 'ERR' || level === 'WRN' || /connection closed: /.test(text);
  const code = hub && telling ? causeOf(text) : undefined;
  return {
    level: level as Level,
    text,
    key: text.replace(/\d+/g, '0'),
    hub,
    ...(code === undefined ? {} : { sign: { code, detail: detailOf(text) } }),
    ...known({ from: /^(\S+:\d+) - lid/.exec(text)?.[1] }),
    ...(/- Leafnode connection created/.test(text) ? { link: 'created' } : {}),
    ...(level === 'FTL' ? { start: 'failed' } : {}),
    ...(/^Server is ready/.test(text) ? { start: 'ready' } : {}),
    ...(/^Reloaded server configuration/.test(text) ? { reload: 'done' } : {}),
    ...(/^Failed to reload/.test(text) ? { reload: 'failed' } : {}),
  };
}
