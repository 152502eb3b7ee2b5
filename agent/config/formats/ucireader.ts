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

interface State {
  readonly lines: readonly string[];
  /** Lines read so far, and the one on which the command at hand began. */
  read: number;
  fromLine: number;
  /** What was read for the command at hand and is yet to be looked at; `pos` is how much of it was. */
  buf: string;
  pos: number;
  /** What stood before it: a quoted value or a `\` at the end makes a command several lines. */
  before: string;
}

function nextText(state: State): string {
  const line = state.lines[state.read] ?? '';
  if (line !== '') state.read += 1;
  return line;
}

function fail({ read, before, buf, pos, fromLine }: State, message: string): never {
  const byte = Buffer.byteLength(before + buf.slice(0, pos));
  throw new UciParseError(message, { line: read, byte, fromLine });
}

/** Goes on with the next line, behind what was looked at. To look into what grows line by line takes quadratic time. */
function continueLine(state: State): void {
  state.before += state.buf.slice(0, state.pos);
  state.buf = nextText(state);
  state.pos = 0;
}

function skipSpace(state: State): void {
  while (isSpace(state.buf[state.pos])) state.pos += 1;
}

/** Steps over a backslash. True: the next character is meant literally. False: the line was joined to the next. */
function skipBackslash(state: State): boolean {
  state.pos += 1;
  if (!['', '\n', '\r\n'].includes(state.buf.slice(state.pos))) return true;
  continueLine(state);
  return false;
}

/** The text up to the closing quote, over as many lines as it takes. */
function readQuoted(state: State, quote: string): string {
  let out = '';
  state.pos += 1;
  while (state.buf[state.pos] !== quote) {
    if (state.pos === state.buf.length) continueLine(state);
    if (state.pos === state.buf.length) fail(state, `EOF with unterminated ${quote}`);
    if (state.buf[state.pos] === quote) break;
    if (quote === '"' && state.buf[state.pos] === '\\' && !skipBackslash(state)) continue;
    out += state.buf[state.pos];
    state.pos += 1;
  }
  state.pos += 1;
  return out;
}

function readWord(state: State): string {
  const start = state.before.length + state.pos;
  let out = '';
  do {
    const char = state.buf[state.pos];
    if (char === undefined) break;
    if (char === '#') {
      state.buf = state.buf.slice(0, state.pos);
      break;
    }
    if (char === ';') {
      // libuci ends the word with a NUL, which hits the `;` unless quotes made the word shorter
      if (out.length === state.before.length + state.pos - start) state.buf = state.buf.slice(0, state.pos);
      return out;
    }
    if (char === "'" || char === '"') {
      out += readQuoted(state, char);
    } else if (char !== '\\' || skipBackslash(state)) {
      out += state.buf[state.pos];
      state.pos += 1;
    }
  } while (state.pos < state.buf.length && !isSpace(state.buf[state.pos]));
  if (state.pos < state.buf.length) state.pos += 1;
  return out;
}

function findCommand({ buf, pos }: State): RegExpExecArray | null {
  const blanksAndWord = /[ \t]*([^ \t]+)/y;
  blanksAndWord.lastIndex = pos;
  return blanksAndWord.exec(buf);
}

/**
 * Reads as file.c of libuci does (commit 5781664d), oddities included, because what OpenWrt's own tools
 * read from a file is what its owner meant.
 */
export function uciReader(text: string): UciReader {
  const state: State = { lines: text.split(/(?<=\n)/), read: 0, fromLine: 0, before: '', buf: '', pos: 0 };
  return {
    nextLine() {
      state.buf = nextText(state);
      state.before = '';
      state.fromLine = state.read;
      state.pos = 0;
      skipSpace(state);
      return state.buf !== '';
    },
    peekCommand: () => findCommand(state)?.[1],
    skipCommand() {
      const next = state.pos + (findCommand(state)?.[0].length ?? 0);
      if (next === state.buf.length) return false;
      state.pos = next + 1;
      return true;
    },
    argument() {
      skipSpace(state);
      if (state.buf[state.pos] !== ';') return readWord(state);
      state.pos += 1;
      return '';
    },
    line: () => state.read,
    fail: (message) => fail(state, message),
  };
}
