import { defaultTexts, type TableOption, type TableSection, table } from './optiontable.ts';

const intro = `# Options

Generated from \`agent/config/options.ts\` by \`npm run generate\`; do not edit.

On OpenWrt the options are in \`/etc/config/nunect\`; other hosts may use an INI file (\`--config nunect.ini\`). The same
settings in both formats:

\`\`\`
config hub 'hub'
	list url 'tls://hub.example.org:7422'
	option user 'unit-07'

config user 'radio'
	option password 'secret'
	list subscribe 'voice.>'
\`\`\`
\`\`\`ini
[hub]
url[] = tls://hub.example.org:7422
user = unit-07

[user.radio]
password = secret
subscribe[] = voice.>
\`\`\`

- \`nunect check\` reports each mistake with its line. A mistake never stops the unit: an option with a bad value keeps
  its last good value or its default, a user who could log in without a password is left out, and the unit publishes
  each mistake as a problem.
- An empty value means that the option is not set. An empty element empties a list that has a default:
  \`list reply_subject ''\`.
- A list with one value may also be written as \`option\`. In UCI a repeated \`option\` replaces the previous one; in INI
  a repeated key makes a list.
- A section that may occur only once may have any name. If it occurs twice, both are merged, with a warning.
- A change restarts nothing, the agent, or the leaf server and the agent. \`nunect render\` determines which.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/[<>*_]/g, '\\$&');
const code = (text: string): string => `\`${text}\``;

const restarts = { nothing: 'nothing', agent: 'agent', leaf: 'leaf, agent' } as const;

const row = (option: TableOption): string =>
  [
    code(option.name),
    option.kind + (option.secret ? ', secret' : ''),
    cell(option.allowed),
    option.unset === undefined ? defaultTexts(option).map(code).join(' ') : cell(option.unset),
    cell(option.unit ?? ''),
    restarts[option.restart],
    cell(option.help),
  ]
    .map((text) => ` ${text} `)
    .join('|');

const chapter = ({ type, many, help, options }: TableSection): string =>
  `
## ${type}${many ? ' (any number)' : ''}

${help}

| name | type | allowed | default | unit | a change restarts | description |
|---|---|---|---|---|---|---|
${options.map((option) => `|${row(option)}|`).join('\n')}
`;

/** The text of docs/options.md: every option. */
export const optionsReference = (): string => intro + table.map(chapter).join('');
