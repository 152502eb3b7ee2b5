import { constants } from 'node:fs';
import { access, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../lib/errors.ts';

const isAbsent = (error: unknown): boolean => codeOf(error) === 'ENOENT';

const longestLine = 8 * 1024 * 1024;

/** Throws an error in the form of system errors. */
const refuse = (code: string, why: string): never => {
  throw Object.assign(new Error(`${code}: ${why}`), { code });
};

/** Refuses what another user, or a pipe, may have put there: the directory may be one like /tmp. */
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

/** The lines of a file that this user owns, overlong ones cut; undefined when there is none. Rejects when it cannot be read. */
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

/**
 * As `writeAtomic` (0600, durable), but other work goes on between the chunks: a write of megabytes to flash takes
 * seconds. Rejects when the file cannot be replaced.
 */
export async function replaceFile(file: string, chunks: Iterable<string>): Promise<void> {
  const draft = `${file}.new`;
  try {
    await rm(draft, { force: true }); // of a broken run, or of another user
    const handle = await open(draft, 'wx', 0o600);
    try {
      for (const chunk of chunks) await handle.appendFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(file));
}

/** As in lib/files.ts, but without holding up the echo: flash may take long for it. */
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
