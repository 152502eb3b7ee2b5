import { known } from '../../lib/known.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { StatusChange } from '../../wire/reports.ts';
import { type Cause, type CauseCode, causeIn, causes, noOutage, type Sign, withSign } from '../causes.ts';
import { causeSentence } from '../causetext.ts';
import type { LeafWatch } from '../watch/watch.ts';

/** Why the hub is not joined. */
export interface HubTrouble {
  readonly code: CauseCode;
  /** Cause, since when, and what to do. */
  readonly text: string;
}

export interface HubTroubleDeps {
  readonly ticker: Ticker;
  readonly leaf: Pick<LeafWatch, 'hubUp' | 'read'>;
  readonly events: { publish(change: StatusChange): void };
  /** The wall time of a monotonic moment, in Unix ms. */
  wall_ms(mono_ms: number): number;
  /** What to add to a judgment that depends on the date; undefined when the clock is right. */
  clockCaveat(): string | undefined;
}

/** The causes of an outage. */
export interface HubTroubleTracker {
  add(sign: Sign): void;
  /** Forgets all signs: other settings are tried. */
  clear(): void;
  /** Forgets those from before the answer by which the hub is joined: later ones are of the end of this link, and may not come again. */
  joined(): void;
  /** While the hub is not joined and there is a cause. */
  current(): HubTrouble | undefined;
  /** The latest that was current, also after it ended. */
  latest(): HubTrouble | undefined;
  /** Hub or unit refuse: waiting and restarting do not help. */
  isRefused(): boolean;
  /** Publishes an event when there is another cause than before, or none any more. */
  publish(): void;
}

export function trackHubTrouble(deps: HubTroubleDeps): HubTroubleTracker {
  const { ticker, leaf } = deps;
  let outage = noOutage;
  let published: CauseCode | undefined;
  let latest: HubTrouble | undefined;

  const textOf = (cause: Cause): string => {
    const [since_ms, now_ms] = [cause.since_ms, ticker.now_ms()].map(deps.wall_ms) as [number, number];
    return causeSentence(cause, { since_ms, now_ms }, deps.clockCaveat());
  };
  const current = (): HubTrouble | undefined => {
    const cause = leaf.hubUp() === true ? undefined : causeIn(outage);
    return cause && { code: cause.code, text: textOf(cause) };
  };
  return {
    add(sign) {
      outage = withSign(outage, sign, ticker.now_ms());
    },
    clear() {
      outage = noOutage;
    },
    joined() {
      const answer = leaf.read();
      const from_ms = answer.kind === 'fresh' ? answer.at_ms : Infinity;
      outage = { seen: outage.seen.filter(({ last_ms }) => last_ms >= from_ms) };
    },
    current,
    latest: () => current() ?? latest,
    isRefused() {
      const cause = causeIn(outage);
      return cause !== undefined && causes[cause.code].kind === 'refused';
    },
    publish() {
      const now = current();
      const up = leaf.hubUp();
      // the end of a cause is certain only once the hub is joined, its beginning once the server was asked
      if (now?.code === published || (now === undefined ? up !== true : up === undefined)) return;
      deps.events.publish({
        event: 'hub_cause',
        ...known({
          before: published && { cause: published },
          after: now && { cause: now.code },
          evidence: now?.text,
        }),
      });
      published = now?.code;
      latest = now ?? latest;
    },
  };
}
