import { isOpen, type Lane, oldestLane } from './subjectqueue.ts';

/** Whose record is sent next: the first of that queue of that lane. */
export interface Turn {
  readonly lane: Lane;
  readonly queue: 'fresh' | 'backlog';
}

export interface Turns {
  /** Undefined when nothing may be sent. */
  next(
    lanes: Iterable<Lane>,
    now_ms: number,
    use: { readonly window: number; readonly backlogInFlight: number },
  ): Turn | undefined;
}

/** Live first; of four records at least one is from the backlog, so that neither starves. */
export function takeTurns(): Turns {
  let turn = 0;
  return {
    next(lanes, now_ms, { window, backlogInFlight }) {
      const open = [...lanes].filter((lane) => lane.state === 'plain' || isOpen(lane, now_ms));
      const live = oldestLane(open, 'fresh', () => true);
      const backlogWindow = Math.max(1, window - Math.max(1, window >> 3)); // the rest is free for live records
      const old = backlogInFlight < backlogWindow ? oldestLane(open, 'backlog', () => true) : undefined;
      turn += 1;
      if (live !== undefined && (old === undefined || turn % 4 !== 0)) return { lane: live, queue: 'fresh' };
      return old === undefined ? undefined : { lane: old, queue: 'backlog' };
    },
  };
}
