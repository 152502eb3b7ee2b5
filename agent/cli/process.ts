// The edge of a process that runs one command: its streams, signals and exit code.
import { messageOf } from '../lib/errors.ts';
import { visible } from '../lib/format.ts';
import { UsageError } from './io.ts';
import { callCommand, type Edge, type Program } from './program.ts';
import { printable } from './terminal.ts';

/** Aborts at the first TERM or INT; a second one ends the process at once. */
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

const edge: Edge = {
  io: {
    stdout: (text, styled) => void process.stdout.write(printable(text, styled)),
    stderr: (text) => void process.stderr.write(printable(text)),
  },
  stopSignal,
};

/** Runs the command that this process was started for. Exit code 2 for wrong usage, 1 for any other error. */
export function runProcess(program: Program): void {
  const failed = (error: unknown): void => {
    const isUsage = error instanceof UsageError; // the lines of any other error are not ours
    edge.io.stderr(`${program.name}: ${isUsage ? error.message : visible(messageOf(error))}\n`);
    process.exitCode = isUsage ? 2 : 1;
  };
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    if (process.listenerCount('uncaughtException') > 1) return; // the agent's own, which says more
    if (error.code === 'EPIPE') process.exit(); // as `| head` ends: who reads has seen enough
    failed(error); // node would print it as it is
    process.exit();
  });
  callCommand(program, process.argv.slice(2), edge).then((code) => {
    process.exitCode = code;
  }, failed);
}

/**
 * Ends the process once all output is written, whatever is still open, and gives the code on: nats.js leaves a socket
 * behind when a server took the connection and said nothing.
 */
export function endOnceWritten(code: number): number {
  const end = (): void => {
    if (process.stdout.writableLength === 0) process.exit();
  };
  setInterval(end, 100).unref();
  return code;
}
