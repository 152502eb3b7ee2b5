import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type AgentFile,
  AgentFileError,
  formatAgentFile,
  type LocalSecrets,
  parseAgentFile,
} from '../../config/agentfile.ts';
import { messageOf } from '../../lib/errors.ts';
import { namesIn, readIfThere, writeAtomic } from '../../lib/files.ts';
import { known } from '../../lib/known.ts';
import { type StateFile, statePath } from '../statefiles.ts';

/** User of agent and leaf, and group that may read what root renders, so that the agent and the leaf need not be root. */
const group = 'nunect';

/** What an earlier run left in the directory. */
export interface Rendered {
  readonly agentFile?: AgentFile;
  readonly conf?: string;
}

/** The run directory as `nunect render` writes it. */
export interface LeafFiles {
  readonly dir: string;
  /** What is there from this boot; a file of another boot or another version counts as none. */
  read(boot: string): Rendered;
  /** leaf.conf as it is, or as `commit` is going to leave it, whichever boot it is from. */
  readConf(): string | undefined;
  /** Writes a leaf config for nats-server to test, and gives its path. */
  writeDraft(text: string): string;
  dropDraft(): void;
  /** Writes a file that a leaf config or agent.json is going to name, and gives its path. */
  writeCopy(name: string, text: string): string;
  /** The draft becomes leaf.conf with the next `commit`. */
  acceptDraft(): void;
  /** The draft becomes leaf.fallback.conf at once. */
  acceptFallback(): void;
  removeConf(): void;
  removeFallback(): void;
  /** Writes agent.json and with it the accepted leaf.conf: both or neither, as when the disk is full. Gives the file. */
  commit(file: AgentFile): AgentFile;
}

/** Id of the group or user, when this process may give files to it. */
function sharedId(file: '/etc/group' | '/etc/passwd'): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readIfThere(file)
    ?.split('\n')
    .find((one) => one.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2] ?? Number.NaN);
  return Number.isInteger(id) ? id : undefined;
}

/** Makes the directory of agent and leaf, 0750. Nobody but root can put another in its place. */
function makeState(path: string, gid: number | undefined): void {
  mkdirSync(path, { recursive: true, mode: 0o750 });
  if (!lstatSync(path).isDirectory()) throw new Error(`${path} is no directory: remove it`);
  const uid = sharedId('/etc/passwd');
  if (gid !== undefined && uid !== undefined) lchownSync(path, uid, gid);
}

/** The run directory, and what of it waits for `commit`. */
interface Target {
  readonly dir: string;
  /** Group that the files are shared with, when root writes them. */
  readonly gid: number | undefined;
  /** leaf.conf.next is to become leaf.conf. */
  hasNext: boolean;
}

function share({ gid }: Target, path: string, mode: number): void {
  if (gid !== undefined) chownSync(path, 0, gid);
  chmodSync(path, mode);
}

function writeCopy(target: Target, name: string, text: string): string {
  const dir = statePath(target.dir, 'copies');
  mkdirSync(dir, { recursive: true });
  share(target, dir, 0o750);
  const path = join(dir, name);
  writeAtomic(path, text);
  share(target, path, 0o640);
  return path;
}

/** Copies go that nothing names any more. */
function dropCopies({ dir }: Target): void {
  const users = (['agentFile', 'conf', 'fallbackConf', 'lastGoodHub'] as const).map(
    (name) => readIfThere(statePath(dir, name)) ?? '',
  );
  const copies = statePath(dir, 'copies');
  for (const name of namesIn(copies))
    if (!users.some((text) => text.includes(`/${name}"`))) rmSync(join(copies, name), { force: true });
}

/** Not by `writeAtomic`: a draft is tested or awaits `commit` before it takes the place of a file. */
function write(target: Target, name: StateFile, text: string): string {
  const path = statePath(target.dir, name);
  rmSync(path, { force: true }); // one of a broken run may have other rights
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    rmSync(path, { force: true }); // half a file
    throw new Error(`cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
  share(target, path, 0o640);
  return path;
}

const remove = ({ dir }: Target, ...names: readonly StateFile[]): void => {
  for (const name of names) rmSync(statePath(dir, name), { force: true });
};
const rename = ({ dir }: Target, from: StateFile, to: StateFile): void =>
  renameSync(statePath(dir, from), statePath(dir, to));

function readRendered({ dir }: Target, boot: string): Rendered {
  const path = statePath(dir, 'agentFile');
  const text = readIfThere(path);
  if (text === undefined) return {};
  try {
    const agentFile = parseAgentFile(text, path);
    return agentFile.local.boot_id === boot
      ? { agentFile, ...known({ conf: readIfThere(statePath(dir, 'conf')) }) }
      : {};
  } catch (error) {
    if (error instanceof AgentFileError) return {};
    throw error;
  }
}

function commit(target: Target, file: AgentFile): AgentFile {
  try {
    write(target, 'agentFileDraft', formatAgentFile(file));
  } catch (error) {
    remove(target, 'confDraft', 'confNext');
    throw error;
  }
  if (target.hasNext) rename(target, 'confNext', 'conf');
  target.hasNext = false;
  rename(target, 'agentFileDraft', 'agentFile');
  dropCopies(target);
  return file;
}

/** Makes the directory, 0750, and gives access to the files in it, 0640; all in group nunect when root made them. */
export function leafFiles(given: string): LeafFiles {
  const dir = resolve(given); // what it names in a config is meant wherever the server is started
  const target: Target = { dir, gid: sharedId('/etc/group'), hasNext: false };
  mkdirSync(dir, { recursive: true });
  share(target, dir, 0o750);
  makeState(statePath(dir, 'state'), target.gid);
  return {
    dir,
    read: (boot) => readRendered(target, boot),
    readConf: () => readIfThere(statePath(dir, target.hasNext ? 'confNext' : 'conf')),
    writeDraft: (text) => write(target, 'confDraft', text),
    writeCopy: (name, text) => writeCopy(target, name, text),
    dropDraft: () => remove(target, 'confDraft'),
    acceptDraft() {
      rename(target, 'confDraft', 'confNext');
      target.hasNext = true;
    },
    acceptFallback: () => rename(target, 'confDraft', 'fallbackConf'),
    removeConf: () => remove(target, 'conf'),
    removeFallback: () => remove(target, 'fallbackConf'),
    commit: (file) => commit(target, file),
  };
}

/** Passwords nobody needs to know, for this boot. */
export function newLocalSecrets(boot: string): LocalSecrets {
  const password = (): string => randomBytes(24).toString('base64url');
  return { boot_id: boot, agent: password(), monitor: password() };
}

/** What lies at a path, as `leafProblems` asks. */
export function lookAt(path: string): 'directory' | 'other' | 'absent' {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'other';
  } catch {
    return 'absent';
  }
}
