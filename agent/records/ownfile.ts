import { constants } from 'node:fs';
import { access, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../lib/errors.ts';

const isAbsent = (error: unknown): boolean => codeOf(error) === 'ENOENT';

const longestLine = 8 * 1024 * 1024;

/** A refusal in the form that those of the system have. */
const refuse = (code: string, why: string): never => {
  throw Object.assign(new Error(`${code}: ${why}`), { code });
};

/** In a directory that all may write to, such as /tmp, somebody else's file or a pipe may lie in wait. */
async function openOwn(file: string): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const found = await handle.stat();
  const mine = process.geteuid?.();
  if (found.isFile() && found.uid === mine) return handle;
  await handle.close();
  return found.isFile()
    ? refuse('EPERM', `belongs to uid ${found.uid}, not to uid ${mine}`)
    : refuse('EISDIR', 'is not a file');
}

/** The lines of a file of our own, overlong ones cut; undefined when there is no such file. Rejects when it cannot be read. */
export async function readOwnLines(file: string): Promise<string[] | undefined> {
  let handle: FileHandle;
  try {
    handle = await openOwn(file);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  const lines: string[] = [];
  let rest = '';
  for await (const chunk of handle.createReadStream({ encoding: 'utf8' })) {
    const parts = `${rest}${chunk}`.split('\n');
    rest = (parts.pop() ?? '').slice(0, longestLine);
    lines.push(...parts);
  }
  return rest === '' ? lines : [...lines, rest];
}

/** Replaces a file (0600) at once, durably, or not at all; rejects when it cannot. Goes on with other work between chunks. */
export async function replaceFile(file: string, chunks: Iterable<string>): Promise<void> {
  const trial = `${file}.new`;
  try {
    await rm(trial, { force: true }); // of a broken run, or somebody else's
    const handle = await open(trial, 'wx', 0o600);
    try {
      for (const chunk of chunks) await handle.appendFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(trial, file);
  } catch (error) {
    await rm(trial, { force: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(file));
}

/** Without this a power cut may bring the old file back; not every file system can do it. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** Rejects when a file could not be made or replaced there, as far as can be known without doing it. */
export async function checkReplaceable(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK | constants.X_OK);
  await openOwn(file).then(
    (handle) => handle.close(),
    (error: unknown) => {
      if (!isAbsent(error)) throw error;
    },
  );
}
