import { isObject, type ParseResult, parsed, unparsed } from '../../lib/parse.ts';

// Of the text that `savedText` gives. No reason repeats anything of it.

const isFrame = (line: string): boolean => line.startsWith('---') && line.endsWith('---');
/** Those of a text in which \n was written for a line end are lines, too: no secret here has a backslash. */
const linesOf = (text: string): string[] => text.split(/\n|\\n/).map((line) => line.trim());

/** What stands between lines of dashes, each as one line: a JWT may be wrapped. */
function framed(text: string): string[] {
  const blocks = [''];
  for (const line of linesOf(text)) {
    if (isFrame(line)) blocks.push('');
    else blocks.push((blocks.pop() ?? '') + line);
  }
  return blocks;
}

const isJwt = (word: string): boolean => /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(word);
const isSeed = (word: string): boolean => /^S[A-Z2-7]{50,}$/.test(word);
const kinds: Readonly<Record<string, string>> = { O: 'an operator', A: 'an account', U: 'a user' };

/** What an operator's tool wrote of a user: proof of who it is, and the key that belongs to it. */
export interface Creds {
  readonly jwt: string;
  readonly seed: string;
}

/** The claims of a JWT, unchecked; none where it is no JWT. */
export function claimsOf(jwt: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    return isObject(claims) ? claims : {};
  } catch {
    return {};
  }
}

/** The JWT of a credentials file; undefined where there is none. */
export const jwtIn = (text: string): string | undefined => [...framed(text), ...linesOf(text)].find(isJwt);

/** The nkey seed of a user, in a file that may carry comments, as those of `nats auth nkey gen` do. */
export function readSeed(text: string): ParseResult<string> {
  const seed = linesOf(text).find(isSeed);
  if (seed === undefined) return unparsed('there is no nkey seed in it: must be a line that begins with SU');
  const kind = kinds[seed[1] ?? ''] ?? 'another kind';
  return kind === kinds['U']
    ? parsed(seed)
    : unparsed(`the nkey seed in it is of ${kind}: must be of a user`);
}

/** A credentials file: the JWT of a user and its seed. */
export function readCreds(text: string): ParseResult<Creds> {
  const jwt = jwtIn(text);
  const [line = ''] = linesOf(text);
  if (jwt === undefined && /^-*BEGIN (?!NATS)[A-Z ]*(CERTIFICATE|KEY)/.test(line))
    return unparsed('holds a certificate or its key: must be NATS credentials');
  if (jwt === undefined) return unparsed('there is no JWT in it: must be NATS credentials, a JWT and a seed');
  const subject = String(claimsOf(jwt)['sub']);
  const kind = kinds[subject[0] ?? ''];
  if (kind === undefined) return unparsed('the JWT in it is damaged');
  if (kind !== kinds['U']) return unparsed(`the JWT in it is of ${kind}: must be of a user`);
  const seed = readSeed(text);
  return seed.ok ? parsed({ jwt, seed: seed.value }) : seed;
}

/** A credentials file as every nats-server and nats.js read it. */
export const formatCreds = ({ jwt, seed }: Creds): string =>
  `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;

/** Whether nats-server reads them in a file as it lies there. */
export const isPlainCreds = (raw: string, creds: Creds): boolean =>
  formatCreds(creds)
    .split(/\n\n/)
    .every((block) => raw.includes(`${block.trimEnd()}\n`));

/** The first line, as it is: a password or a token. What begins as credentials or a key was named by mistake. */
export function readPassword(text: string): ParseResult<string> {
  const [line = ''] = text.split('\n', 1);
  if (line === '') return unparsed('its first line is empty: must be the secret');
  if (line.includes('\ufffd')) return unparsed('its first line is not saved as UTF-8');
  return isFrame(line.trim()) && line.includes('BEGIN ')
    ? unparsed('holds credentials or a key: must be the secret in its first line')
    : parsed(line);
}
