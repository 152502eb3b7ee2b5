import type { Option } from '../agent/config/kinds.ts';
import { type Section, sections } from '../agent/config/options.ts';

/** One option with its name, without its value type. */
export interface TableOption extends Option<unknown, unknown> {
  readonly name: string;
}

/** One section type with its options in the order of the table. */
export interface TableSection {
  readonly type: string;
  readonly many: boolean;
  readonly help: string;
  readonly options: readonly TableOption[];
}

/** The option table as a list, for the generators. */
export const table: readonly TableSection[] = Object.entries<
  Section<Readonly<Record<string, Option<unknown, unknown>>>>
>(sections).map(([type, { many, help, options }]) => ({
  type,
  many,
  help,
  options: Object.entries(options).map(([name, option]) => ({ ...option, name })),
}));

/** The values that spell the default in a config file; none for an option that is absent by default. */
export function defaultTexts(option: TableOption): readonly string[] {
  const { default: preset } = option;
  if (preset === undefined) return [];
  if (Array.isArray(preset)) return preset.map(String);
  return [typeof preset === 'boolean' ? String(Number(preset)) : String(preset)];
}
