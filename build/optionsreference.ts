import { defaultTexts, type TableOption, type TableSection, table } from './optiontable.ts';

const intro = `# Options

Made from \`agent/config/options.ts\` by \`npm run generate\`; do not edit.

On OpenWrt they stand in \`/etc/config/nunect\`; other hosts may use an INI file (\`--config nunect.ini\`). The same twice:

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

- \`nunect check\` reports each mistake with its line. A mistake never stops the unit: a bad value leaves the last
  good one or the default, a user who could log in without a password is left out, and all of it is
  published as problems of the unit.
- An empty value is as good as none. An empty element makes a list with a default empty: \`list reply_subject ''\`.
- A list with one value may also be written as \`option\`. In UCI a repeated \`option\` replaces the one before, in INI
  a repeated key makes a list.
- A section that may stand only once may have any name. If it stands twice, both count and a warning says so.
- What a change restarts: nothing, the agent, or the leaf server and the agent. \`nunect render\` finds it out.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/[<>*_]/g, '\\$&');
const code = (text: string): string => `\`${text}\``;

const restarts = { nothing: 'nothing', agent: 'agent', leaf: 'leaf, agent' } as const;

const row = (option: TableOption): string =>
  [
    code(option.name),
    option.kind + (option.secret ? ', secret' : ''),
    cell(option.allowed),
    defaultTexts(option).map(code).join(' '),
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

| name | type | allowed | default | unit | a change restarts | what it is |
|---|---|---|---|---|---|---|
${options.map((option) => `|${row(option)}|`).join('\n')}
`;

/** docs/options.md: every option there is. */
export const optionsReference = (): string => intro + table.map(chapter).join('');
