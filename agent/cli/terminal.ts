import { commandSteps, visible } from '../lib/format.ts';

/** Columns that a line may have. */
const columns = 80;

const codes = { red: 31, green: 32, yellow: 33, dim: 2 } as const;
export type Hue = keyof typeof codes;
/** Gives a text a colour, or leaves it as it is. */
export type Paint = (hue: Hue, text: string) => string;

/** Colours for a person at a terminal who has not refused them (no-color.org). */
export const painter = (
  tty: boolean | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Paint =>
  tty === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
    ? (hue, text) => `\x1b[${codes[hue]}m${text}\x1b[0m`
    : (_hue, text) => text;

/** The escape codes that `painter` and our screens write. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
const styles = /(\r?\n|\x1b\[[\d;]*[GHJKm])/;

/** A text as it may leave the process: nothing that a terminal would obey but ends of lines and, with `styled`, our codes. */
export const printable = (text: string, styled = false): string =>
  text
    .split(styled ? styles : /(\n)/)
    .map((part, at) => (at % 2 === 0 ? visible(part) : part))
    .join('');

/** Breaks a text at its spaces, longer words anywhere; every line but the first begins with `indent` spaces. */
export function wrap(text: string, first: number, indent: number, width = columns): string {
  const lines = [''];
  let room = width - first;
  for (let word of visible(text).split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push('');
      room = width - indent;
    } else if (line !== '') word = `${line} ${word}`;
    while (word.length > room) {
      lines[lines.length - 1] = word.slice(0, room);
      word = word.slice(room);
      lines.push('');
      room = width - indent;
    }
    lines[lines.length - 1] = word;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Lines that show a command; it is broken only where a shell takes it all the same, so that it can be copied. */
export function commandLines(command: string, indent: number): string {
  const pad = ' '.repeat(indent);
  const whole = visible(command);
  if (indent + 2 + whole.length <= columns) return `${pad}$ ${whole}\n`;
  const { steps: all, remark } = commandSteps(whole);
  const line = all.join('; ');
  const isShort = indent + 2 + line.length <= columns;
  const steps = isShort ? [line] : all.map((step, at) => (at < all.length - 1 ? `${step};` : step));
  const shown = steps.map((step, at) => `${pad}${at === 0 ? '$' : ' '} ${step}\n`).join('');
  return remark === undefined ? shown : `${shown}${pad}  ${wrap(`# ${remark}`, indent + 2, indent + 4)}\n`;
}
