import { known } from '../lib/known.ts';
import { type ParseResult, parsed, unparsed } from '../lib/parse.ts';
/** What a change of an option makes necessary. */
export type Restart = 'nothing' | 'agent' | 'leaf';

/** One option: everything that is known of it, apart from its section and name. */
export interface Option<T, E = T> {
  readonly kind: 'bool' | 'int' | 'choice' | 'text' | 'list';
  /** What is allowed, in words, for the reference and for errors. */
  readonly allowed: string;
  readonly default: T;
  /** What holds where the option is not set and has no default of its own, in words. */
  readonly unset?: string;
  readonly help: string;
  readonly unit?: string;
  readonly secret: boolean;
  readonly restart: Restart;
  /**
   * The value names a file that has to be there. `root`: a secret that only `nunect render` reads. `private`: one
   * that nats-server or the agent reads at run time, as user nunect. `public`: anybody may read it.
   */
  readonly file?: 'public' | 'private' | 'root';
  readonly choices?: readonly string[];
  readonly range?: readonly [number, number];
  /** What a text, or each element of a list, has to match. */
  readonly pattern?: RegExp;
  /** The elements of a list that stand in one value of the config file. Default: the value is one. */
  readonly split?: TextRule['split'];
  /** One value of the config file into its typed form; for a list, one element into its checked text. `why` completes "option 'text': ...". */
  parse(text: string): ParseResult<E>;
}

interface Extra {
  readonly restart?: Restart;
  readonly unit?: string;
  readonly secret?: boolean;
  readonly file?: 'public' | 'private' | 'root';
}

/** What a text option accepts: a pattern, and that pattern in words. */
export interface TextRule {
  readonly pattern: RegExp;
  readonly allowed: string;
  /** What to say of a text that does not fit, where "must be" and what is allowed is not it. */
  readonly why?: (text: string) => string;
  /** The form that a text which fits is used in; it fits, too. Default: as it is. */
  readonly normal?: (text: string) => string;
  /** The elements of a list that stand in one value of the config file. Default: the value is one. */
  readonly split?: (text: string) => string[];
}

const base = (help: string, extra: Extra) => ({
  help,
  secret: extra.secret ?? false,
  restart: extra.restart ?? ('agent' as const),
  ...(extra.unit === undefined ? {} : { unit: extra.unit }),
  ...(extra.file === undefined ? {} : { file: extra.file }),
});

const truth: Readonly<Record<string, boolean>> = {
  '1': true,
  on: true,
  true: true,
  yes: true,
  enabled: true,
  '0': false,
  off: false,
  false: false,
  no: false,
  disabled: false,
};

/** A switch; the words are those that OpenWrt's config_get_bool takes. */
export function bool(preset: boolean, help: string, extra: Extra = {}): Option<boolean> {
  return {
    ...base(help, extra),
    kind: 'bool',
    allowed: '0 or 1 (also off/on, no/yes, false/true, disabled/enabled)',
    default: preset,
    parse: (text) => {
      const value = Object.hasOwn(truth, text) ? truth[text] : undefined;
      return value === undefined ? unparsed('must be 0 or 1') : parsed(value);
    },
  };
}

/** A whole number within [min, max]. */
export function int(
  preset: number,
  min: number,
  max: number,
  help: string,
  extra: Extra = {},
): Option<number> {
  return {
    ...base(help, extra),
    kind: 'int',
    allowed: `${min} to ${max}`,
    default: preset,
    range: [min, max],
    parse: (text) => {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isNaN(value)) return unparsed(`must be a whole number, ${min} to ${max}`);
      return value >= min && value <= max ? parsed(value) : unparsed(`must be ${min} to ${max}`);
    },
  };
}

/** One of a few words. */
export function choice<const C extends string>(
  preset: NoInfer<C>,
  choices: readonly C[],
  help: string,
  extra: Extra = {},
): Option<C> {
  return {
    ...base(help, extra),
    kind: 'choice',
    allowed: choices.join(', '),
    default: preset,
    choices,
    parse: (text) => {
      const found = choices.find((c) => c === text);
      return found === undefined ? unparsed(`must be one of ${choices.join(', ')}`) : parsed(found);
    },
  };
}

const readText =
  (rule: TextRule) =>
  (value: string): ParseResult<string> =>
    rule.pattern.test(value)
      ? parsed(rule.normal?.(value) ?? value)
      : unparsed(rule.why?.(value) ?? `must be ${rule.allowed}`);

/** A text with a default. */
export function text(preset: string, rule: TextRule, help: string, extra: Extra = {}): Option<string> {
  return {
    ...base(help, extra),
    kind: 'text',
    allowed: rule.allowed,
    pattern: rule.pattern,
    default: preset,
    parse: readText(rule),
  };
}

/** A text that may be absent. */
export function optional(
  rule: TextRule,
  help: string,
  extra: Extra = {},
): Option<string | undefined, string> {
  return {
    ...base(help, extra),
    kind: 'text',
    allowed: rule.allowed,
    pattern: rule.pattern,
    default: undefined,
    parse: readText(rule),
  };
}

/** The same option without a default of its own: `words` say what holds where it is not set. */
export const unset = <T>(option: Option<T>, words: string): Option<T | undefined, T> => ({
  ...option,
  default: undefined,
  unset: words,
});

/** Any number of texts, each by the same rule. */
export function list(
  preset: readonly string[],
  rule: TextRule,
  help: string,
  extra: Extra = {},
): Option<readonly string[], string> {
  return {
    ...base(help, extra),
    ...known({ split: rule.split }),
    kind: 'list',
    allowed: rule.allowed,
    pattern: rule.pattern,
    default: preset,
    parse: readText(rule),
  };
}
