/** Anything that was started and can be stopped. */
export interface Stoppable {
  stop(): void | Promise<void>;
}

/** One part of a program: what it needs, what it is built from, and how it is started. */
export interface Part<Input, Base, Running extends Stoppable = Stoppable> {
  readonly name: string;
  /** Parts that run before it; when one of them is restarted, so is this one. By the names that `start` sees. */
  readonly needs: PartsByName<Input, Base>;
  /** Parts that run before it and may be restarted while it runs: `start` gets a function that gives the present one. */
  readonly uses: PartsByName<Input, Base>;
  /** Parts that may start behind it: `start` gets a function that gives the present one, undefined until it runs. */
  readonly later: LaterByName;
  /** What of the input it is built from, JSON-able: only a change of this restarts it. */
  inputs(input: Input): unknown;
  /** `signal` ends when the part is stopped, or before that when all are. */
  start(input: Input, given: Base, signal: AbortSignal): Running | Promise<Running>;
  /** Takes over changed inputs without a restart, for a part that holds what must not be lost. */
  adapt?(running: Running, input: Input): void;
}

export type PartsByName<Input, Base> = Readonly<Record<string, Part<Input, Base>>>;

/** A part by its name alone, because its code may be loaded later. */
export interface Later<Running extends Stoppable> {
  readonly partName: string;
  /** There is no such thing; it carries the type. */
  readonly running?: Running;
}

type LaterByName = Readonly<Record<string, Later<Stoppable>>>;

/** The part of that name, to be declared under `later`. */
export const later = <P>(partName: string): Later<Extract<RunningOf<P>, Stoppable>> => ({ partName });

/** What a part is once it has been started. */
export type RunningOf<P> = P extends { start(...args: never[]): infer Running } ? Awaited<Running> : never;

/** What `start` gets of the parts that are declared, and nothing else. */
type Given<Needs, Uses, Behind> = { readonly [Name in keyof Needs]: RunningOf<Needs[Name]> } & {
  readonly [Name in keyof Uses]: () => RunningOf<Uses[Name]>;
} & {
  readonly [Name in keyof Behind]: () =>
    | (Behind[Name] extends Later<infer Running> ? Running : never)
    | undefined;
};

type Nothing = Readonly<Record<never, never>>;

interface PartPlan<Input, Base, Running extends Stoppable, Needs, Uses, Behind>
  extends Pick<Part<Input, Base, Running>, 'name' | 'inputs' | 'adapt'> {
  readonly needs?: Needs;
  readonly uses?: Uses;
  readonly later?: Behind;
  start(
    input: Input,
    given: Base & Given<Needs, Uses, Behind>,
    signal: AbortSignal,
  ): Running | Promise<Running>;
}

/**
 * Gives the function that defines a part. `Base` is what every part is given; of the other parts `start` is given those
 * in `needs`, `uses` and `later`: what is not declared does not compile.
 */
export const partsOf =
  <Input, Base>() =>
  <
    Running extends Stoppable,
    Needs extends PartsByName<Input, Base> = Nothing,
    Uses extends PartsByName<Input, Base> = Nothing,
    Behind extends LaterByName = Nothing,
  >(
    plan: PartPlan<Input, Base, Running, Needs, Uses, Behind>,
  ): Part<Input, Base, Running> => ({ needs: {}, uses: {}, later: {}, ...plan });

/** The parts, each behind those that it needs or uses, else as listed. Throws an Error that names a circle. */
export function startOrder<I, B>(listed: readonly Part<I, B>[]): Part<I, B>[] {
  const order = new Set<Part<I, B>>();
  const visit = (part: Part<I, B>, above: readonly Part<I, B>[]): void => {
    if (order.has(part)) return;
    const trail = [...above, part];
    if (above.includes(part)) {
      const names = trail.slice(above.indexOf(part)).map(({ name }) => name);
      throw new Error(`parts need each other in a circle: ${names.join(' -> ')}`);
    }
    for (const other of Object.values({ ...part.needs, ...part.uses })) visit(other, trail);
    order.add(part);
  };
  for (const part of listed) visit(part, []);
  return [...order];
}

/** The parts of a running program. */
export interface RunningParts<Input, Base> {
  /** The present one: while it is being restarted, the stopped one of before. */
  get<Running extends Stoppable>(part: Part<Input, Base, Running>): Running;
  /**
   * Restarts the parts whose inputs changed and those that need them, or lets them adapt. Gives the names of all that
   * were touched, in start order.
   */
  reload(input: Input): Promise<string[]>;
  /** Starts these too, those that run left aside; fails as the start does. */
  add(listed: readonly Part<Input, Base>[], input: Input): Promise<void>;
  /** Ends all signals at once, then stops all in reverse order, also when one of them fails to. */
  stop(): Promise<void>;
}

