import { defaultTexts, type TableOption, type TableSection, table } from './optiontable.ts';

/** The syntax of one config format. */
interface Spelling {
  readonly intro: readonly string[];
  comment(text: string): string;
  section(type: string, name: string | undefined): string;
  /** One option, not commented out. */
  option(option: TableOption, text: string): string;
  /** Comments a line out. */
  off(line: string): string;
  readonly indent: string;
}

/** Names for the examples of sections that may occur several times. */
const exampleNames: Readonly<Record<string, string>> = { user: 'radio', probe: 'ship_02' };

const uci: Spelling = {
  intro: [
    'Configuration of the nunect leaf agent. Every option is shown with its default and commented out:',
    'remove the # and change the value. Check with: nunect check. All options: docs/options.md',
  ],
  comment: (text) => `# ${text}`,
  section: (type, name) => `config ${type} '${name ?? type}'`,
  option: ({ name, kind }, text) => `${kind === 'list' ? 'list' : 'option'} ${name} '${text}'`,
  off: (line) => `#${line}`,
  indent: '\t',
};

const ini: Spelling = {
  intro: [
    'Configuration of the nunect leaf agent on hosts without UCI. Every option is shown with its default and',
    'commented out: remove the ; and change the value. Check with: nunect check --config FILE.ini',
    'A value that contains ; or # must be quoted. All options: docs/options.md',
  ],
  comment: (text) => `# ${text}`,
  section: (type, name) => `[${name === undefined ? type : `${type}.${name}`}]`,
  option: ({ name, kind }, text) =>
    `${kind === 'list' ? `${name}[]` : name} =${text === '' ? '' : ` ${text}`}`,
  off: (line) => `;${line}`,
  indent: '',
};

const linesOf = (option: TableOption, spell: Spelling): string[] => {
  const texts = defaultTexts(option);
  const unit = option.unit === undefined ? '' : ` ${option.unit}`;
  return [
    spell.comment(option.help),
    spell.comment(`  ${option.allowed}${unit}`),
    ...(option.unset === undefined ? [] : [spell.comment(`  not set: ${option.unset}`)]),
    ...(texts.length === 0 ? [''] : texts).map((text) => spell.off(spell.option(option, text))),
  ].map((line) => spell.indent + line);
};

const sectionLines = (section: TableSection, spell: Spelling): string[] => {
  const header = spell.section(section.type, exampleNames[section.type]);
  const several = section.many ? ' Any number of sections.' : '';
  return [
    '',
    spell.comment(section.help + several),
    section.many ? spell.off(header) : header,
    ...section.options.flatMap((option) => linesOf(option, spell)),
  ];
};

const example = (spell: Spelling): string =>
  `${[...spell.intro.map(spell.comment), ...table.flatMap((section) => sectionLines(section, spell))].join('\n')}\n`;

/** The shipped /etc/config/nunect: it means the defaults, also with every option uncommented. */
export const uciExample = (): string => example(uci);

/** The same config as an INI file, for hosts without UCI. */
export const iniExample = (): string => example(ini);
