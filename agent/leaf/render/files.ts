import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  type AgentFile,
  AgentFileError,
  formatAgentFile,
  type LocalSecrets,
  parseAgentFile,
} from '../../config/agentfile.ts';
import { sharedId } from '../../device/account.ts';
import { messageOf } from '../../lib/errors.ts';
import { makeFolder, namesIn, readIfThere, writeAtomic } from '../../lib/files.ts';
import { known } from '../../lib/known.ts';
import { type StateFile, statePath } from '../statefiles.ts';
import { type Due, type Outcome, outcomeOf, parseDue, type Rendered, withDue } from './outcome.ts';

/** The run directory as `nunect render` writes it. */
export interface LeafFiles {
  readonly dir: string;
  /**
   * Completes or undoes what a run began that was killed. Gives what is there then from this boot: a file of another boot
   * or another version counts as none.
   */
  begin(boot: string): Rendered;
  /** leaf.conf as it is, or as `commit` is going to leave it, whichever boot it is from. */
  readConf(): string | undefined;
  /** Writes a leaf config for nats-server to test, and gives its path. */
  writeDraft(text: string): string;
  dropDraft(): void;
  /** Writes a file that a leaf config or agent.json is going to name, and gives its path. */
  writeCopy(name: string, text: string): string;
  /** The draft becomes leaf.conf with the next `commit`. */
  acceptDraft(): void;
  /** The draft becomes leaf.fallback.conf with the next `commit`. */
  acceptFallback(): void;
  /** There is no leaf.conf after the next `commit`. */
  removeConf(): void;
  /** There is no leaf.fallback.conf after the next `commit`. */
  removeFallback(): void;
  /**
   * Puts agent.json and with it what was accepted or removed in place: all or nothing, as when the disk is full. What has
   * to be done about it stays due, also for later runs, until `settle`. Gives the file.
   */
  commit(file: AgentFile): AgentFile;
  /** What has to be done since `begin`, and what runs before that could not say. */
  outcome(): Outcome;
  /** The outcome was printed. */
  settle(): void;
  /** Makes a file outside the directory that user nunect may reach and write to. */
  giveAway(path: string): void;
}

/** Makes the directory of agent and leaf, 0750. Nobody but root can put another in its place. */
function makeState(path: string, gid: number | undefined): void {
  mkdirSync(path, { recursive: true, mode: 0o750 });
  if (!lstatSync(path).isDirectory()) throw new Error(`${path} is no directory: remove it`);
  const uid = sharedId('/etc/passwd');
  if (gid !== undefined && uid !== undefined) lchownSync(path, uid, gid);
}

/** The files that take their place with agent.json, and what they are until then. */
const drafts = { conf: 'confNext', fallbackConf: 'fallbackNext' } as const;
type Staged = keyof typeof drafts;
type Steps = NonNullable<Due['steps']>;

/** The run directory, and what of it waits for `commit`. */
interface Target {
  readonly dir: string;
  /** Group that the files are shared with, when root writes them. */
  readonly gid: number | undefined;
  /** What becomes of them with `commit`. */
  steps: { -readonly [name in Staged]?: Steps[name] };
  /** As it was found. */
  before: Rendered;
  /** What a run before could not say. */
  due?: Due;
  outcome?: Outcome;
}

function giveAway({ gid }: Target, path: string): void {
  const folder = dirname(path);
  makeFolder(folder);
  closeSync(openSync(path, 'a', 0o640));
  const uid = sharedId('/etc/passwd');
  if (gid === undefined || uid === undefined) return;
  chownSync(path, uid, gid);
  const { mode } = statSync(folder);
  if ((mode & 0o001) !== 0) return;
  chownSync(folder, 0, gid); // made with umask 077: the user has to come through, and sees no names
  chmodSync(folder, (mode & 0o777) | 0o010);
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
    if (agentFile.local.boot_id !== boot) return {};
    const isReduced = existsSync(statePath(dir, 'without'));
    return { agentFile, isReduced, ...known({ conf: readIfThere(statePath(dir, 'conf')) }) };
  } catch (error) {
    if (error instanceof AgentFileError) return {};
    throw error;
  }
}

const removeDrafts = (target: Target): void =>
  remove(target, 'confDraft', 'confNext', 'fallbackNext', 'agentFileDraft');

/** Puts what is staged in place, as far as that was not done. */
function finish(target: Target, steps: Steps): void {
  const replace = (from: StateFile, to: StateFile): void => {
    if (existsSync(statePath(target.dir, from))) rename(target, from, to);
  };
  for (const name of Object.keys(drafts) as Staged[]) {
    if (steps[name] === 'remove') remove(target, name);
    if (steps[name] === 'replace') replace(drafts[name], name);
  }
  replace('agentFileDraft', 'agentFile');
}

function begin(target: Target, boot: string): Rendered {
  const path = statePath(target.dir, 'renderDue');
  const text = readIfThere(path);
  if (text !== undefined) {
    const { steps, ...due }: Due = parseDue(text) ?? { leaf: 'restart', agent: 'restart' };
    target.due = due;
    if (steps) {
      finish(target, steps);
      writeAtomic(path, JSON.stringify(due)); // this run may be killed, too, with other files staged
    }
  }
  removeDrafts(target); // of a run that decided nothing
  target.before = readRendered(target, boot);
  return target.before;
}

function readConf({ dir, steps }: Target): string | undefined {
  if (steps.conf === 'remove') return undefined;
  return readIfThere(statePath(dir, steps.conf === 'replace' ? drafts.conf : 'conf'));
}

function commit(target: Target, file: AgentFile): AgentFile {
  const { dir, steps, before } = target;
  try {
    write(target, 'agentFileDraft', formatAgentFile(file));
    const after = { agentFile: file, ...known({ conf: readConf(target) }) };
    const outcome = withDue(outcomeOf(before, after), target.due);
    writeAtomic(statePath(dir, 'renderDue'), JSON.stringify({ ...outcome, steps } satisfies Due));
    target.outcome = outcome;
  } catch (error) {
    removeDrafts(target);
    throw error;
  }
  finish(target, steps);
  target.steps = {};
  dropCopies(target);
  return file;
}

/** Makes the directory, 0750, and gives access to the files in it, 0640; all in group nunect when root made them. */
export function leafFiles(given: string): LeafFiles {
  const dir = resolve(given); // what it names in a config is meant wherever the server is started
  const target: Target = { dir, gid: sharedId('/etc/group'), steps: {}, before: {} };
  mkdirSync(dir, { recursive: true });
  share(target, dir, 0o750);
  makeState(statePath(dir, 'state'), target.gid);
  const accept = (name: Staged): void => {
    rename(target, 'confDraft', drafts[name]);
    target.steps[name] = 'replace';
  };
  return {
    dir,
    begin: (boot) => begin(target, boot),
    readConf: () => readConf(target),
    writeDraft: (text) => write(target, 'confDraft', text),
    writeCopy: (name, text) => writeCopy(target, name, text),
    dropDraft: () => remove(target, 'confDraft'),
    acceptDraft: () => accept('conf'),
    acceptFallback: () => accept('fallbackConf'),
    removeConf() {
      target.steps.conf = 'remove';
    },
    removeFallback() {
      target.steps.fallbackConf = 'remove';
    },
    commit: (file) => commit(target, file),
    outcome: () => target.outcome ?? { lines: [], leaf: 'nothing', agent: 'nothing' },
    settle: () => remove(target, 'renderDue'),
    giveAway: (path) => giveAway(target, path),
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
