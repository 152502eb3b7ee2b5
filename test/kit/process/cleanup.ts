import type { TestContext } from 'node:test';

/** Where undoing is registered: a TestContext, or whatever stands for one in the demo. */
export type Cleanup = Pick<TestContext, 'after'>;

const atExit = new Set<() => void>();
process.on('exit', () => {
  for (const undo of [...atExit].reverse()) undo();
});

/** Undoes something when the owner ends, and at the latest when this process exits. Runs once, never throws. */
export function undoLater(owner: Cleanup, undo: () => void): void {
  const once = (): void => {
    if (!atExit.delete(once)) return;
    try {
      undo();
    } catch {
      // it is gone already
    }
  };
  atExit.add(once);
  owner.after(once);
}
