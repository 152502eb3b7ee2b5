import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasons } from '../agent/clock/verdict/reasons.ts';
import { table } from './optiontable.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/[<>*_]/g, '\\$&');

/** The reason codes, in the order of their table. */
function reasonTable(): string {
  const rows = Object.entries(reasons).map(
    ([code, { means, evidence, verdict, advice }]) =>
      `| \`${code}\` | ${[means, evidence, verdict, advice].map(cell).join(' | ')} |`,
  );
  return ['| code | means | evidence | verdict | what to do |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The default of an option of section time, so that the text always agrees with the option table. */
function defaultOf(name: string): string {
  const option = table.find(({ type }) => type === 'time')?.options.find((one) => one.name === name);
  if (option === undefined) throw new Error(`build/clocktext.md: there is no option time.${name}`);
  return String(option.default);
}

/** The text of docs/clock.md: build/clocktext.md with the reason codes, the defaults and the last figures of the truth lab filled in. */
export const clockReference = (): string =>
  readFileSync(join(__dirname, 'clocktext.md'), 'utf8')
    .replace('{{reasons}}', reasonTable)
    .replace('{{truth}}', () => readFileSync(join(__dirname, 'truthtable.md'), 'utf8').trim())
    .replace(/\{\{time\.(\w+)\}\}/g, (_found, name: string) => defaultOf(name));
