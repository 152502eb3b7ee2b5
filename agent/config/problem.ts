import { visible } from '../lib/format.ts';

/** A mistake in the configuration. It never stops the unit: an error means that something set is not used. */
export interface Problem {
  readonly file: string;
  readonly line?: number;
  /** Such as `hub.url`, `user.radio.publish` or, in the second section without a name, `user[1].publish`. */
  readonly option?: string;
  /** The offending text, fit to be shown. Never there for a secret option. */
  readonly value?: string;
  /** Completes "option 'value': ...". */
  readonly message: string;
  readonly severity: 'error' | 'warning';
  /** It is about the file that the option names, or about the rights of the config file, and not about the text. */
  readonly ofFile?: true;
  /** The command that mends it, where editing the config would not; the message ends with it. */
  readonly mend?: string;
}

/** A problem before it is known where in the file it lies. */
export type UnplacedProblem = Omit<Problem, 'file' | 'line'>;

/** Of the file that an option names. */
export const fileProblem = (
  option: string,
  path: string,
  message: string,
  severity: Problem['severity'] = 'error',
): UnplacedProblem => ({ option, value: path, message, severity, ofFile: true });

const longest = 120;

/**
 * A value as it may be shown: without the user and password of an address, not endless, and only its first
 * line, because an open quote makes the password in the next line a part of it.
 */
export function showable(text: string): string {
  const scheme = /^[^/]*:\/\//.exec(text)?.[0] ?? '';
  const end = text.lastIndexOf('@'); // not by a pattern: .*:.*@ takes quadratic time
  const hasLogin = end >= scheme.length && scheme !== '';
  const isMasked = hasLogin || text.slice(0, end + 1).includes(':');
  const masked = isMasked ? `${hasLogin ? scheme : ''}***${text.slice(end)}` : text;
  const shown = /^\P{Cc}*/u.exec(masked)?.[0].slice(0, longest) ?? '';
  return shown === masked ? shown : `${shown}...`;
}

/** `file:line: hub.url 'htp://x': scheme must be one of ...`, with `warning:` before what is only that. */
export function formatProblem(problem: Problem): string {
  const where = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const severity = problem.severity === 'warning' ? 'warning: ' : '';
  const value = problem.value === undefined ? '' : ` '${problem.value}'`;
  const subject = problem.option === undefined ? '' : `${problem.option}${value}: `;
  return visible(`${where}: ${severity}${subject}${problem.message}`); // names in an INI file may have anything in them
}
