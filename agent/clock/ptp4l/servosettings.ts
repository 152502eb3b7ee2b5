// How ptp4l's servo is set, by its command line and its file: by that it is known how far it moves the clock.
import { kernelMost_ppb, type PiServo } from '../facts.ts';

/** The options that the servo is made of, with what linuxptp takes by default (config.c, pi.c). */
const defaults = {
  clock_servo: 'pi',
  pi_proportional_const: '0',
  pi_proportional_scale: '0',
  pi_proportional_exponent: '-0.3',
  pi_proportional_norm_max: '0.7',
  pi_integral_const: '0',
  pi_integral_scale: '0',
  pi_integral_exponent: '0.4',
  pi_integral_norm_max: '0.3',
  max_frequency: '900000000',
} as const;

type Options = Readonly<Record<string, string>>;

/** The [global] section of ptp4l.conf. */
function globalOptions(text: string): Options {
  const found: Record<string, string> = {};
  let section = '';
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line.startsWith('[')) section = line;
    const [key = '', value] = line.split(/\s+/);
    if (section === '[global]' && value !== undefined && !key.startsWith('#')) found[key] = value;
  }
  return found;
}

/** The options of the command line, `--name value` or `--name=value`, and the file that -f names. -f, -i, -p and -l take a word. */
function commandLine(args: readonly string[]): { readonly options: Options; readonly file?: string } {
  const found: Record<string, string> = {};
  let file: string | undefined;
  args.forEach((arg, at) => {
    const long = /^--(\w+)(?:=(.*))?$/.exec(arg);
    const next = args[at + 1] ?? '';
    if (long?.[1] !== undefined) found[long[1]] = long[2] ?? next;
    const short = /^-[^-fipl]*f(.*)$/.exec(arg);
    if (short !== null) file = short[1] === '' ? next : short[1];
  });
  return { options: found, ...(file === undefined ? {} : { file }) };
}

/** The file that this ptp4l was started with; undefined without one. */
export const confFileOf = (args: readonly string[]): string | undefined => commandLine(args).file;

/** Whether an option is given for one of the two terms only, which linuxptp ignores up to 4.4 and takes after it. */
const isHalfSet = (servo: Pick<PiServo, 'proportional' | 'integral'>, name: 'constant' | 'scale'): boolean =>
  (servo.proportional[name] === 0) !== (servo.integral[name] === 0);

/**
 * The servo of a ptp4l with this command line and this text of its file; undefined where it is not the usual one, or set
 * in a way that versions of linuxptp take differently.
 */
export function piServoOf(args: readonly string[], conf: string): PiServo | undefined {
  const all: Options = { ...defaults, ...globalOptions(conf), ...commandLine(args).options };
  const number = (name: keyof typeof defaults): number => Number(all[name]);
  const servo = {
    proportional: {
      constant: number('pi_proportional_const'),
      scale: number('pi_proportional_scale'),
      exponent: number('pi_proportional_exponent'),
      norm_max: number('pi_proportional_norm_max'),
    },
    integral: {
      constant: number('pi_integral_const'),
      scale: number('pi_integral_scale'),
      exponent: number('pi_integral_exponent'),
      norm_max: number('pi_integral_norm_max'),
    },
    most_ppb: Math.min(number('max_frequency') || Infinity, kernelMost_ppb),
  };
  const numbers = [...Object.values(servo.proportional), ...Object.values(servo.integral), servo.most_ppb];
  const isClear = !isHalfSet(servo, 'constant') && !isHalfSet(servo, 'scale');
  return all['clock_servo'] === 'pi' && isClear && numbers.every(Number.isFinite) ? servo : undefined;
}
