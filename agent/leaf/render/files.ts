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
import { readIfThere } from '../../lib/files.ts';

/** User of agent and leaf, and group that may read what root renders, so that the agent and the leaf need not be root. */
const group = 'nunect';

/** What an earlier run left in the directory. */
export interface Rendered {
  readonly agentFile?: AgentFile;
  readonly conf?: string;
}

/** The pair of files that `nunect render` keeps in one directory. */
export interface LeafFiles {
  readonly conf: string;
  /** Where agent and leaf may write; root writes nothing there. */
  readonly state: string;
  /** The same config with the hub part that last joined. */
  readonly fallback: string;
  /** Where a config is tried before it takes its place. */
  readonly trial: string;
  /** What is there from this boot; a file of another boot or another version counts as none. */
  read(boot: string): Rendered;
  /** leaf.conf as it is, or as it is going to be once a config was accepted, whichever boot it is from. */
  readConf(): string | undefined;
  writeTrial(text: string): void;
  dropTrial(): void;
  /** The tried config takes its place together with the next agent.json, or not at all, as when the disk is full. */
  acceptTrial(): void;
  removeConf(): void;
  /** The tried config is kept for when the new one does not join. */
  acceptFallback(): void;
  removeFallback(): void;
  writeAgentFile(file: AgentFile): void;
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

/** Makes the directory, 0750, and gives access to the files in it, 0640; all in group nunect when root made them. */
export function leafFiles(given: string): LeafFiles {
  const dir = resolve(given); // what it names in a config is meant wherever the server is started
  const conf = join(dir, 'leaf.conf');
  const trial = join(dir, 'leaf.conf.new');
  const next = join(dir, 'leaf.conf.next');
  const agentPath = join(dir, 'agent.json');
  const state = join(dir, 'state');
  const fallback = join(dir, 'leaf.fallback.conf');
  const gid = sharedId('/etc/group');

  mkdirSync(dir, { recursive: true });
  const share = (path: string, mode: number): void => {
    if (gid !== undefined) chownSync(path, 0, gid);
    chmodSync(path, mode);
  };
  share(dir, 0o750);
  makeState(state, gid);

  const write = (path: string, text: string): void => {
    rmSync(path, { force: true }); // one of a broken run may have other rights
    try {
      writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      rmSync(path, { force: true }); // half a file
      throw new Error(`cannot write ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    share(path, 0o640);
  };
  let accepted = false;

  return {
    conf,
    trial,
    state,
    fallback,
    read(boot) {
      const text = readIfThere(agentPath);
      if (text === undefined) return {};
      try {
        const agentFile = parseAgentFile(text, agentPath);
        if (agentFile.local.boot_id !== boot) return {};
        const before = readIfThere(conf);
        return { agentFile, ...(before === undefined ? {} : { conf: before }) };
      } catch (error) {
        if (error instanceof AgentFileError) return {};
        throw error;
      }
    },
    readConf: () => readIfThere(accepted ? next : conf),
    writeTrial: (text) => write(trial, text),
    dropTrial: () => rmSync(trial, { force: true }),
    acceptTrial() {
      renameSync(trial, next);
      accepted = true;
    },
    removeConf: () => rmSync(conf, { force: true }),
    acceptFallback: () => renameSync(trial, fallback),
    removeFallback: () => rmSync(fallback, { force: true }),
    writeAgentFile(file) {
      try {
        write(`${agentPath}.new`, formatAgentFile(file));
      } catch (error) {
        for (const path of [trial, next]) rmSync(path, { force: true });
        throw error;
      }
      if (accepted) renameSync(next, conf);
      accepted = false;
      renameSync(`${agentPath}.new`, agentPath);
    },
  };
}

/** Passwords nobody needs to know, for this boot. */
export function newLocalSecrets(boot: string): LocalSecrets {
  const password = (): string => randomBytes(24).toString('base64url');
  return { boot_id: boot, agent: password(), monitor: password() };
}

/** What lies at a path, as `checkLeaf` asks. */
export function lookAt(path: string): 'directory' | 'other' | 'absent' {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'other';
  } catch {
    return 'absent';
  }
}
