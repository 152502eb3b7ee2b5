import type { Log } from '../lib/log.ts';
import type { Ticker } from '../lib/ticker.ts';
import { type Entry, type Lane, putBack } from './subjectqueue.ts';

/** How long a lane is given before its records are published without being stored. */
export interface Patience {
  /** For a subject that was never stored. */
  readonly short_ms: number;
  /** For one that was: its stream may come back. */
  readonly long_ms: number;
}

export interface LaneKeeperDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  /** What is known of a lane has changed. */
  changed(): void;
  /** The lane may be tried again at this monotonic ms. */
  wakeAt(due_ms: number): void;
}

/** Draws from each answer what it says about its lane. */
export interface LaneKeeper {
  stored(lane: Lane): void;
  /** Nobody stores this subject, or not yet. True: the entry is done with, it went out plainly. */
  unstored(lane: Lane, entry: Entry, why: string, sent_ms: number): boolean;
  /** The stream answered that it will not have it now. */
  refused(lane: Lane, entry: Entry, why: string): void;
  /** The server does not permit it. */
  denied(lane: Lane, entry: Entry): void;
}

const retry_ms = { first: 1000, longest: 5000 };
const refused_ms = { first: 1000, longest: 30_000 };
const probe_ms = { first: 5000, longest: 300_000 };

export function keepLanes(deps: LaneKeeperDeps, patience: Patience): LaneKeeper {
  const { ticker, log } = deps;

  const hold = (lane: Lane, pause_ms: { readonly first: number; readonly longest: number }): void => {
    const now = ticker.now_ms();
    if (lane.hold_ms > now) return; // another one of the same window has said so already
    lane.pause_ms = Math.min(pause_ms.longest, Math.max(pause_ms.first, lane.pause_ms * 2));
    lane.hold_ms = now + lane.pause_ms;
    deps.wakeAt(lane.hold_ms);
  };

  const become = (lane: Lane, state: Lane['state'], why: string): void => {
    const news = lane.state !== state || lane.why !== why;
    lane.state = state;
    lane.why = why;
    if (news) deps.changed();
  };

  return {
    stored(lane) {
      if (lane.state === 'plain' || lane.state === 'denied') {
        log.info('records are stored again', { subject: lane.subject });
      }
      Object.assign(lane, { failing_ms: undefined, hold_ms: 0, pause_ms: 0, everStored: true });
      become(lane, 'stored', '');
    },
    unstored(lane, entry, why, sent_ms) {
      if (lane.state === 'plain') {
        hold(lane, probe_ms);
        return true;
      }
      putBack(lane, entry);
      lane.failing_ms ??= sent_ms;
      const limit_ms = lane.everStored ? patience.long_ms : patience.short_ms;
      if (ticker.now_ms() - lane.failing_ms < limit_ms) {
        become(lane, 'failing', why);
        hold(lane, retry_ms);
        return false;
      }
      log.warn('records are published without being stored', { subject: lane.subject, why });
      Object.assign(lane, { pause_ms: 0, hold_ms: 0 });
      become(lane, 'plain', why);
      hold(lane, probe_ms);
      return false;
    },
    refused(lane, entry, why) {
      if (lane.why !== why) log.warn('the hub stream refuses records', { subject: lane.subject, why });
      putBack(lane, entry);
      become(lane, 'failing', why);
      hold(lane, refused_ms);
    },
    denied(lane, entry) {
      putBack(lane, entry);
      become(lane, 'denied', 'not permitted to publish');
      hold(lane, probe_ms);
    },
  };
}
