import type { Spawn } from '../../lib/child.ts';
import { type Ticker, within } from '../../lib/ticker.ts';
import { type PmcReply, replySplitter } from './pmc.ts';

/**
 * How a question ended. `refused`: the daemon will not tell. `unknown`: pmc has no such word.
 * `silent`: nothing came in time. `ended`: pmc is gone.
 */
export type PmcOutcome = 'answered' | 'refused' | 'unknown' | 'silent' | 'ended';

/** Why a pmc is no more. */
export interface PmcEnd {
  /** The errno of a failed start, e.g. ENOENT. */
  readonly errno?: string;
  /** What it said last on stderr, in one line. */
  readonly said: string;
}

/** One pmc that is fed commands on its stdin. */
export interface PmcChild {
  /**
   * Asks one question and waits until `replies` data sets named `id` have come, or a refusal, or too long.
   * One at a time: pmc loses commands that come while it works on another.
   */
  ask(command: string, id: string, replies: number): Promise<PmcOutcome>;
  /** Fulfilled once pmc is gone. */
  readonly ended: Promise<PmcEnd>;
  /** Makes an end of it: kindly, so that it removes its socket, or at once. */
  end(how: 'kindly' | 'at once'): Promise<void>;
}

const answerMs = 300;
/** pmc writes a reply in one go, so this long a silence is its end. */
const quietMs = 2;
const goodbyeMs = 500;

interface Question {
  readonly id: string;
  missing: number;
  readonly done: (outcome: PmcOutcome) => void;
}

/** Starts pmc. `onReply` gets every reply in order, the answers as well as the events (`asked` false). */
export function startPmc(
  deps: { readonly spawn: Spawn; readonly ticker: Ticker },
  program: string,
  args: readonly string[],
  onReply: (reply: PmcReply, asked: boolean) => void,
): PmcChild {
  const { ticker } = deps;
  const splitter = replySplitter();
  let question: Question | undefined;
  let said = '';
  let gone = false;
  let cancelQuiet = (): void => {};

  const finish = (outcome: PmcOutcome): void => {
    const asked = question;
    question = undefined;
    asked?.done(outcome);
  };
  const take = (reply: PmcReply): void => {
    const asked = question !== undefined && reply.kind === 'response' && reply.id === question.id;
    onReply(reply, asked);
    if (reply.kind === 'refused') finish('refused');
    if (question === undefined || !asked) return;
    question.missing -= 1;
    if (question.missing <= 0) finish('answered');
  };

  const child = deps.spawn(program, args);
  child.stdin.on('error', () => {}); // it may die while we write: `ended` tells
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    splitter.push(chunk).forEach(take);
    cancelQuiet();
    cancelQuiet = ticker.after(quietMs, () => splitter.flush().forEach(take));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-400);
    if (/bad command|not supported/.test(text)) finish('unknown');
  });
  const ended = new Promise<PmcEnd>((resolve) => {
    const over = (errno?: string): void => {
      gone = true;
      cancelQuiet();
      finish('ended');
      const line = said.trim().replace(/\s*\n\s*/g, '; ');
      resolve({ ...(errno === undefined ? {} : { errno }), said: line });
    };
    child.on('error', (error: NodeJS.ErrnoException) => over(error.code ?? error.message));
    child.on('close', () => over());
  });

  return {
    ask(command, id, replies) {
      if (gone) return Promise.resolve('ended');
      return new Promise((resolve) => {
        const mine: Question = {
          id,
          missing: replies,
          done(outcome) {
            cancelTimeout();
            resolve(outcome);
          },
        };
        const cancelTimeout = ticker.after(answerMs, () =>
          finish(mine.missing < replies ? 'answered' : 'silent'),
        );
        question = mine;
        child.stdin.write(`${command}\n`);
      });
    },
    ended,
    async end(how) {
      if (how === 'kindly') child.stdin.end();
      else child.kill('SIGKILL');
      const cancel = ticker.after(goodbyeMs, () => child.kill('SIGKILL'));
      await within(ticker, goodbyeMs * 2, ended); // a child of its own may hold the pipes
      cancel();
      for (const pipe of [child.stdout, child.stderr]) pipe.destroy();
    },
  };
}
