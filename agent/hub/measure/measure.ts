// Measures the clocks of a fleet: asks one unit after the other for its time, and holds what it claims against that.
import { known } from '../../lib/known.ts';
import type { FleetUnit, Measured } from '../fleet/model.ts';
import { type AskerDeps, type AskOutcome, openAsker, type TimeAsker } from './asker.ts';
import { type AskSummary, askSummaryOf, bestOf } from './asknow.ts';
import type { HubClock } from './claim.ts';
import { type JudgedClaim, judgeExchange, type SeenExchange, unjudgedFor } from './judge.ts';
import { newRota, type Rota, type TurnUnit } from './rota.ts';
import { type HubDoubt, hubDoubtOf } from './sources.ts';

/** What of a unit has to be known. */
export type MeasuredUnit = TurnUnit & Pick<FleetUnit, 'restarts' | 'clock'>;

export interface MeasureDeps extends AskerDeps {
  /** [0, 1) */
  random(): number;
  /** The units of now; called each half minute. */
  units(): readonly MeasuredUnit[];
  /** A unit contradicts its claim, or does no longer. */
  changed?(unit: string, measured: Measured): void;
}

export interface MeasureOptions {
  /** Of the inbox in which answers are awaited: `_INBOX`. */
  readonly inboxPrefix: string;
  /** Shortens all times between exchanges, for tests with real units; 1 by default. */
  readonly scale?: number;
}

/** How asking goes, for the page. */
export interface MeasureState {
  readonly clock: HubClock;
  /** The hub's clock is outvoted by those of the units. */
  readonly doubt?: HubDoubt;
  readonly asked: number;
  readonly answered: number;
  /** Units that have not answered their last three questions, or answered nonsense. */
  readonly mute: readonly string[];
}

export interface Measuring {
  /** The newest of that unit; undefined before the first answer. */
  measured(unit: string): Measured | undefined;
  /** Asks it some times in a row, if it is one of the units. Whoever asks meanwhile gets the same answer. */
  ask(unit: string): Promise<AskSummary>;
  state(): MeasureState;
  stop(): void;
}

const tick_ms = 1000;
const enlistEvery_ms = 30_000;
const weighEvery_ms = 5000;
/** Exchanges when somebody asks for a unit, and for how long a new one is begun: whoever asks waits for all of them. */
const askedInRow = 8;
const askedFor_ms = 6000;
const mostUnanswered = 3;

/** What is known of one unit. */
interface Known {
  judged?: JudgedClaim;
  /** Of the hub's clock, when that was measured. */
  steps?: number;
  unanswered: number;
}

/** All that is measured. */
interface Book {
  readonly deps: MeasureDeps;
  readonly rota: Rota;
  readonly asker: TimeAsker;
  readonly units: Map<string, Known>;
  readonly running: Map<string, Promise<AskSummary>>;
  listed: ReadonlyMap<string, MeasuredUnit>;
  doubt: HubDoubt | undefined;
  asked: number;
  answered: number;
  /** Something was found since the hub was weighed last, or its clock set. */
  isStale: boolean;
  weighedSteps: number;
}

function shown(book: Book, unit: string): Measured | undefined {
  const measured = book.units.get(unit)?.judged?.measured;
  return book.doubt !== undefined && measured !== undefined && measured.runs > 0
    ? unjudgedFor(measured, 'hub_doubted')
    : measured;
}

function enlist(book: Book): void {
  const units = book.deps.units();
  book.listed = new Map(units.map((one) => [one.unit, one]));
  for (const unit of book.units.keys())
    if (!book.listed.has(unit)) {
      book.units.delete(unit);
      book.isStale = true; // it has no vote any more
    }
  book.rota.enlist(units, book.deps.ticker.now_ms());
}

/** A unit that was flagged by a clock that is doubted now begins anew once that is over. */
function clear(book: Book, unit: string, entry: Known): void {
  const { judged } = entry;
  if (judged?.measured.verdict !== 'contradicts') return;
  const { edge_us: _, ...rest } = judged;
  entry.judged = { ...rest, measured: { ...unjudgedFor(judged.measured, 'hub_doubted'), runs: 0 } };
  book.deps.changed?.(unit, entry.judged.measured);
}

/** Doubts the hub's clock, or no longer, by what was found since; what was measured before it was set is of another clock. */
function weigh(book: Book): void {
  const steps = book.asker.steps();
  if (!book.isStale && steps === book.weighedSteps) return;
  book.isStale = false;
  book.weighedSteps = steps;
  const found = [...book.units].map(([unit, entry]) => ({
    unit,
    ...known({
      clock: book.listed.get(unit)?.clock,
      measured: entry.steps === steps ? entry.judged?.measured : undefined,
    }),
  }));
  book.doubt = hubDoubtOf(found);
  if (book.doubt !== undefined) for (const [unit, entry] of book.units) clear(book, unit, entry);
}

