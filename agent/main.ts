import { check } from './cli/check.ts';
import { doctor } from './cli/doctor.ts';
import { echo } from './cli/echo.ts';
import { help, noCommand } from './cli/help.ts';
import { type CommandIo, UsageError } from './cli/io.ts';
import { render } from './cli/render.ts';
import { run } from './cli/run.ts';
import { status } from './cli/status.ts';
import { top } from './hub/top/top.ts';
import { messageOf } from './lib/errors.ts';
import { version } from './lib/version.ts';

/** Stops on the first TERM or INT; a second one ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1);
      controller.abort();
    });
  }
  return controller.signal;
}

const io: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
};

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...args] = argv;
  switch (command) {
    case 'run':
      return run(args, io, { stop: stopSignal(), onReload: (fn) => void process.on('SIGHUP', fn) });
    case 'render':
      return render(args, io);
    case 'check':
      return check(args, io);
    case 'echo':
      return ended(await echo(args, io, stopSignal()));
    case 'top':
      return ended(await top(args, io, stopSignal(), process));
    case 'status':
      return status(args, io, stopSignal());
    case 'doctor':
      return doctor(args, io);
    case '--version':
    case '-V':
    case 'version':
      io.stdout(`nunect ${version}\n`);
      return 0;
    case 'help':
    case '--help':
    case '-h':
      return args[0] === undefined || args[0] === 'help' ? help(io) : main([args[0], '--help']);
    default:
      throw new UsageError(command === undefined ? 'a command is missing' : noCommand(command));
  }
}

/**
 * Ends a command of an operator once all is written, whatever is still open: nats.js leaves a socket behind when a
 * server took the connection and said nothing.
 */
function ended(code: number): number {
  const written = (): void => {
    if (process.stdout.writableLength === 0) process.exit();
  };
  setInterval(written, 100).unref();
  return code;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    io.stderr(`nunect: ${messageOf(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
