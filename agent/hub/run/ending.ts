import { setTimeout as pause } from 'node:timers/promises';

const look_ms = 100;

/** Signals a process; false where it is gone or another user's. */
export function signalTo(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Waits until something is so, at most `limit_ms`; gives whether it is. */
export async function soWithin(limit_ms: number, isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const end_ms = performance.now() + limit_ms;
  for (;;) {
    if (await isSo()) return true;
    if (performance.now() >= end_ms) return false;
    await pause(look_ms);
  }
}

/** nats-server closes its files; a large store takes a while. */
const patience_ms = 30_000;

/** Ends a nats-server that is no child of ours: by TERM, and by KILL when that is not heeded. `find` gives its pid. */
export async function endServer(find: () => number | undefined): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const pid = find();
    if (pid === undefined || !signalTo(pid, signal)) return;
    if (await soWithin(patience_ms, () => find() !== pid)) return;
  }
}
