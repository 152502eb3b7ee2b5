import { readFileSync } from 'node:fs';
import { parseUci } from '../../../agent/config/formats/uci.ts';

type Value = string | readonly string[];
type Values = Record<string, Value>;

interface StoredSection {
  readonly type: string;
  readonly name: string;
  readonly anonymous: boolean;
  readonly values: Values;
}

/** What rpcd's object `uci` answers to a call: a status of ubus, and the answer where it is 0. */
export type UbusReply = readonly [code: number, answer?: object];

/** One config file behind rpcd's object `uci`. Changes are taken at once; LuCI shows them as applied. */
export interface UciStore {
  call(method: string, args: Readonly<Record<string, unknown>>): UbusReply;
  /** The config as `uci commit` writes it. */
  text(): string;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const lineOf = ([name, value]: [string, Value]): string =>
  typeof value === 'string'
    ? `\toption ${name} ${quoted(value)}\n`
    : value.map((one) => `\tlist ${name} ${quoted(one)}\n`).join('');

/** Reads a UCI file with the agent's own parser. */
export function uciStore(file: string): UciStore {
  const sections: StoredSection[] = parseUci(readFileSync(file, 'utf8')).sections.map(
    ({ type, name, options }, index) => ({
      type,
      name: name ?? `cfg${index.toString(16).padStart(2, '0')}abcd`,
      anonymous: name === undefined,
      values: Object.fromEntries(
        options.map(({ name: option, kind, values }) => {
          const texts = values.map(({ text }) => text);
          return [option, kind === 'list' ? texts : (texts[0] ?? '')];
        }),
      ),
    }),
  );
  const find = (name: unknown) => sections.find((section) => section.name === name);
  const shown = ({ type, name, anonymous, values }: StoredSection, index: number) => [
    name,
    { '.anonymous': anonymous, '.type': type, '.name': name, '.index': index, ...values },
  ];
  const assign = (values: Values, given: unknown): void => {
    for (const [name, value] of Object.entries((given ?? {}) as Values))
      if (value.length > 0) values[name] = value;
  };

  const methods: Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => UbusReply>> = {
    get: () => [0, { values: Object.fromEntries(sections.map(shown)) }],
    changes: () => [0, { changes: {} }],
    order: () => [0],
    add({ type, name, values }) {
      const made = typeof name === 'string' ? name : `cfg${sections.length}new`;
      sections.push({ type: String(type), name: made, anonymous: name === undefined, values: {} });
      assign(find(made)?.values ?? {}, values);
      return [0, { section: made }];
    },
    set({ section, values }) {
      const found = find(section);
      if (found === undefined) return [4];
      assign(found.values, values);
      return [0];
    },
    delete({ section, options }) {
      const found = find(section);
      if (found === undefined) return [4];
      if (!Array.isArray(options)) sections.splice(sections.indexOf(found), 1);
      else for (const option of options) delete found.values[String(option)];
      return [0];
    },
  };

  return {
    call: (method, args) => methods[method]?.(args) ?? [3],
    text: () =>
      sections
        .map(({ type, name, anonymous, values }) => {
          const head = anonymous ? `config ${type}` : `config ${type} ${quoted(name)}`;
          return `${head}\n${Object.entries(values).map(lineOf).join('')}`;
        })
        .join('\n'),
  };
}
