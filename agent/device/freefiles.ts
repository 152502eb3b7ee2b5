import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** Whether that many files more could be opened now, by this process and by the system. */
export function canOpenFiles(count: number): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync(devNull, 'r'));
    return true;
  } catch {
    return false;
  } finally {
    for (const file of opened) closeSync(file);
  }
}
