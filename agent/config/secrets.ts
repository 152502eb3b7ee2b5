import { known } from '../lib/known.ts';
import type { Config } from './options.ts';
import type { UnplacedProblem } from './problem.ts';
import { pathOf } from './section.ts';

/** The secrets that the owner gave, read from the options and from the files that they name. */
export interface OwnerSecrets {
  readonly hubPassword?: string;
  readonly hubNkeySeed?: string;
  /** Content of hub.creds_file. */
  readonly hubCreds?: string;
  readonly externalPassword?: string;
  /** Content of leaf.external_creds_file. */
  readonly externalCreds?: string;
  /** By the name of the user section. */
  readonly userPasswords: Readonly<Record<string, string>>;
}

/** Content of a file; throws when it cannot be read. */
export type ReadText = (path: string) => string;

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? '';
// an nkey file may carry comments, as those of `nats auth nkey gen` and creds files do
const seedIn = (text: string): string => /^S[A-Z2-7]{50,}$/m.exec(text)?.[0] ?? '';

/** Reads them all; a file that cannot be read or holds nothing leaves its secret out, with a finding. */
export function readSecrets(
  config: Config,
  read: ReadText,
): { secrets: OwnerSecrets; findings: UnplacedProblem[] } {
  const { hub, leaf } = config;
  const findings: UnplacedProblem[] = [];

  const fromFile = (option: string, path: string | undefined, pick: (text: string) => string) => {
    if (path === undefined) return undefined;
    try {
      const found = pick(read(path));
      if (found !== '') return found;
      findings.push({ option, value: path, message: 'there is no secret in it', severity: 'error' });
    } catch {
      findings.push({ option, value: path, message: 'cannot be read', severity: 'error', ofFile: true });
    }
    return undefined;
  };
  const whole = (text: string): string => text;

  const users = config.user.flatMap((user) => {
    const option = `${pathOf('user', user.section)}.password_file`;
    const password = user.password ?? fromFile(option, user.password_file, firstLine);
    return password === undefined ? [] : [[user.section, password] as const];
  });
  const secrets: OwnerSecrets = {
    ...known({
      hubPassword: hub.password ?? fromFile('hub.password_file', hub.password_file, firstLine),
      hubNkeySeed: fromFile('hub.nkey_file', hub.nkey_file, seedIn),
      hubCreds: fromFile('hub.creds_file', hub.creds_file, whole),
      externalPassword:
        leaf.external_password ??
        fromFile('leaf.external_password_file', leaf.external_password_file, firstLine),
      externalCreds: fromFile('leaf.external_creds_file', leaf.external_creds_file, whole),
    }),
    userPasswords: Object.fromEntries(users),
  };
  return { secrets, findings };
}
