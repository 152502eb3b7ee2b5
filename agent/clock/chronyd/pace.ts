// How often chronyd is asked: as often as it can have something new to tell, and each poll while things change.
import { type ChronyFacts, selectedSource } from '../facts.ts';
import { isSourceAlive, longestPause_ms } from '../verdict/ntp.ts';

/** What has changed or has been told of a change is looked at each poll for so long. */
const lively_ms = 20_000;

/** What is a change, as against mere measurements. */
const signatureOf = (facts: ChronyFacts): string => {
  const { tracking, sources } = facts;
  const selected = selectedSource(facts);
  const liars = sources.filter(({ state }) => state === 'falseticker').length;
  return [tracking.leap, selected?.name, selected && isSourceAlive(selected), liars].join(' ');
};

/** chronyd updates its clock no sooner than it polls a source, so that between two looks it does so once at most. */
function pauseOf_ms({ sources }: ChronyFacts): number {
  const polls = sources.filter(isSourceAlive).map(({ poll }) => poll);
  return Math.min(longestPause_ms, 1000 * (2 ** Math.min(...polls) - 1));
}

export interface ChronyPace {
  /** Facts came, or the word for why there are none. */
  saw(seen: ChronyFacts | string): void;
  /** Something has happened that chronyd will soon tell of. */
  hasten(): void;
  /** From one look to the next. */
  pause_ms(): number;
}

/** `poll_ms` is the quickest. */
export function chronyPace(poll_ms: number, now_ms: () => number): ChronyPace {
  let changed_ms = now_ms();
  let signature = '';
  let calm_ms = longestPause_ms;
  return {
    saw(seen) {
      const isFailure = typeof seen === 'string';
      const next = isFailure ? seen : signatureOf(seen);
      if (next !== signature) changed_ms = now_ms();
      signature = next;
      calm_ms = isFailure ? longestPause_ms : pauseOf_ms(seen);
    },
    hasten() {
      changed_ms = now_ms();
    },
    pause_ms: () => (now_ms() - changed_ms < lively_ms ? poll_ms : Math.max(poll_ms, calm_ms)),
  };
}
