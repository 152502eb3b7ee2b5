import { fileReader } from '../config/checks/trust.ts';
import { type LoadOptions, loadConfigFile } from '../config/file.ts';
import { formatProblem } from '../config/problem.ts';
import { defaultConfigFile } from '../lib/defaults.ts';
import { known } from '../lib/known.ts';
import { datesOf } from './doctor/device.ts';
import { readFlags } from './flags.ts';
import { type CommandIo, UsageError } from './io.ts';

const usage = `usage: nunect check [--config FILE] [--format uci|ini]

Reads the config, prints one line for each problem, and exits 1 if one of them is an error.
  --config FILE     default: ${defaultConfigFile}
  --format uci|ini  default: ini for a name that ends in .ini, else uci
`;

const flags = {
  config: { type: 'string', default: defaultConfigFile },
  format: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function readFormat(text: string | undefined): LoadOptions['format'] {
  if (text === undefined || text === 'uci' || text === 'ini') return text;
  throw new UsageError(`--format '${text}' must be uci or ini`);
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/**
 * `nunect check`: one line for each problem, then `FILE: ok, N options set` if none is an error. Gives the
 * exit code, 1 for an error in the config; wrong arguments throw a UsageError.
 */
export async function check(args: readonly string[], io: CommandIo): Promise<number> {
  const { config: file, format, help } = readFlags(args, flags);
  if (help === true) {
    io.stdout(usage);
    return 0;
  }
  const { config, problems, set } = loadConfigFile(file, known({ format: readFormat(format) }));
  const dates = await datesOf({ config, connection: { servers: [] } }, fileReader(file));
  for (const problem of problems) io.stdout(`${formatProblem(problem)}\n`);
  for (const date of dates) io.stdout(`${file}: warning: ${date}\n`);
  if (problems.some(({ severity }) => severity === 'error')) return 1;
  const count = problems.length + dates.length;
  const warnings = count === 0 ? '' : `, ${plural(count, 'warning')}`;
  io.stdout(`${file}: ok, ${plural(set ?? 0, 'option')} set${warnings}\n`);
  return 0;
}
