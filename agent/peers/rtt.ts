import type { ClockSummary } from '../clock/types.ts';
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
  /** A new word that nobody can guess: a peer that is asked must not be able to answer for another. */
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
  /** A probe without an answer for this long is lost. Default 2 s, peers 5 s. */
  readonly timeout_ms?: number;
  readonly peerTimeout_ms?: number;
  /** Probes that the figures are made of. Default 60. */
  readonly window?: number;
}

export interface RttProbe {
  /** The figures of now, as `ops.metric.rtt` carries them. */
  read(): Pick<RttMetric, 'native_rtt_us' | 'app_rtt_us' | 'native' | 'app' | 'peers'>;
  stop(): void;
}

interface Series {
  readonly samples: Ring<number | undefined>;
  last?: number | undefined;
}

const probeText = 'nunect';

/** Measures round trips to the local server, through the unit's own echo, and to peers. */
export function watchRtt(deps: RttDeps, opts: RttOptions, signal: AbortSignal): RttProbe {
  const { link, ticker } = deps;
  const { timeout_ms = Math.min(2000, opts.interval_ms), peerTimeout_ms = 5000, window = 60 } = opts;
  const series = (): Series => ({ samples: ring(window) });
  const native = series();
  const app = series();
  const peers = opts.peers.map((peer) => ({ ...peer, ...series(), seen: {} as OneWay }));
  const waiting = new Map<string, (message: Incoming) => void>();
  const ends: (() => void)[] = [];

  const record = (to: Series, rtt_us: number | undefined): void => {
    to.samples.push(rtt_us);
    to.last = rtt_us;
  };

  async function probeOwn(): Promise<void> {
    record(native, await link.flushRtt_us(timeout_ms));
    const begun_ms = ticker.now_ms();
    const answer = await link.request(opts.echoSubject, probeText, { timeout_ms });
    record(app, answer.kind === 'reply' ? (ticker.now_ms() - begun_ms) * 1000 : undefined);
  }

  function probePeer(peer: (typeof peers)[number]): void {
    const token = deps.token();
    const sent_us = deps.now_us();
    const begun_ms = ticker.now_ms();
    const finish = (rtt_us: number | undefined, seen: OneWay): void => {
      waiting.delete(token);
      cancel();
      record(peer, rtt_us);
      peer.seen = seen;
    };
    const cancel = ticker.after(peerTimeout_ms, () => finish(undefined, {}));
    waiting.set(token, (message) => {
      const rtt_us = (ticker.now_ms() - begun_ms) * 1000;
      const back_us = deps.now_us();
      if (message.data.length === 0) return finish(undefined, {}); // the server: nobody listens there
      finish(rtt_us, oneWay(message, { sent_us, back_us, rtt_us, clock: deps.clock() }));
    });
    if (!link.publish(peer.subject, probeText, { reply: `${opts.peerInbox}.${token}` }))
      finish(undefined, {});
  }

  if (peers.length > 0) {
    ends.push(
      link.subscribe(`${opts.peerInbox}.*`, (message) => {
        waiting.get(message.subject.slice(opts.peerInbox.length + 1))?.(message);
      }),
    );
  }
  ends.push(ticker.every(opts.interval_ms, () => void probeOwn(), 0.05));
  for (const peer of peers) ends.push(ticker.every(peer.interval_ms, () => probePeer(peer), 0.05));

  const stop = (): void => {
    for (const end of ends.splice(0)) end();
    waiting.clear();
  };
  signal.addEventListener('abort', stop, { once: true });

  const figures = (from: Series): WindowStats => windowStats(from.samples.items());
  const lastOf = (from: Series): number | undefined =>
    from.last === undefined ? undefined : Math.round(from.last);
  return {
    read() {
      const [native_rtt_us, app_rtt_us] = [lastOf(native), lastOf(app)];
      return {
        ...(native_rtt_us === undefined ? {} : { native_rtt_us }),
        ...(app_rtt_us === undefined ? {} : { app_rtt_us }),
        native: figures(native),
        app: figures(app),
        peers: peers.map((peer): PeerRtt => {
          const rtt_us = lastOf(peer);
          return {
            unit: peer.unit,
            ...(rtt_us === undefined ? {} : { rtt_us }),
            window: figures(peer),
            ...peer.seen,
          };
        }),
      };
    },
    stop,
  };
}