/** A part that was started. */
interface Life {
  readonly running: Stoppable;
  readonly ending: AbortController;
  builtFrom: string;
  stopped: boolean;
}

interface State<Input, Base> {
  order: readonly Part<Input, Base>[];
  readonly base: Base;
  readonly lives: Map<Part<Input, Base>, Life>;
  /** Hears why a part failed to stop. */
  onTrouble(name: string, error: unknown): void;
}

const mapValues = <T, U>(record: Readonly<Record<string, T>>, fn: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, fn(value)]));

async function startOne<I, B>(state: State<I, B>, part: Part<I, B>, input: I): Promise<void> {
  const runningOf = (other: Part<I, B> | undefined) => other && state.lives.get(other)?.running;
  const named = ({ partName }: Later<Stoppable>) => state.order.find(({ name }) => name === partName);
  const given = {
    ...state.base,
    ...mapValues(part.needs, runningOf),
    ...mapValues(part.uses, (other) => () => runningOf(other)),
    ...mapValues(part.later, (other) => () => runningOf(named(other))),
  };
  const ending = new AbortController();
  const running = await part.start(input, given, ending.signal);
  state.lives.set(part, { running, ending, builtFrom: JSON.stringify(part.inputs(input)), stopped: false });
}

async function stopThese<I, B>(state: State<I, B>, parts: readonly Part<I, B>[]): Promise<void> {
  for (const part of [...parts].reverse()) {
    const life = state.lives.get(part);
    if (life === undefined || life.stopped) continue;
    life.stopped = true;
    try {
      await life.running.stop();
    } catch (error) {
      state.onTrouble(part.name, error);
    }
    life.ending.abort();
  }
}

/** What a new input makes necessary. */
function plan<I, B>({ order, lives }: State<I, B>, input: I) {
  const restart = new Set<Part<I, B>>();
  const adapt = new Set<Part<I, B>>();
  for (const part of order) {
    const life = lives.get(part);
    const isChanged = life?.builtFrom !== JSON.stringify(part.inputs(input));
    const isCutOff = Object.values(part.needs).some((other) => restart.has(other));
    if (life?.stopped !== false || isCutOff || (isChanged && part.adapt === undefined)) restart.add(part);
    else if (isChanged) adapt.add(part);
  }
  return { restart, adapt };
}

async function reload<I, B>(state: State<I, B>, input: I): Promise<string[]> {
  const { restart, adapt } = plan(state, input);
  await stopThese(state, [...restart]);
  for (const part of adapt) {
    const life = state.lives.get(part);
    if (life === undefined) continue;
    part.adapt?.(life.running, input);
    life.builtFrom = JSON.stringify(part.inputs(input));
  }
  for (const part of restart) await startOne(state, part, input);
  return state.order.filter((part) => restart.has(part) || adapt.has(part)).map(({ name }) => name);
}

async function add<I, B>(state: State<I, B>, listed: readonly Part<I, B>[], input: I): Promise<void> {
  const started = state.order;
  state.order = startOrder([...started, ...listed]);
  try {
    for (const part of state.order) if (!started.includes(part)) await startOne(state, part, input);
  } catch (error) {
    await stopThese(state, state.order);
    throw error;
  }
}

/**
 * Starts parts in the order of their needs, each with `base` and what it declares. When one fails to start, those
 * before it are stopped again and the failure is thrown.
 */
export async function startParts<Input, Base>(
  listed: readonly Part<Input, Base>[],
  base: Base,
  input: Input,
  onTrouble: (name: string, error: unknown) => void,
): Promise<RunningParts<Input, Base>> {
  const state: State<Input, Base> = { order: [], base, lives: new Map(), onTrouble };
  await add(state, listed, input);
  return {
    // a part is started by its own `start` alone, so this is what that gives
    get: <Running extends Stoppable>(part: Part<Input, Base, Running>) =>
      state.lives.get(part)?.running as Running,
    reload: (next) => reload(state, next),
    add: (more, next) => add(state, more, next),
    async stop() {
      for (const { ending } of state.lives.values()) ending.abort();
      await stopThese(state, state.order);
    },
  };
}
