/** Where a command writes: all of its output goes through here, so that tests can read it. */
export interface CommandIo {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** Wrong usage of a command, in one line. Exit code 2. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}
