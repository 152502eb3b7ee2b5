import type { Ticker } from '../../lib/ticker.ts';
import { causeOf, type Sign } from '../causes.ts';
import { type DoorTls, isReached, type Knock, knockHub } from './hubprobe.ts';

/** What is known of the doors of the hubs. */
export interface Doors {
  /** Somebody accepts connections at one of the addresses, of the asked or of the last good settings. */
  readonly reached: boolean;
  /** One of those that were asked for is open. */
  readonly open: boolean;
}

export interface DoorWatch {
  /** Knocks when it is time to. */
  tick(): void;
  state(): Doors;
  /** The hub is joined: nothing is known from here on, and the next outage begins with short pauses. */
  forget(): void;
}

export interface DoorOptions {
  readonly urls: readonly string[];
  /** Addresses of the last good settings, of which only the first line is waited for. */
  readonly others: readonly string[];
  readonly tls: DoorTls | undefined;
  readonly limit_ms: number;
}

const shut: Doors = { reached: false, open: false };
/** A reconnection takes less. */
const firstPause_ms = 1000;
const longestPause_ms = 60_000;

/** Knocks at the hubs of an outage, with pauses that double. What they say of a cause goes to `onSign`. */
export function watchDoors(ticker: Ticker, opts: DoorOptions, onSign: (sign: Sign) => void): DoorWatch {
  let state = shut;
  let pause_ms = firstPause_ms;
  let due_ms: number | undefined;
  let outage = 0;

  const signOf = ({ why = '', url, address }: Knock): Sign[] => {
    const code = causeOf(why);
    const at = address === undefined || url.includes(address) ? url : `${url}, ${address}`;
    return code === undefined ? [] : [{ code, detail: `${why} at ${at}` }];
  };

  async function knock(): Promise<void> {
    const mine = outage;
    const at = (urls: readonly string[], tls: DoorTls | undefined) =>
      Promise.all(urls.map((url) => knockHub(url, tls, opts.limit_ms)));
    const [asked, others] = await Promise.all([at(opts.urls, opts.tls), at(opts.others, undefined)]);
    if (mine !== outage) return;
    const open = asked.some(({ step }) => step === 'open');
    state = { open, reached: [...asked, ...others].some(isReached) };
    due_ms = ticker.now_ms() + pause_ms;
    pause_ms = Math.min(longestPause_ms, pause_ms * 2);
    if (open) onSign({ code: 'unjoined', detail: 'its address answers' });
    else for (const sign of asked.flatMap(signOf)) onSign(sign);
  }

  return {
    tick() {
      due_ms ??= ticker.now_ms() + firstPause_ms;
      if (ticker.now_ms() < due_ms) return;
      due_ms = Number.POSITIVE_INFINITY; // until this one is over
      void knock();
    },
    state: () => state,
    forget() {
      outage += 1;
      state = shut;
      pause_ms = firstPause_ms;
      due_ms = undefined;
    },
  };
}
