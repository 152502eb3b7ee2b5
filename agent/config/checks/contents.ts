import { formatCreds, isPlainCreds, readCreds } from '../formats/creds.ts';
import { isCertificate, isKey, isPlainPem, pemBlocks } from '../formats/pem.ts';
import { savedText } from '../formats/saved.ts';
import type { Config } from '../options.ts';
import { fileProblem, type UnplacedProblem } from '../problem.ts';
import { type ReadBytes, secretIn } from '../secrets.ts';
import { filesOf, isUpload, isUsed } from './filecheck.ts';
import { tlsFileProblems } from './tlsfilecheck.ts';

/** A file that an option names, and what nats-server or node is given of it where they cannot read it as it is, or at all. */
export interface NeededCopy {
  readonly option: string;
  readonly path: string;
  readonly text: string;
  /** It is not saved as they read it. */
  readonly isReformed: boolean;
}

/** What a file holds, in the form that every reader takes; undefined where it has that form, or nothing is found in it. */
function normalForm(option: string, bytes: Uint8Array): string | undefined {
  const [raw, text] = [Buffer.from(bytes).toString(), savedText(bytes)];
  if (option === 'hub.creds_file') {
    const creds = readCreds(text);
    if (!creds.ok || isPlainCreds(raw, creds.value)) return undefined;
    return formatCreds(creds.value);
  }
  if (!/tls_(ca|cert|key)$/.test(option)) return undefined;
  const blocks = pemBlocks(text);
  if (isPlainPem(raw, blocks.length)) return undefined;
  const wanted = blocks.filter(option.endsWith('key') ? isKey : isCertificate);
  return wanted.length === 0 ? undefined : wanted.map((block) => block.text).join('');
}

/** Files that nats-server or node opens itself; what others hold is handed on as text. */
const byDaemons = /tls_(ca|cert|key)$|^hub\.creds_file$/;

/** The files that are handed over: in another form than they have, or because only root may read them. */
export function neededCopies(config: Config, read: ReadBytes): NeededCopy[] {
  return filesOf(config).flatMap(({ option, path }) => {
    const bytes = isUsed(option, config) ? read(path) : undefined;
    if (bytes === undefined) return [];
    const formed = normalForm(option, bytes);
    const text =
      formed ?? (isUpload(path) && byDaemons.test(option) ? Buffer.from(bytes).toString() : undefined);
    return text === undefined ? [] : [{ option, path, text, isReformed: formed !== undefined }];
  });
}

/** What is wrong with the contents of the files that options name, as far as they can be read; dates apart. */
export function contentProblems(config: Config, read: ReadBytes): UnplacedProblem[] {
  const secrets = filesOf(config).flatMap(({ option, path }) => {
    const found = secretIn(option, path, read);
    return found !== undefined && 'problem' in found ? [found.problem] : [];
  });
  const saved = 'is not saved as nats-server reads it: a copy in normal form is used, made at each reload';
  const copied = neededCopies(config, read)
    .filter(({ isReformed }) => isReformed)
    .map(({ option, path }) => fileProblem(option, path, saved, 'warning'));
  return [...secrets, ...tlsFileProblems(config, read), ...copied];
}
