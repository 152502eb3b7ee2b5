import { known } from '../lib/known.ts';
import { fromSeed } from '../lib/nkeys/nkeys.ts';
import { type ParseResult, parsed, unparsed } from '../lib/parse.ts';
import { claimsOf, formatCreds, readCreds, readPassword, readSeed } from './formats/creds.ts';
import { savedText } from './formats/saved.ts';
import type { Config } from './options.ts';
import { fileProblem, type UnplacedProblem } from './problem.ts';
import { pathOf } from './section.ts';

/** The secrets that the owner gave, read from the options and from the files that they name. */
export interface OwnerSecrets {
  readonly hubPassword?: string;
  readonly hubToken?: string;
  readonly hubNkeySeed?: string;
  /** Content of hub.creds_file, in normal form. */
  readonly hubCreds?: string;
  readonly externalPassword?: string;
  /** Content of leaf.external_creds_file, in normal form. */
  readonly externalCreds?: string;
  /** By the name of the user section. */
  readonly userPasswords: Readonly<Record<string, string>>;
}

/** Content of a file; undefined when it cannot be read. */
export type ReadBytes = (path: string) => Uint8Array | undefined;

/** A seed whose checksum is right, of the user that a JWT names where there is one. */
function checkedSeed(seed: string, subject?: unknown): ParseResult<string> {
  try {
    const user = fromSeed(new TextEncoder().encode(seed)).getPublicKey();
    return subject === undefined || user === subject
      ? parsed(seed)
      : unparsed('the nkey seed in it is not that of its JWT');
  } catch {
    return unparsed('the nkey seed in it is damaged: mistyped or cut off');
  }
}

function readNkey(text: string): ParseResult<string> {
  const seed = readSeed(text);
  return seed.ok ? checkedSeed(seed.value) : seed;
}

function readWholeCreds(text: string): ParseResult<string> {
  const creds = readCreds(text);
  if (!creds.ok) return creds;
  const seed = checkedSeed(creds.value.seed, claimsOf(creds.value.jwt)['sub']);
  return seed.ok ? parsed(formatCreds(creds.value)) : seed;
}

/** How the file is read that an option names; undefined where it holds no secret that only the unit reads. */
function readerOf(option: string): ((text: string) => ParseResult<string>) | undefined {
  if (option.endsWith('creds_file')) return readWholeCreds;
  if (option.endsWith('nkey_file')) return readNkey;
  return /(password|token)_file$/.test(option) ? readPassword : undefined;
}

/** The secret in a file, in normal form, or what is wrong with it; undefined where there is none or it cannot be read. */
export function secretIn(
  option: string,
  path: string,
  read: ReadBytes,
): { readonly secret: string } | { readonly problem: UnplacedProblem } | undefined {
  const reader = readerOf(option);
  const bytes = reader && read(path);
  if (reader === undefined || bytes === undefined) return undefined;
  const found = reader(savedText(bytes));
  if (found.ok) return { secret: found.value };
  return { problem: fileProblem(option, path, found.why) };
}

/** Reads them all; a file that cannot be read or holds nothing leaves its secret out, with a finding. */
export function readSecrets(
  config: Config,
  read: ReadBytes,
): { secrets: OwnerSecrets; findings: UnplacedProblem[] } {
  const { hub, leaf } = config;
  const findings: UnplacedProblem[] = [];

  const fromFile = (option: string, path: string | undefined) => {
    if (path === undefined) return undefined;
    const found = secretIn(option, path, read);
    if (found !== undefined && 'secret' in found) return found.secret;
    findings.push(found?.problem ?? fileProblem(option, path, 'cannot be read'));
    return undefined;
  };

  const users = config.user.flatMap((user) => {
    const option = `${pathOf('user', user.section)}.password_file`;
    const password = user.password ?? fromFile(option, user.password_file);
    return password === undefined ? [] : [[user.section, password] as const];
  });
  const secrets: OwnerSecrets = {
    ...known({
      hubPassword: hub.password ?? fromFile('hub.password_file', hub.password_file),
      hubToken: hub.token ?? fromFile('hub.token_file', hub.token_file),
      hubNkeySeed: fromFile('hub.nkey_file', hub.nkey_file),
      hubCreds: config.enrolled ? undefined : fromFile('hub.creds_file', hub.creds_file), // a seed that stays where it is
      externalPassword:
        leaf.external_password ?? fromFile('leaf.external_password_file', leaf.external_password_file),
      externalCreds: fromFile('leaf.external_creds_file', leaf.external_creds_file),
    }),
    userPasswords: Object.fromEntries(users),
  };
  return { secrets, findings };
}
