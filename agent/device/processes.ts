import { readdir, readFile } from 'node:fs/promises';

/** One process: its short name (15 letters of it) and its command line. */
export interface ProcessSeen {
  readonly comm: string;
  readonly args: readonly string[];
}

/** The processes of the machine. Rejects where they cannot be seen. */
export type Processes = (interesting: (comm: string) => boolean) => Promise<ProcessSeen[]>;

/** Processes from `proc` (/proc). With hidepid only our own are there, which shows in that process 1 is missing. */
export const procProcesses =
  (proc = '/proc'): Processes =>
  async (wanted) => {
    await readFile(`${proc}/1/comm`);
    const found: ProcessSeen[] = [];
    for (const pid of await readdir(proc)) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        const comm = (await readFile(`${proc}/${pid}/comm`, 'utf8')).trimEnd();
        if (!wanted(comm)) continue;
        const line = await readFile(`${proc}/${pid}/cmdline`, 'utf8');
        found.push({ comm, args: line.split('\0').slice(0, -1) });
      } catch {
        // it ended meanwhile
      }
    }
    return found;
  };
