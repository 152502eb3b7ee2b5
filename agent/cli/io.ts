/**
 * Where a command writes: all of its output goes through here, so that tests can read it, and leaves the process
 * `printable`. `styled`: it has our escape codes in it, and what others wrote was made `visible` before.
 */
export interface CommandIo {
  stdout(text: string, styled?: boolean): void;
  stderr(text: string): void;
}

/** Wrong usage of a command, in one line. Exit code 2. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}
