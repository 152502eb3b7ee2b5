/** Where and why libuci gives up on a file. `message` is libuci's own. */
export class UciParseError extends Error {
  readonly code = 'UCI_PARSE';
  readonly line: number;
  readonly byte: number;
  /** Line on which the command began: an open quote is noticed long after it. */
  readonly fromLine: number;
  constructor(message: string, place: { line: number; byte: number; fromLine: number }) {
    super(message);
    this.line = place.line;
    this.byte = place.byte;
    this.fromLine = place.fromLine;
  }
}

/** A cursor over a UCI file: it knows words, quotes and lines, and nothing of what they mean. */
export interface UciReader {
  /** Goes to the next line, unless the file ends. */
  nextLine(): boolean;
  /** The word that would be a command, still unread; undefined where the line has no more. */
  peekCommand(): string | undefined;
  /** Reads over that word. False where the file ends right behind it. */
  skipCommand(): boolean;
  /** The next argument without its quotes; '' where there is none. */
  argument(): string;
  /** Lines read so far. A last line without a newline counts, other than in libuci. */
  line(): number;
  fail(message: string): never;
}

const isSpace = (char: string | undefined): boolean => char !== undefined && ' \t\n\v\f\r'.includes(char);

/**
 * Reads as file.c of libuci does (commit 5781664d), oddities included, because what OpenWrt's own tools
 * read from a file is what its owner meant.
 */
export function uciReader(text: string): UciReader {
  const lines = text.split(/(?<=\n)/);
  let read = 0;
  let fromLine = 0;
  // What was fetched for the command at hand; a quoted value or a `\` at the end makes it several lines.
  let buf = '';
  let pos = 0;

  const fetch = (): string => {
    const line = lines[read] ?? '';
    if (line !== '') read += 1;
    return line;
  };
  const fail = (message: string): never => {
    throw new UciParseError(message, { line: read, byte: Buffer.byteLength(buf.slice(0, pos)), fromLine });
  };

  const skipSpace = (): void => {
    while (isSpace(buf[pos])) pos += 1;
  };
  /** Steps over a backslash. True: the next character is meant literally. False: the line was joined to the next. */
  const backslash = (): boolean => {
    pos += 1;
    if (!['', '\n', '\r\n'].includes(buf.slice(pos))) return true;
    buf = buf.slice(0, pos) + fetch();
    return false;
  };
  const quoted = (quote: string): string => {
    let out = '';
    pos += 1;
    while (buf[pos] !== quote) {
      if (pos === buf.length) buf += fetch();
      if (pos === buf.length) fail(`EOF with unterminated ${quote}`);
      if (buf[pos] === quote) break;
      if (quote === '"' && buf[pos] === '\\' && !backslash()) continue;
      out += buf[pos];
      pos += 1;
    }
    pos += 1;
    return out;
  };
  const word = (): string => {
    const start = pos;
    let out = '';
    do {
      const char = buf[pos];
      if (char === undefined) break;
      if (char === '#') {
        buf = buf.slice(0, pos);
        break;
      }
      if (char === ';') {
        // libuci ends the word with a NUL, which hits the `;` unless quotes made the word shorter
        if (out.length === pos - start) buf = buf.slice(0, pos);
        return out;
      }
      if (char === "'" || char === '"') {
        out += quoted(char);
      } else if (char !== '\\' || backslash()) {
        out += buf[pos];
        pos += 1;
      }
    } while (pos < buf.length && !isSpace(buf[pos]));
    if (pos < buf.length) pos += 1;
    return out;
  };
  const command = (): RegExpExecArray | null => {
    const blanksAndWord = /[ \t]*([^ \t]+)/y;
    blanksAndWord.lastIndex = pos;
    return blanksAndWord.exec(buf);
  };

  return {
    nextLine() {
      buf = fetch();
      fromLine = read;
      pos = 0;
      skipSpace();
      return buf !== '';
    },
    peekCommand: () => command()?.[1],
    skipCommand() {
      const next = pos + (command()?.[0].length ?? 0);
      if (next === buf.length) return false;
      pos = next + 1;
      return true;
    },
    argument() {
      skipSpace();
      if (buf[pos] !== ';') return word();
      pos += 1;
      return '';
    },
    line: () => read,
    fail,
  };
}
