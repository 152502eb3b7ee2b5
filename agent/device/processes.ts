import { readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** One process: its short name (15 letters of it) and its command line. */
export interface ProcessSeen {
  readonly comm: string;
  readonly args: readonly string[];
}

/** The processes of the machine. Rejects where they cannot be seen. */
export type Processes = (interesting: (comm: string) => boolean) => Promise<ProcessSeen[]>;

/** One process of this machine, by its number. */
export interface ProcessFound extends ProcessSeen {
  readonly pid: number;
}

/** Processes from `proc` (/proc). With hidepid only our own are there, which shows in that process 1 is missing. */
export const procProcesses =
  (proc = '/proc') =>
  async (wanted: (comm: string) => boolean): Promise<ProcessFound[]> => {
    await readFile(`${proc}/1/comm`);
    const found: ProcessFound[] = [];
    for (const pid of await readdir(proc)) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        const comm = (await readFile(`${proc}/${pid}/comm`, 'utf8')).trimEnd();
        if (!wanted(comm)) continue;
        const line = await readFile(`${proc}/${pid}/cmdline`, 'utf8');
        if (line === '') continue; // it has ended, and nobody has asked how
        found.push({ pid: Number(pid), comm, args: line.split('\0').slice(0, -1) });
      } catch {
        // it ended meanwhile
      }
    }
    return found;
  };

/** Whether a process runs a file that is no longer there, as after an upgrade; false where it may not be seen. */
export function runsReplacedFile(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith(' (deleted)');
  } catch {
    return false;
  }
}
