/** What a parser gives: the facts, or why there are none. It never throws. */
export type ParseResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

/** All was understood. */
export const parsed = <T>(value: T): ParseResult<T> => ({ ok: true, value });

/** `why` names the field and quotes what it held. */
export const unparsed = (why: string): ParseResult<never> => ({ ok: false, why });

/** Reads a text that is to be a JSON object. */
export function parseObject(text: string): ParseResult<Readonly<Record<string, unknown>>> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? parsed(value) : unparsed('it is no object');
  } catch (error) {
    return unparsed(`it is no JSON${placeIn(text, error)}`);
  }
}

/** Where node found a text to be no JSON, as far as it says: its own words would quote the text. */
function placeIn(text: string, error: unknown): string {
  const [, position] = /at position (\d+)/.exec(String(error)) ?? [];
  if (position === undefined) return '';
  const lines = text.slice(0, Number(position)).split('\n');
  return `: line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** Whether a parsed JSON value is an object, which an array is not. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
