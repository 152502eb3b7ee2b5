// The terminal: the alternate screen, keys, size and end. It is left as it was found.
import { printable } from '../../cli/terminal.ts';
import { codeOf } from '../../lib/errors.ts';
import { keysIn } from './keys.ts';

/** The streams of the process, which may lead to a terminal. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

export interface ScreenEvents {
  key(key: string): void;
  resized(): void;
  /** The reader is gone. `error` where something failed. */
  gone(error?: Error): void;
}

export interface Screen {
  /** Lines replace each other on a terminal; else they follow each other. */
  readonly live: boolean;
  readonly colour: boolean;
  size(): { readonly columns: number; readonly rows: number };
  /** Shows lines instead of the last ones, or after them when not live. False: the reader is too slow, nothing was shown. */
  show(lines: readonly string[]): boolean;
  /** Gives the terminal back as it was. */
  close(): void;
}

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'; // alternate screen, no cursor, no wrapping
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const quietEnds = new Set(['EPIPE', 'EIO', 'ECONNRESET']);

/** Longest line to a pipe or file, unless $COLUMNS is set. */
const pipeColumns = 132;

/** Takes the terminal over; what it returns gives it back, once. */
function takeTerminal({ stdin, stdout }: Terminal, on: ScreenEvents): () => void {
  const keys = stdin.isTTY === true;
  const pressed = (data: Buffer): void => {
    for (const key of keysIn(data.toString('latin1'))) if (taken) on.key(key);
  };
  const quit = (): void => on.gone();
  let taken = true;
  function giveBack(): void {
    if (!taken) return;
    taken = false;
    process.off('exit', giveBack);
    process.off('SIGHUP', quit);
    stdout.off('resize', on.resized);
    if (keys) {
      stdin.off('data', pressed);
      stdin.setRawMode(false);
      stdin.pause();
    }
    stdout.write(leave);
  }
  process.on('exit', giveBack); // also where an error ends the process
  process.on('SIGHUP', quit);
  stdout.on('resize', on.resized);
  stdout.write(enter);
  if (keys) {
    stdin.setRawMode(true);
    stdin.on('data', pressed);
    stdin.on('end', quit);
    stdin.on('error', quit);
  }
  return giveBack;
}

function sizeOf({ stdout, env }: Terminal): ReturnType<Screen['size']> {
  const width = Number(env['COLUMNS']);
  const fallback = Number.isInteger(width) && width >= 20 && width <= 1000 ? width : pipeColumns;
  return { columns: stdout.columns || fallback, rows: stdout.rows || 24 };
}

/** Lines from the top of the screen on, in place of all that was there. */
function placed(lines: readonly string[], rows: number): string {
  // a line is erased before it is written: behind a full one the cursor still stands on its last character
  const rest = lines.length < rows ? '\r\n\x1b[J' : '';
  return `\x1b[H${lines.map((one) => `\x1b[K${one}`).join('\r\n')}${rest}`;
}

/** Takes the terminal over where `full` asks for it and there is one. */
export function openScreen(terminal: Terminal, full: boolean, on: ScreenEvents): Screen {
  const { stdout, env } = terminal;
  const isTerminal = stdout.isTTY === true && env['TERM'] !== 'dumb';
  const live = full && isTerminal;
  const failed = (error: Error): void => (quietEnds.has(codeOf(error) ?? '') ? on.gone() : on.gone(error));
  stdout.on('error', failed); // for good: what is written last may fail after the end
  const giveBack = live ? takeTerminal(terminal, on) : () => {};
  let open = true;
  return {
    live,
    colour: isTerminal && (env['NO_COLOR'] ?? '') === '',
    size: () => sizeOf(terminal),
    show(lines) {
      if (!open || stdout.writableNeedDrain) return false;
      const text = live ? placed(lines, sizeOf(terminal).rows) : `${lines.join('\n')}\n`;
      stdout.write(printable(text, isTerminal));
      return true;
    },
    close() {
      open = false;
      giveBack();
    },
  };
}
