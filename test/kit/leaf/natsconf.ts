// A strict reader of what the config generator writes: a second opinion on where texts begin and end. It follows
// nats-server's conf/lex.go for quoted strings (\" \\ \t \n \r \xHH) and takes nothing that is not quoted for a text.

/** A value of a config. */
export type ConfTree = string | number | boolean | readonly ConfTree[] | { readonly [key: string]: ConfTree };

/** Reads a config; throws where it is not of that grammar. */
export function readNatsConf(text: string): { readonly [key: string]: ConfTree } {
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`${what} expected at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
  };
  const take = (pattern: RegExp): string | undefined => {
    const sticky = new RegExp(pattern, 'y');
    sticky.lastIndex = at;
    const found = sticky.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const blanks = (): void => {
    while (take(/[ \n]+|#[^\n]*\n/) !== undefined);
  };
  const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '"': '"', '\\': '\\' };
  const unquoted = (quoted: string): string =>
    quoted
      .slice(1, -1)
      .replace(/\\(?:x([0-9a-f]{2})|(.))/gs, (_, hex: string | undefined, char: string | undefined) =>
        hex === undefined
          ? (escapes[char ?? ''] ?? fail('an escape'))
          : String.fromCharCode(Number.parseInt(hex, 16)),
      );
  const value = (): ConfTree => {
    if (take(/\{/) !== undefined) return block(/\}/);
    if (take(/\[/) !== undefined) return list();
    const string = take(/"(?:[^"\\]|\\(?:x[0-9a-f]{2}|["\\tnr]))*"/);
    if (string !== undefined) return unquoted(string);
    const word = take(/true\b|false\b/);
    if (word !== undefined) return word === 'true';
    const digits = take(/\d+(?=\n)/);
    return digits === undefined ? fail('a value') : Number(digits);
  };
  const list = (): ConfTree[] => {
    const items: ConfTree[] = [];
    for (;;) {
      blanks();
      if (take(/\]/) !== undefined) return items;
      items.push(value());
    }
  };
  const block = (end: RegExp): { [key: string]: ConfTree } => {
    const pairs = new Map<string, ConfTree>();
    for (;;) {
      blanks();
      if (take(end) !== undefined) return Object.fromEntries(pairs);
      const key = take(/[A-Za-z_]+(?=: )/) ?? fail('a key');
      if (pairs.has(key)) fail('another key');
      at += 2;
      pairs.set(key, value());
    }
  };
  return block(/$(?![\s\S])/);
}
