import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Spawn } from '../../lib/child.ts';
import { reasonOf } from '../../lib/errors.ts';
import { type Ticker, within } from '../../lib/ticker.ts';
import { type PmcReply, type ReplySplitter, replySplitter } from './pmc.ts';

/**
 * How a question ended. `refused`: the daemon does not answer it. `unknown`: pmc has no such word.
 * `silent`: nothing came in time. `ended`: pmc is gone.
 */
export type PmcOutcome = 'answered' | 'refused' | 'unknown' | 'silent' | 'ended';

/** Why a pmc is no more. */
export interface PmcEnd {
  /** The errno of a failed start, e.g. ENOENT. */
  readonly errno?: string;
  /** The last of its stderr, in one line. */
  readonly stderr: string;
}

/** One pmc that is fed commands on its stdin. */
export interface PmcChild {
  /**
   * Asks one question and waits until `replies` data sets named `id` have come, or a refusal, or too long.
   * One at a time: pmc loses commands that come while it works on another. `isUrgent`: it is known at once that nothing
   * came, not with what is due next.
   */
  ask(command: string, id: string, replies: number, isUrgent?: boolean): Promise<PmcOutcome>;
  /** Fulfilled once pmc is gone. */
  readonly ended: Promise<PmcEnd>;
  /** Ends it: kindly, so that it removes its socket, or at once. */
  end(how: 'kindly' | 'at once'): Promise<void>;
}

/** Gets every reply in order, the answers as well as the events (`asked` false). */
export type OnReply = (reply: PmcReply, asked: boolean) => void;

const answerMs = 300;
/** pmc writes a reply in one go, so this long a silence is its end. */
const quietMs = 2;
const goodbyeMs = 500;
const keptStderr = 400;

interface Question {
  readonly id: string;
  missing: number;
  readonly done: (outcome: PmcOutcome) => void;
}

/** A pmc that runs. */
interface Running {
  readonly ticker: Ticker;
  readonly process: ChildProcessWithoutNullStreams;
  readonly splitter: ReplySplitter;
  readonly onReply: OnReply;
  question?: Question | undefined;
  stderr: string;
  gone: boolean;
  cancelQuiet: () => void;
}

function finish(pmc: Running, outcome: PmcOutcome): void {
  const { question } = pmc;
  pmc.question = undefined;
  question?.done(outcome);
}

function takeReply(pmc: Running, reply: PmcReply): void {
  const { question } = pmc;
  const asked = question !== undefined && reply.kind === 'response' && reply.id === question.id;
  pmc.onReply(reply, asked);
  if (reply.kind === 'refused') finish(pmc, 'refused');
  if (pmc.question === undefined || !asked) return;
  pmc.question.missing -= 1;
  if (pmc.question.missing <= 0) finish(pmc, 'answered');
}

function readOutput(pmc: Running): void {
  const { process, splitter } = pmc;
  const take = (reply: PmcReply): void => takeReply(pmc, reply);
  process.stdin.on('error', () => {}); // it may die while we write: `ended` reports that
  process.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    splitter.push(chunk).forEach(take);
    splitter.takeWhole().forEach(take);
    pmc.cancelQuiet();
    if (splitter.isOpen()) pmc.cancelQuiet = pmc.ticker.after(quietMs, () => splitter.flush().forEach(take));
  });
  process.stderr.setEncoding('utf8').on('data', (text: string) => {
    pmc.stderr = (pmc.stderr + text).slice(-keptStderr);
    if (/bad command|not supported/.test(text)) finish(pmc, 'unknown');
  });
}

function endOf(pmc: Running): Promise<PmcEnd> {
  return new Promise((resolve) => {
    const over = (errno?: string): void => {
      pmc.gone = true;
      pmc.cancelQuiet();
      finish(pmc, 'ended');
      const lines = pmc.stderr.split('\n').map((line) => line.trim());
      const stderr = lines.filter((line) => line !== '').join('; ');
      resolve({ ...(errno === undefined ? {} : { errno }), stderr });
    };
    pmc.process.on('error', (error) => over(reasonOf(error)));
    pmc.process.on('close', () => over());
  });
}

function ask(
  pmc: Running,
  command: string,
  id: string,
  replies: number,
  isUrgent = false,
): Promise<PmcOutcome> {
  if (pmc.gone) return Promise.resolve('ended');
  return new Promise((resolve) => {
    const question: Question = {
      id,
      missing: replies,
      done(outcome) {
        cancelTimeout();
        resolve(outcome);
      },
    };
    const late = (): void => finish(pmc, question.missing < replies ? 'answered' : 'silent');
    const cancelTimeout = pmc.ticker.after(answerMs, late, !isUrgent);
    pmc.question = question;
    pmc.process.stdin.write(`${command}\n`);
  });
}

/** Starts pmc. */
export function startPmc(
  { spawn, ticker }: { readonly spawn: Spawn; readonly ticker: Ticker },
  program: string,
  args: readonly string[],
  onReply: OnReply,
): PmcChild {
  const process = spawn(program, args);
  const pmc: Running = {
    ticker,
    process,
    splitter: replySplitter(),
    onReply,
    stderr: '',
    gone: false,
    cancelQuiet: () => {},
  };
  readOutput(pmc);
  const ended = endOf(pmc);
  return {
    ask: (...question) => ask(pmc, ...question),
    ended,
    async end(how) {
      if (how === 'kindly') process.stdin.end();
      else process.kill('SIGKILL');
      const cancel = ticker.after(goodbyeMs, () => process.kill('SIGKILL'));
      await within(ticker, goodbyeMs * 2, ended); // a child of its own may hold the pipes
      cancel();
      for (const pipe of [process.stdout, process.stderr]) pipe.destroy();
    },
  };
}
