/** Anything that was started and can be stopped. */
export interface Stoppable {
  stop(): void | Promise<void>;
}

/** How one part is built. `All` maps the name of each part to its running form. */
export interface PartPlan<All, Input, K extends keyof All> {
  /** Parts that must run before it; when one of them is started anew, so is this one. */
  readonly needs: readonly (keyof All)[];
  /** What of the input it is built from, JSON-able: it is started anew only when this changes. */
  inputs(input: Input): unknown;
  /** Takes over changed inputs while it runs, for a part that holds what must not be lost. */
  adapt?(part: All[K], input: Input): void;
  /** `signal` ends when the part is stopped, or before that when all are. */
  start(input: Input, running: All, signal: AbortSignal): (All[K] & Stoppable) | Promise<All[K] & Stoppable>;
}

export type Plan<All, Input> = { readonly [K in keyof All]: PartPlan<All, Input, K> };

export interface Parts<All, Input> {
  /** The parts that run. One that is started anew stays here, stopped, until the next is in its place. */
  readonly running: Readonly<All>;
  /**
   * Starts anew the parts whose inputs changed and those that need them, or lets them adapt. Gives the names
   * of all that were touched, in start order.
   */
  reload(input: Input): Promise<(keyof All)[]>;
  /** Ends all signals at once, then stops all in reverse order, also when one of them fails; the failures go to `onTrouble`. */
  stop(): Promise<void>;
}

/**
 * Starts parts in the order in which the plan names them. When one fails to start, those before it are
 * stopped again and the failure is thrown.
 */
export async function startParts<All extends object, Input>(
  plan: Plan<All, Input>,
  input: Input,
  onTrouble: (part: keyof All, error: unknown) => void,
): Promise<Parts<All, Input>> {
  const order = Object.keys(plan) as (keyof All)[];
  const running: Partial<{ [K in keyof All]: All[K] & Stoppable }> = {};
  const builtFrom = new Map<keyof All, string>();
  const alive = new Map<keyof All, AbortController>();

  const stopOne = async (name: keyof All): Promise<void> => {
    const life = alive.get(name);
    if (life === undefined) return;
    alive.delete(name);
    try {
      await running[name]?.stop();
    } catch (error) {
      onTrouble(name, error);
    }
    life.abort();
  };
  const stopThese = async (names: readonly (keyof All)[]): Promise<void> => {
    for (const name of [...names].reverse()) await stopOne(name);
  };
  const startOne = async <K extends keyof All>(name: K, from: Input): Promise<void> => {
    const life = new AbortController();
    running[name] = await plan[name].start(from, running as All, life.signal);
    alive.set(name, life);
    builtFrom.set(name, JSON.stringify(plan[name].inputs(from)));
  };
  const adaptOne = <K extends keyof All>(name: K, to: Input): void => {
    const part = running[name];
    if (part !== undefined) plan[name].adapt?.(part, to);
    builtFrom.set(name, JSON.stringify(plan[name].inputs(to)));
  };
  const startThese = async (names: readonly (keyof All)[], from: Input): Promise<void> => {
    for (const name of names) await startOne(name, from);
  };

  try {
    await startThese(order, input);
  } catch (error) {
    await stopThese(order);
    throw error;
  }

  return {
    running: running as All,
    async reload(next) {
      const stale = new Set<keyof All>();
      const adaptable = new Set<keyof All>();
      for (const name of order) {
        const changed = builtFrom.get(name) !== JSON.stringify(plan[name].inputs(next));
        if (plan[name].needs.some((other) => stale.has(other))) stale.add(name);
        else if (changed) (plan[name].adapt === undefined ? stale : adaptable).add(name);
      }
      const restarted = order.filter((name) => stale.has(name));
      await stopThese(restarted);
      for (const name of adaptable) adaptOne(name, next);
      await startThese(restarted, next);
      return order.filter((name) => stale.has(name) || adaptable.has(name));
    },
    async stop() {
      for (const life of alive.values()) life.abort();
      await stopThese(order);
    },
  };
}
