import type { ClockSummary } from '../clock/types.ts';
import { known } from '../lib/known.ts';
import { type Ring, ring } from '../lib/ring.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Incoming } from '../nats/incoming.ts';
import type { Link } from '../nats/link.ts';
import type { PeerRtt, RttMetric, WindowStats } from '../wire/reports.ts';
import { type OneWay, oneWay } from './oneway.ts';
import { windowStats } from './window.ts';

export interface RttDeps {
  readonly link: Pick<Link, 'flushRtt_us' | 'publish' | 'request' | 'subscribe'>;
  readonly ticker: Ticker;
  /** Unix µs, from a clock that survives steps. */
  now_us(): number;
  /** The unit's own clock. */
  clock(): ClockSummary;
  /** A new token that nobody can guess: a peer that is asked must not be able to answer for another. */
  token(): string;
}

export interface RttOptions {
  readonly echoSubject: string;
  /** Where peers answer, each time under another token: `_INBOX.<unit>`. */
  readonly peerInbox: string;
  readonly interval_ms: number;
  readonly peers: readonly {
    readonly unit: string;
    readonly subject: string;
    readonly interval_ms: number;
  }[];
}

export interface RttProbe {
  /** The figures of now, as `ops.metric.rtt` carries them. */
  read(): Pick<RttMetric, 'native_rtt_us' | 'app_rtt_us' | 'native' | 'app' | 'peers'>;
  stop(): void;
}

/** Round trips of one kind; undefined stands for a lost one. */
interface Series {
  readonly samples: Ring<number | undefined>;
  last_us: number | undefined;
}

interface Peer extends Series {
  readonly unit: string;
  readonly subject: string;
  readonly interval_ms: number;
  /** One-way times of the last answer. */
  seen: OneWay;
}

/** All probes of the unit. */
interface Probes {
  readonly deps: RttDeps;
  readonly opts: RttOptions;
  readonly native: Series;
  readonly app: Series;
  readonly peers: readonly Peer[];
  /** Questions to peers that are not answered yet, by their token. */
  readonly waiting: Map<string, (message: Incoming) => void>;
}

const probeText = 'nunect';
/** A probe without an answer for this long is lost: one of our own, which also ends before the next, and one of a peer. */
const answerLimit_ms = { own: 2000, peer: 5000 } as const;
/** Probes that the figures are made of. */
const samplesKept = 60;

function record(to: Series, rtt_us: number | undefined): void {
  to.samples.push(rtt_us);
  to.last_us = rtt_us;
}

async function probeOwn({ deps: { link, ticker }, opts, native, app }: Probes): Promise<void> {
  const timeout_ms = Math.min(answerLimit_ms.own, opts.interval_ms);
  record(native, await link.flushRtt_us(timeout_ms));
  const begun_ms = ticker.now_ms();
  const answer = await link.request(opts.echoSubject, probeText, { timeout_ms });
  record(app, answer.kind === 'reply' ? (ticker.now_ms() - begun_ms) * 1000 : undefined);
}

function probePeer({ deps, opts, waiting }: Probes, peer: Peer): void {
  const { link, ticker } = deps;
  const token = deps.token();
  const sent_us = deps.now_us();
  const begun_ms = ticker.now_ms();
  const finish = (rtt_us: number | undefined, seen: OneWay): void => {
    waiting.delete(token);
    cancel();
    record(peer, rtt_us);
    peer.seen = seen;
  };
  const cancel = ticker.after(answerLimit_ms.peer, () => finish(undefined, {}));
  waiting.set(token, (message) => {
    const rtt_us = (ticker.now_ms() - begun_ms) * 1000;
    const back_us = deps.now_us();
    if (message.data.length === 0) return finish(undefined, {}); // the server: nobody listens there
    finish(rtt_us, oneWay(message, { sent_us, back_us, rtt_us, clock: deps.clock() }));
  });
  if (!link.publish(peer.subject, probeText, { reply: `${opts.peerInbox}.${token}` })) finish(undefined, {});
}

const figuresOf = ({ samples }: Series): WindowStats => windowStats(samples.items());
const lastOf = ({ last_us }: Series): number | undefined => last_us && Math.round(last_us);

const peerFigures = (peer: Peer): PeerRtt => ({
  unit: peer.unit,
  ...known({ rtt_us: lastOf(peer) }),
  window: figuresOf(peer),
  ...peer.seen,
});

/**
 * Calls `fn` every `interval_ms`, beginning after half of it: not along with what else is done at each interval, and after
 * what shares its wake-up, so that this process is not what is measured.
 */
function everyBetween(ticker: Ticker, interval_ms: number, fn: () => void): () => void {
  const measure = (): void => void setImmediate(fn);
  let end = ticker.after(
    interval_ms / 2,
    () => {
      measure();
      end = ticker.every(interval_ms, measure, 0.05);
    },
    true,
  );
  return () => end();
}

/** Measures round trips to the local server, through the unit's own echo, and to peers. */
export function watchRtt(deps: RttDeps, opts: RttOptions, signal: AbortSignal): RttProbe {
  const { link, ticker } = deps;
  const series = (): Series => ({ samples: ring(samplesKept), last_us: undefined });
  const peers = opts.peers.map((peer): Peer => ({ ...peer, ...series(), seen: {} }));
  const probes: Probes = { deps, opts, native: series(), app: series(), peers, waiting: new Map() };
  const { native, app, waiting } = probes;
  const ends = [
    everyBetween(ticker, opts.interval_ms, () => void probeOwn(probes)),
    ...peers.map((peer) => everyBetween(ticker, peer.interval_ms, () => probePeer(probes, peer))),
  ];
  if (peers.length > 0)
    ends.push(
      link.subscribe(`${opts.peerInbox}.*`, (message) => {
        waiting.get(message.subject.slice(opts.peerInbox.length + 1))?.(message);
      }),
    );
  const stop = (): void => {
    for (const end of ends.splice(0)) end();
    waiting.clear();
  };
  signal.addEventListener('abort', stop, { once: true });
  return {
    read: () => ({
      ...known({ native_rtt_us: lastOf(native), app_rtt_us: lastOf(app) }),
      native: figuresOf(native),
      app: figuresOf(app),
      peers: peers.map(peerFigures),
    }),
    stop,
  };
}
