// Sends what waits for an output, in order, with pauses that grow while it fails.
import type { Log } from '../../../lib/log.ts';
import type { Ticker } from '../../../lib/ticker.ts';
import type { Beat } from '../bodies.ts';
import { type Dropped, type Journal, type Queued, waitingFor } from '../journal.ts';
import type { AlertOutput } from './output.ts';

/** An output as it is now. */
export interface OutputState {
  readonly name: string;
  /** Notices that it has not got yet. */
  readonly waiting: number;
  /** Since when it fails, Unix ms, and why. */
  readonly failing?: { readonly since_ms: number; readonly why: string };
}

export interface AlertSender {
  /** There may be something to send. */
  wake(): void;
  /** A sign of life is due: it goes once all else has gone, made up then. */
  beat(make: () => Beat): void;
  state(): OutputState;
  /** Ends after what is under way, within its time limit at most. */
  stop(): Promise<void>;
  /** Ends that, too. */
  end(): void;
}

export interface AlertSenderDeps {
  readonly ticker: Ticker;
  readonly wall_ms: () => number;
  readonly log: Log;
  readonly random: () => number;
  readonly journal: () => Journal;
  /** An output has these; `told`: it was told that so many were dropped. To be written down before it returns. */
  done(output: string, seq: number, told: Dropped): void;
  /** An output refuses that one, and will not get it. To be written down, too. */
  giveUp(output: string, seq: number): void;
}

const pauses_ms = { first: 1000, longest: 60_000 } as const;

/** So often one alone is refused until it is given up, so that what comes behind it is told. */
const mostRefusals = 5;

/** The first of what waits, of each alert one: in one body their order would be nobody's. */
function batchOf(waiting: readonly Queued[], most: number): readonly Queued[] {
  const keys = new Set<string>();
  const batch: Queued[] = [];
  for (const one of waiting) {
    if (batch.length >= most || keys.has(one.alert.key)) break;
    keys.add(one.alert.key);
    batch.push(one);
  }
  return batch;
}

/** What a sender has come to. */
interface Sending {
  readonly deps: AlertSenderDeps;
  readonly output: AlertOutput;
  failing: OutputState['failing'];
  pause_ms: number;
  /** After a refusal one at a time: the body may have been too large. */
  isSingly: boolean;
  /** How often one alone was refused, since another one was sent. */
  refusals: { readonly seq: number; readonly count: number };
  makeBeat: (() => Beat) | undefined;
  isStopped: boolean;
}

function succeeded(sending: Sending): void {
  if (sending.failing !== undefined) sending.deps.log.info(`alerts reach the ${sending.output.name} again`);
  sending.failing = undefined;
  sending.pause_ms = pauses_ms.first;
}

function failed(sending: Sending, why: string): void {
  const { deps, output } = sending;
  if (sending.failing?.why !== why) deps.log.warn(`alerts do not reach the ${output.name}: ${why}`);
  sending.failing = { since_ms: sending.failing?.since_ms ?? deps.wall_ms(), why };
}

/** What cannot work, as is known before anything is sent, fails until something gets through. */
function toldFault(sending: Sending): void {
  const why = sending.output.fault?.();
  if (why !== undefined) failed(sending, why);
}

/** Sends once; gives whether the next may follow at once. */
async function sendOnce(sending: Sending): Promise<boolean> {
  const { deps, output } = sending;
  const journal = deps.journal();
  const waiting = waitingFor(journal, output.name);
  if (waiting.length === 0) return sendBeat(sending);
  const batch = batchOf(waiting, sending.isSingly ? 1 : output.most);
  const dropped = journal.cursors[output.name]?.dropped ?? { count: 0, keys: [] };
  const result = await output.send(batch, dropped);
  const last = batch.at(-1)?.seq ?? 0;
  if (result.ok) {
    sending.isSingly = false;
    deps.done(output.name, last, dropped);
    succeeded(sending);
    return true;
  }
  if (result.isRefused === true && batch.length > 1) {
    sending.isSingly = true;
    return true;
  }
  failed(sending, result.why);
  return result.isRefused === true && refusedOften(sending, last);
}

/** Takes in that one alone was refused; gives whether it was given up, so that the next one may follow. */
function refusedOften(sending: Sending, seq: number): boolean {
  const { deps, output, refusals } = sending;
  const count = refusals.seq === seq ? refusals.count + 1 : 1;
  sending.refusals = { seq, count };
  if (count < mostRefusals) return false;
  deps.log.error(`an alert is given up that the ${output.name} refuses`, { number: seq });
  deps.giveUp(output.name, seq);
  return true;
}

/** A sign of life that does not get through is not sent later: that it stays out is what it is for. */
async function sendBeat(sending: Sending): Promise<boolean> {
  const make = sending.makeBeat;
  sending.makeBeat = undefined;
  if (make === undefined || sending.output.beat === undefined) return false;
  const result = await sending.output.beat(make());
  if (result.ok) succeeded(sending);
  else failed(sending, result.why);
  return result.ok;
}

/** Sends to an output until it is stopped. */
export function startAlertSender(output: AlertOutput, deps: AlertSenderDeps): AlertSender {
  const sending: Sending = {
    deps,
    output,
    failing: undefined,
    pause_ms: pauses_ms.first,
    isSingly: false,
    refusals: { seq: 0, count: 0 },
    makeBeat: undefined,
    isStopped: false,
  };
  toldFault(sending);
  let running: Promise<void> | undefined;
  let cancelPause: (() => void) | undefined;
  const run = async (): Promise<void> => {
    while (!sending.isStopped && (await sendOnce(sending)));
  };
  const wake = (): void => {
    if (running !== undefined || cancelPause !== undefined || sending.isStopped) return;
    running = run()
      .catch((error: unknown) => failed(sending, String(error)))
      .finally(() => {
        running = undefined;
        if (sending.isStopped || isIdle()) return;
        if (sending.failing === undefined) return wake();
        const { pause_ms } = sending;
        sending.pause_ms = Math.min(pauses_ms.longest, pause_ms * 2);
        cancelPause = deps.ticker.after(pause_ms * (0.75 + deps.random() / 2), () => {
          cancelPause = undefined;
          wake();
        });
      });
  };
  const isIdle = (): boolean =>
    sending.makeBeat === undefined && waitingFor(deps.journal(), output.name).length === 0;
  return {
    wake,
    beat(make) {
      if (output.beat === undefined || output.isOpening?.() === true) return;
      sending.makeBeat = make;
      wake();
    },
    state: () => ({
      name: output.name,
      waiting: waitingFor(deps.journal(), output.name).length,
      ...(sending.failing === undefined ? {} : { failing: sending.failing }),
    }),
    async stop() {
      sending.isStopped = true;
      cancelPause?.();
      await running;
    },
    end: () => output.end?.(),
  };
}
