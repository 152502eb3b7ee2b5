// A program of several commands: which there are, how help shows them, and which one a command line means.
import { suggest } from '../config/suggest.ts';
import { visible } from '../lib/format.ts';
import { version } from '../lib/version.ts';
import { type CommandIo, UsageError } from './io.ts';

/** What the process gives to a command. */
export interface Edge {
  readonly io: CommandIo;
  /** Aborted by the first TERM or INT. A command that does not ask for it is ended by the signal itself. */
  stopSignal(): AbortSignal;
}

export interface ProgramCommand {
  /** One line for the overview. */
  readonly about: string;
  /** Gives the exit code; wrong arguments throw a UsageError. */
  call(args: readonly string[], edge: Edge): number | Promise<number>;
}

export interface Program {
  readonly name: string;
  /** What it is, after its name. */
  readonly about: string;
  readonly commands: Readonly<Record<string, ProgramCommand>>;
  /** Commands that another program has: what to call instead, and where. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/** What `help` shows. */
export function overview({ name, about, commands }: Program): string {
  const lines = [
    ...Object.entries(commands).map(([command, one]) => [command, one.about] as const),
    ['version', 'show the version'],
    ['help', 'show this; help COMMAND: show help for COMMAND'],
  ].map(([command = '', text]) => `  ${command.padEnd(8)} ${text}\n`);
  return `${name}: ${about}

usage: ${name} COMMAND [options]

${lines.join('')}`;
}

/** Why a word is no command, with what to call instead. */
export function unknownCommand({ name, commands, elsewhere = {} }: Program, word: string): string {
  const other = Object.hasOwn(elsewhere, word) ? elsewhere[word] : undefined;
  const similar = suggest(word, [...Object.keys(commands), 'version', 'help']);
  const hint =
    other !== undefined
      ? `call ${other}`
      : similar === undefined
        ? `see '${name} help'`
        : `did you mean '${name} ${similar}'?`;
  return `there is no command '${visible(word)}'; ${hint}`;
}

/** Calls the command that the arguments name and gives its exit code; wrong usage throws a UsageError. */
export async function callCommand(program: Program, argv: readonly string[], edge: Edge): Promise<number> {
  const [word = 'help', ...args] = argv;
  if (['version', '--version', '-V'].includes(word)) {
    edge.io.stdout(`${program.name} ${version}\n`);
    return 0;
  }
  if (['help', '--help', '-h'].includes(word)) {
    const [of] = args;
    if (of !== undefined && of !== 'help') return callCommand(program, [of, '--help'], edge);
    edge.io.stdout(overview(program));
    return 0;
  }
  const command = Object.hasOwn(program.commands, word) ? program.commands[word] : undefined;
  if (command === undefined) throw new UsageError(unknownCommand(program, word));
  try {
    return await command.call(args, edge);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${visible(error.message)}; see '${program.name} help ${word}'`, { cause: error });
  }
}