type Judgeable = Pick<SeenExchange, 'exchange' | 'isDisputed' | 'isExtra'>;

function judge(book: Book, unit: string, seen: Judgeable): void {
  const entry = book.units.get(unit) ?? { unanswered: 0 };
  const { restarts = 0, clock } = book.listed.get(unit) ?? {};
  const before = shown(book, unit);
  const steps = book.asker.steps();
  const era = `${restarts} ${steps}`;
  const lasting = book.doubt === undefined ? entry.judged : undefined; // by a doubted clock no run goes on
  entry.judged = judgeExchange(lasting, { ...seen, grandmaster: clock?.grandmaster, era });
  entry.steps = steps;
  entry.unanswered = 0;
  book.units.set(unit, entry);
  book.isStale = true;
  const after = shown(book, unit);
  const isNews = (before?.verdict === 'contradicts') !== (after?.verdict === 'contradicts');
  if (isNews && after !== undefined) book.deps.changed?.(unit, after);
}

function count(book: Book, unit: string, outcome: AskOutcome): void {
  book.asked += 1;
  if (outcome.kind === 'answered') book.answered += 1;
  if (outcome.kind === 'answered' || outcome.kind === 'void') return;
  const entry = book.units.get(unit) ?? { unanswered: 0 };
  entry.unanswered += 1;
  book.units.set(unit, entry);
}

async function askOnce(book: Book, unit: string): Promise<void> {
  const outcome = await book.asker.ask(unit).settled;
  if (!book.listed.has(unit)) return; // forgotten meanwhile
  count(book, unit, outcome);
  if (outcome.kind === 'answered') judge(book, unit, outcome);
}

/** One after the other, since exchanges at once would wait for each other on a slow path. */
async function askInRow(book: Book, unit: string): Promise<AskSummary> {
  const questions = [];
  let lost = 0;
  const { ticker } = book.deps;
  const until_ms = ticker.now_ms() + askedFor_ms;
  while (questions.length < askedInRow && lost < 2 && ticker.now_ms() < until_ms) {
    const question = book.asker.ask(unit);
    questions.push(question);
    const { kind } = await question.first;
    if (kind === 'nobody') break;
    if (kind === 'timeout' || kind === 'unfit') lost += 1;
  }
  const outcomes = await Promise.all(questions.map(({ first }) => first));
  const exchanges = outcomes.flatMap((one) => (one.kind === 'answered' ? one.exchange : []));
  const best = bestOf(exchanges);
  void Promise.all(questions.map(({ settled }) => settled)).then((settled) => {
    const isDisputed = settled.some((one) => one.kind === 'answered' && one.isDisputed);
    if (best !== undefined && book.listed.has(unit))
      judge(book, unit, { exchange: best, isDisputed, isExtra: true });
  });
  return askSummaryOf(questions.length, exchanges, book.listed.get(unit)?.clock?.grandmaster);
}

function askNow(book: Book, unit: string): Promise<AskSummary> {
  const running = book.running.get(unit);
  if (running !== undefined) return running;
  if (!book.listed.has(unit)) enlist(book); // it may have come just now
  if (!book.listed.has(unit)) return Promise.resolve(askSummaryOf(0, [], undefined));
  const asking = askInRow(book, unit).finally(() => book.running.delete(unit));
  book.running.set(unit, asking);
  return asking;
}

const stateOf = (book: Book): MeasureState => ({
  clock: book.deps.clock(),
  ...known({ doubt: book.doubt }),
  asked: book.asked,
  answered: book.answered,
  mute: [...book.units].filter(([, { unanswered }]) => unanswered >= mostUnanswered).map(([unit]) => unit),
});

/** Measures until it is stopped or the signal comes. */
export function measureClocks(deps: MeasureDeps, opts: MeasureOptions, signal: AbortSignal): Measuring {
  const { ticker } = deps;
  const { inboxPrefix, scale = 1 } = opts;
  const book: Book = {
    deps,
    rota: newRota(deps.random, scale),
    asker: openAsker(deps, inboxPrefix),
    units: new Map(),
    running: new Map(),
    listed: new Map(),
    doubt: undefined,
    asked: 0,
    answered: 0,
    isStale: false,
    weighedSteps: 0,
  };
  enlist(book);
  const ends = [
    ticker.every(Math.max(tick_ms, enlistEvery_ms * scale), () => enlist(book)),
    ticker.every(weighEvery_ms, () => weigh(book)),
    ticker.every(tick_ms, () => {
      for (const unit of book.rota.due(ticker.now_ms())) void askOnce(book, unit);
    }),
    () => book.asker.stop(),
  ];
  const stop = (): void => {
    for (const end of ends.splice(0)) end();
  };
  signal.addEventListener('abort', stop, { once: true });
  return {
    measured: (unit) => shown(book, unit),
    ask: (unit) => askNow(book, unit),
    state: () => stateOf(book),
    stop,
  };
}
