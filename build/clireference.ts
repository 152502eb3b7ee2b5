// Man pages and completion, made of what the commands say of themselves: `help`, and `help COMMAND` for each.
import { callCommand, type Program } from '../agent/cli/program.ts';

/** What a program prints on standard output. */
async function printed(program: Program, args: readonly string[]): Promise<string> {
  const said: string[] = [];
  const io = { stdout: (text: string) => void said.push(text), stderr: () => {} };
  await callCommand(program, args, { io, stopSignal: () => new AbortController().signal });
  return said.join('');
}

const helpOf = (program: Program, command: string): Promise<string> => printed(program, ['help', command]);

/** Text as roff takes it as it is. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^[.']/gm, '\\&$&')
    .replace(/[^\0-\x7f]/gu, (letter) => `\\[u${letter.codePointAt(0)?.toString(16).toUpperCase()}]`);

/** The man page of a program, section 1. */
export async function manPage(program: Program): Promise<string> {
  const { name, about, commands } = program;
  const sections = await Promise.all(
    Object.keys(commands).map(
      async (command) =>
        `.SS ${roff(command)}\n.nf\n${roff((await helpOf(program, command)).trimEnd())}\n.fi\n`,
    ),
  );
  return `.\\" Written by build/clireference.ts: changes made here are lost.
.TH ${name.toUpperCase()} 1 "" "" "nunect"
.SH NAME
${roff(name)} \\- ${roff(about)}
.SH SYNOPSIS
.B ${roff(name)}
.I COMMAND
.RI [ options ]
.SH COMMANDS
${sections.join('')}.SS version, help
Show the version; show what commands there are, or how one is used.
`;
}

/** Completion of commands and options for bash. */
export async function bashCompletion(program: Program): Promise<string> {
  const { name, commands } = program;
  const words = [...Object.keys(commands), 'version', 'help'].join(' ');
  const cases = await Promise.all(
    Object.keys(commands).map(async (command) => {
      const flags = new Set((await helpOf(program, command)).match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []);
      return `    ${command}) words='${[...flags, '--help'].join(' ')}' ;;\n`;
    }),
  );
  const helps = await Promise.all(Object.keys(commands).map((command) => helpOf(program, command)));
  const valued = [
    ...new Set(helps.join('').match(/(?<![\w-])--[a-z][a-z-]*(?= +[A-Z]|,|\n| [a-z]+\|)/g) ?? []),
  ];
  const fn = `_${name.replaceAll('-', '_')}`;
  return `# Written by build/clireference.ts: changes made here are lost.
${fn}() {
  local words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${words}'
  else
    case \${COMP_WORDS[1]} in
${cases.join('')}    help) words='${Object.keys(commands).join(' ')}' ;;
    esac
    # the value of an option: a file
    case \${COMP_WORDS[COMP_CWORD-1]} in
    ${valued.join(' | ')}) words='' ;;
    esac
  fi
  # shellcheck disable=SC2207  # words have no blanks
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F ${fn} ${name}
`;
}
