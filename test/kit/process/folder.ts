import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** When a process began, in ticks since boot: its number may be given to another one later. */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
  } catch {
    return undefined;
  }
}

/** The process that took the folder and still runs. */
function holderOf(file: string): number | undefined {
  try {
    const [pid = '', start] = readFileSync(file, 'utf8').split(' ');
    return start === startOf(Number(pid)) ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the folder anew for this process; gives the process that has it, if one does, and leaves it alone then. */
export function takeFolder(dir: string): number | undefined {
  const file = join(dir, 'holder');
  const holder = holderOf(file);
  if (holder !== undefined) return holder;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  writeFileSync(file, `${process.pid} ${startOf(process.pid)}`);
  return undefined;
}
