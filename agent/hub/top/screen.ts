// The terminal: the alternate screen while it is one, keys, its size, and its end. What it was is what it becomes again.

/** The streams of the process that a terminal is at the other end of. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

export interface ScreenEvents {
  key(key: string): void;
  resized(): void;
  /** Nobody is there to read any more. `error` where that is no quiet end. */
  gone(error?: Error): void;
}

export interface Screen {
  /** A terminal that lines can be placed on; else lines just follow each other. */
  readonly live: boolean;
  readonly colour: boolean;
  size(): { readonly columns: number; readonly rows: number };
  /** Shows lines in place of those before, or after them where that cannot be. False: the reader is too slow. */
  show(lines: readonly string[]): boolean;
  /** Gives the terminal back as it was. */
  close(): void;
}

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'; // alternate screen, no cursor, no wrapping
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const quietEnds = new Set(['EPIPE', 'EIO', 'ECONNRESET']);

/** Where output goes to a pipe or file, lines may be as long as $COLUMNS says. */
const pipeColumns = 132;

/** Takes the terminal over where `full` is wanted and possible. */
export function openScreen({ stdin, stdout, env }: Terminal, full: boolean, on: ScreenEvents): Screen {
  const live = full && stdout.isTTY === true && env['TERM'] !== 'dumb';
  const keys = live && stdin.isTTY === true;
  const pressed = (data: Buffer): void => on.key(data.toString('latin1'));
  const failed = (error: NodeJS.ErrnoException): void =>
    quietEnds.has(error.code ?? '') ? on.gone() : on.gone(error);
  const quit = (): void => on.gone();
  let open = true;

  function close(): void {
    if (!open) return;
    open = false;
    process.off('exit', close);
    process.off('SIGHUP', quit);
    stdout.off('resize', on.resized);
    if (keys) {
      stdin.off('data', pressed);
      stdin.setRawMode(false);
      stdin.pause();
    }
    if (live) stdout.write(leave);
  }

  stdout.on('error', failed); // for good: what is written last may fail after the end
  if (live) {
    process.on('exit', close); // also where an error ends the process
    process.on('SIGHUP', quit);
    stdout.on('resize', on.resized);
    stdout.write(enter);
  }
  if (keys) {
    stdin.setRawMode(true);
    stdin.on('data', pressed);
    stdin.on('end', quit);
    stdin.on('error', quit);
  }
  return {
    live,
    colour: stdout.isTTY === true && env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === '',
    size() {
      const width = Number(env['COLUMNS']);
      const fallback = Number.isInteger(width) && width >= 20 && width <= 1000 ? width : pipeColumns;
      return { columns: stdout.columns || fallback, rows: stdout.rows || 24 };
    },
    show(lines) {
      if (!open || stdout.writableNeedDrain) return false;
      // a line is erased before it is written: behind a full one the cursor still stands on its last character
      const rest = live && lines.length < (stdout.rows || 24) ? '\r\n\x1b[J' : '';
      const text = live
        ? `\x1b[H${lines.map((one) => `\x1b[K${one}`).join('\r\n')}${rest}`
        : `${lines.join('\n')}\n`;
      stdout.write(text);
      return true;
    },
    close,
  };
}
