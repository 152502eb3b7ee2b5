import { known } from '../../lib/known.ts';
import { parseServerLine, type ServerLine } from '../../natsserver/line.ts';
import { causeOf, type Sign } from '../causes.ts';

/** A line of the log of a leaf. */
export interface LeafLine extends ServerLine {
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

/** The words of a line that name a cause, without the connection. */
function detailOf(text: string): string {
  const words = text.replace(/^\S+ - lid(?:_ws)?:\d+ - /, '');
  return (/^Leafnode Error '(.*)'/s.exec(words)?.[1] ?? words).replace(/ \(attempt \d+\)/, '').slice(0, 200);
}

/** Reads one line, with what it says of the leaf and its hub; undefined as `parseServerLine`. */
export function parseLeafLine(line: string): LeafLine | undefined {
  const read = parseServerLine(line);
  if (read === undefined) return undefined;
  const { level, text } = read;
  const hub = /\blid(_ws)?:\d+ - |leafnode|LeafNode/.test(text);
  // an end has level INF, and is all there is when the hub's TLS refuses without an alert
  const telling = level === 'ERR' || level === 'WRN' || /connection closed: /.test(text);
  const code = hub && telling ? causeOf(text) : undefined;
  return {
    ...read,
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
