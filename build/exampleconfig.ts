import { defaultTexts, type TableOption, type TableSection, table } from './optiontable.ts';

/** How one format spells what an example config is made of. */
interface Spelling {
  readonly intro: readonly string[];
  comment(text: string): string;
  section(type: string, name: string | undefined): string;
  /** Without its comment sign. */
  option(option: TableOption, text: string): string;
  /** Puts a line out of force. */
  off(line: string): string;
  readonly indent: string;
}

/** Names of the sections that show how several are written. */
const exampleNames: Readonly<Record<string, string>> = { user: 'radio', probe: 'ship_02' };

const uci: Spelling = {
  intro: [
    'Configuration of the nunect leaf agent. All options are shown at their defaults, out of force:',
    'take the # away and change the value. Check with: nunect check. All options: docs/options.md',
  ],
  comment: (text) => `# ${text}`,
  section: (type, name) => `config ${type} '${name ?? type}'`,
  option: ({ name, kind }, text) => `${kind === 'list' ? 'list' : 'option'} ${name} '${text}'`,
  off: (line) => `#${line}`,
  indent: '\t',
};

const ini: Spelling = {
  intro: [
    'Configuration of the nunect leaf agent on hosts without UCI. All options are shown at their defaults,',
    'out of force: take the ; away and change the value. Check with: nunect check --config FILE.ini',
    'A value with ; or # in it goes into quotes. All options: docs/options.md',
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
    ...(texts.length === 0 ? [''] : texts).map((text) => spell.off(spell.option(option, text))),
  ].map((line) => spell.indent + line);
};

const sectionLines = (section: TableSection, spell: Spelling): string[] => {
  const header = spell.section(section.type, exampleNames[section.type]);
  const several = section.many ? ' Any number of them.' : '';
  return [
    '',
    spell.comment(section.help + several),
    section.many ? spell.off(header) : header,
    ...section.options.flatMap((option) => linesOf(option, spell)),
  ];
};

const example = (spell: Spelling): string =>
  `${[...spell.intro.map(spell.comment), ...table.flatMap((section) => sectionLines(section, spell))].join('\n')}\n`;

/** The shipped /etc/config/nunect: it means the defaults, and so it does with every option put in force. */
export const uciExample = (): string => example(uci);

/** The same as an INI file, for hosts without UCI. */
export const iniExample = (): string => example(ini);
