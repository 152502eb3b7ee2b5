/** What a nats-server config is made of. A key whose value is undefined is left out. */
export type ConfValue = string | number | boolean | readonly ConfValue[] | ConfBlock;

export interface ConfBlock {
  readonly [key: string]: ConfValue | undefined;
}

/**
 * A text as nats-server reads it back unchanged. Its parser knows only \" \\ \t \n \r and \xHH, so this is
 * not JSON; `#`, `{` and `$` mean nothing between the quotes.
 */
export const quoted = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being escaped
  `"${text.replace(/["\\]/g, '\\$&').replace(/[\u0000-\u001f\u007f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;

const isList = (value: ConfValue): value is readonly ConfValue[] => Array.isArray(value);

function writeValue(value: ConfValue, indent: string): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return String(value);
  const deeper = `${indent}  `;
  if (!isList(value)) return `{\n${writeBlock(value, deeper)}${indent}}`;
  if (value.length < 2) return `[${value.map((item) => writeValue(item, indent)).join('')}]`;
  return `[\n${value.map((item) => `${deeper}${writeValue(item, deeper)}\n`).join('')}${indent}]`;
}

/** The lines of a block in nats-server's config language, every text quoted, each line ended. */
export function writeBlock(block: ConfBlock, indent = ''): string {
  return Object.entries(block)
    .map(([key, value]) => (value === undefined ? '' : `${indent}${key}: ${writeValue(value, indent)}\n`))
    .join('');
}
