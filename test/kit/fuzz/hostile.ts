// Text as an enemy, a broken disk or a cut line would have it.
import * as fc from 'fast-check';

/** Bits that parsers trip over, whatever they parse. */
const spices: readonly string[] = [
  ...[
    '\\',
    '"',
    "'",
    '`',
    ';',
    '#',
    '{',
    '}',
    '[',
    ']',
    '[]',
    '(',
    ')',
    '<',
    '>',
    '&',
    '=',
    ':',
    ',',
    '%',
    '$',
  ],
  ...[
    '\n',
    '\r\n',
    '\r',
    '\t',
    '\t\t',
    ' ',
    '\\\n',
    '\0',
    '\u001b[2J',
    '\u0085',
    '\u2028',
    '\uFEFF',
    '\ud800',
  ],
  ...[
    'é',
    '\u{1F6A8}',
    '\u202e',
    '%s',
    '\u0024{HOME}',
    '$HOME',
    '../',
    'include "/etc/passwd"',
    "'\\''",
    '*',
    '.>',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'null',
    'undefined',
    'true',
    '"] }\n',
    '</p><b>',
  ],
];

/** Numbers that are none, or none of the size that is wanted. */
const oddNumbers: readonly string[] = [
  ...['NaN', 'nan', 'inf', '-inf', 'Infinity', '-Infinity', '1e308', '-1e308', '1e999', '-1e999', '1e-400'],
  ...['0x1F', '0x', '-0', '+5', '--5', '.5', '5.', '1_000', '１', '٣', '1,5', '', '4294967295', '4294967296'],
  ...['-1', '0', '1', '127', '128', '255', '256', '-128', '-129', '65535', '65536', '32768', '99999'],
  ...[
    '9007199254740993',
    '-9223372036854775808',
    '18446744073709551616',
    '9'.repeat(400),
    `0.${'0'.repeat(400)}1`,
  ],
];

/** Any text, with more than its share of what hurts. */
export const hostileText = (maxLength = 60): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength }),
    fc
      .string({ unit: fc.constantFrom(...spices), maxLength: Math.min(12, maxLength) })
      .map((t) => t.slice(0, maxLength)),
    fc
      .array(fc.oneof(fc.constantFrom(...spices), fc.string({ maxLength: 8 })), { maxLength: 8 })
      .map((parts) => parts.join('').slice(0, maxLength)),
  );

/** A number as text, fit or unfit. */
export const oddNumber = fc.oneof(
  fc.constantFrom(...oddNumbers),
  fc.integer().map(String),
  fc.double().map(String),
  fc.bigInt().map(String),
);

const place = fc.nat(0xffffff);

type Edit = (text: string) => string;

const at = (text: string, where: number): number => where % (text.length + 1);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(place, fc.nat(40)).map(
    ([where, length]): Edit =>
      (text) =>
        text.slice(0, at(text, where)) + text.slice(at(text, where) + length),
  ),
  fc.tuple(place, fc.oneof(fc.constantFrom(...spices), hostileText(20))).map(
    ([where, spice]): Edit =>
      (text) =>
        text.slice(0, at(text, where)) + spice + text.slice(at(text, where)),
  ),
  fc.tuple(place, fc.nat(200), fc.integer({ min: 2, max: 9 })).map(
    ([where, length, times]): Edit =>
      (text) => {
        const piece = text.slice(at(text, where), at(text, where) + length);
        return text.slice(0, at(text, where)) + piece.repeat(times) + text.slice(at(text, where) + length);
      },
  ),
  fc.tuple(place, oddNumber).map(
    ([which, number]): Edit =>
      (text) => {
        const found = [...text.matchAll(/[-+]?[\d.]+/g)];
        const one = found[which % Math.max(1, found.length)];
        if (one === undefined) return text;
        return text.slice(0, one.index) + number + text.slice(one.index + one[0].length);
      },
  ),
  fc.tuple(place, place).map(
    ([first, second]): Edit =>
      (text) => {
        const lines = text.split('\n');
        const [a, b] = [first % lines.length, second % lines.length];
        return lines
          .map((line, i) => (i === a ? (lines[b] ?? '') : i === b ? (lines[a] ?? '') : line))
          .join('\n');
      },
  ),
);

/** One of the texts, damaged in up to `most` places: cut, spliced, repeated, lines swapped, numbers exchanged. */
export const damaged = (texts: readonly string[], most = 5): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: most }))
    .map(([text, edits]) => edits.reduce((so, change) => change(so), text));

/** Every number that a value holds, wherever it is in it. */
export function* numbersIn(value: unknown): Generator<number> {
  if (typeof value === 'number') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) yield* numbersIn(one);
}
