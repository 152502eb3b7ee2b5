/** Whatever has an end at which things are undone: a TestContext, or an owner of its own. */
export interface Cleanup {
  after(undo: () => unknown): void;
}

/** An owner that ends when its holder says so: of a suite, of the demo. */
export interface Owner extends Cleanup {
  /** Undoes all, the last first, each when the one before is done. */
  end(): Promise<void>;
}

interface Undo {
  readonly undo: () => unknown;
  /** What can be done of it when this process exits, where nothing can be waited for. */
  readonly atExit: () => unknown;
}

const stacks = new Map<Cleanup, Undo[]>();

process.on('exit', () => {
  for (const { atExit } of [...stacks.values()].flat().reverse()) {
    try {
      atExit();
    } catch {
      // the process ends: nobody is left to be told
    }
  }
});

async function undoAll(owner: Cleanup): Promise<void> {
  const stack = stacks.get(owner) ?? [];
  const failures: unknown[] = [];
  for (let last = stack.at(-1); last !== undefined; last = stack.at(-1)) {
    try {
      await last.undo();
    } catch (error) {
      failures.push(error);
    }
    stack.splice(stack.indexOf(last), 1);
  }
  stacks.delete(owner);
  if (failures.length > 0) throw new AggregateError(failures, `not undone: ${failures.join('; ')}`);
}

function stackOf(owner: Cleanup): Undo[] {
  const known = stacks.get(owner);
  if (known !== undefined) return known;
  const stack: Undo[] = [];
  stacks.set(owner, stack);
  owner.after(() => undoAll(owner)); // one hook for all: node runs its own hooks the first first
  return stack;
}

/** An owner whose end is awaited by whoever made it. */
export function newOwner(): Owner {
  const stack: Undo[] = [];
  const owner: Owner = {
    after: (undo) => void stack.push({ undo, atExit: () => {} }),
    end: () => undoAll(owner),
  };
  stacks.set(owner, stack);
  return owner;
}

/**
 * Undoes something when the owner ends, after all that was registered later; and where this process exits
 * before that, what `atExit` can do of it.
 */
export function undoLater(owner: Cleanup, undo: () => unknown, atExit: () => unknown = undo): void {
  stackOf(owner).push({ undo, atExit });
}
