import { fromPublic } from '../lib/nkeys/nkeymakers.ts';
import { isObject } from '../lib/parse.ts';
import { alarm, type Ticker } from '../lib/ticker.ts';
import type { Link } from '../nats/link.ts';
import type { Answer } from '../nats/outgoing.ts';
import type { EnrolAnswer, Verify } from '../wire/enrol.ts';
import type { Question } from './request.ts';

/** Whether a public nkey made a signature. */
export const verifyNkey: Verify = (publicKey, data, signature) => {
  try {
    return fromPublic(publicKey).verify(data, signature);
  } catch {
    return false; // it is no nkey
  }
};

/** How far a question has come. */
export type AskState =
  /** There is no connection to the hub. */
  | { readonly step: 'connecting'; readonly why?: string }
  /** The hub does not take it. */
  | { readonly step: 'not_taken'; readonly why: string }
  /** The hub has stored it; whoever answers may do so later. */
  | { readonly step: 'asked' }
  /** A person has to approve it. */
  | { readonly step: 'pending' };

/** An answer that ends the question. */
export type FinalAnswer = Exclude<EnrolAnswer, { readonly state: 'pending' }>;

const requestLimit_ms = 5000;
/** It is asked again, as an answer may be lost: first after this, then more and more seldom. */
const again = { first_ms: 15_000, longest_ms: 300_000, growth: 1.5 } as const;

/** What the stream of the hub says that it has stored. */
function stateOf(answer: Answer): AskState | undefined {
  switch (answer.kind) {
    case 'reply':
      return ackOf(answer.message.data);
    case 'no_responders':
      return {
        step: 'not_taken',
        why: 'nothing there takes enrolments now: no stream ENROL, or the way to it is down',
      };
    case 'denied':
      return { step: 'not_taken', why: 'the hub does not let this login ask' };
    case 'too_large':
      return { step: 'not_taken', why: 'the hub takes no message of that size' };
    default:
      return undefined;
  }
}

function ackOf(data: Uint8Array): AskState {
  try {
    const ack: unknown = JSON.parse(Buffer.from(data).toString());
    const error = isObject(ack) ? ack['error'] : undefined;
    if (isObject(error))
      return { step: 'not_taken', why: `its stream says: ${String(error['description'])}` };
  } catch {
    // whoever replied has it
  }
  return { step: 'asked' };
}

/**
 * Asks over that link until there is an answer, over all its connections; `tell` hears of each change. The link's owner
 * stops it with `signal`, and the question rejects then.
 */
export function askHub(
  { link, ticker, random }: { readonly link: Link; readonly ticker: Ticker; random(): number },
  question: Question,
  tell: (state: AskState) => void,
  signal: AbortSignal,
): Promise<FinalAnswer> {
  return new Promise((resolve, reject) => {
    let isPending = false;
    let isOver = false;
    let wait_ms: number = again.first_ms;
    const next = alarm(ticker, () => void send());
    const ends = [
      next.stop,
      link.subscribe(question.answers, ({ data }) => {
        const found = question.read(Buffer.from(data).toString());
        if (!found.ok) return; // somebody else's, or an earlier one
        if (found.value.state !== 'pending') return finish(() => resolve(found.value as FinalAnswer));
        isPending = true;
        tell({ step: 'pending' });
      }),
      link.onChange(({ connected, lastError }) => {
        if (connected) void send();
        else tell({ step: 'connecting', ...(lastError && { why: lastError.text }) });
      }),
    ];
    const finish = (settle: () => void): void => {
      isOver = true;
      for (const end of ends) end();
      signal.removeEventListener('abort', stopped);
      settle();
    };
    const stopped = (): void => finish(() => reject(new Error('stopped')));
    async function send(): Promise<void> {
      const state = stateOf(
        await link.request(question.subject, question.text, { timeout_ms: requestLimit_ms }),
      );
      if (isOver) return; // the answer came before the acknowledgement
      if (state !== undefined && !(isPending && state.step === 'asked')) tell(state);
      next.by(ticker.now_ms() + wait_ms * (1 + random() / 2));
      wait_ms = Math.min(again.longest_ms, wait_ms * again.growth);
    }
    signal.addEventListener('abort', stopped, { once: true });
    if (link.state().connected) void send();
  });
}
