import { watchedTime } from '../clock/setup/watched.ts';
import { trafficProfileOf } from '../config/traffic.ts';
import type { LeafWatch } from '../leaf/watch/watch.ts';
import type { Ticker } from '../lib/ticker.ts';
import type { Link } from '../nats/link.ts';
import type { Spool } from '../records/spool.ts';
import type { SpoolState } from '../records/stats.ts';
import { startPublisher } from '../status/publisher.ts';
import { eventsPart } from './events.ts';
import { leafPart } from './leaf.ts';
import { linkPart } from './link.ts';
import { type AgentInput, nameIn, part, subjectsIn } from './part.ts';
import { spoolPart } from './spool.ts';
import { surveyPart } from './survey.ts';

const publisherOptions = (file: AgentInput) => ({
  name: nameIn(file),
  subjects: subjectsIn(file),
  interval_s: file.config.agent.interval_s,
  traffic: trafficProfileOf(file.config.agent.traffic),
  boot_delay_s: file.config.agent.boot_delay_s,
  time: watchedTime(file.config, file.timeSetup),
});

const firstLook_ms = 4000;
const pause_ms = 20;

/** No answer of the hub to a record, yet: the leaf takes a moment to join it. */
const unanswered: ReadonlySet<SpoolState> = new Set(['starting', 'failing', 'offline']);

/** The hub has not been asked about, or may be about to answer on its link. */
function mayYetBeUp(leaf: Pick<LeafWatch, 'read'>): boolean {
  const reading = leaf.read();
  return reading.kind === 'absent' ? reading.why === 'not_yet' : reading.value.hub.up === undefined;
}

/**
 * Resolves once the server could not be reached, or the hub has answered a record, and on its link; after 4 s at the
 * latest. Whoever looks before that sees a problem at each start, and it is published.
 */
function firstTried(
  { link, leaf }: { link(): Pick<Link, 'state'>; leaf(): Pick<LeafWatch, 'read'> },
  spool: Pick<Spool, 'stats'>,
  ticker: Ticker,
) {
  const until_ms = ticker.now_ms() + firstLook_ms;
  return new Promise<void>((resolve) => {
    const look = (): void => {
      const { connected, lastError } = link().state();
      const isAnswered = !unanswered.has(spool.stats().state) && !mayYetBeUp(leaf());
      const isTried = connected ? isAnswered : lastError !== undefined;
      if (isTried || ticker.now_ms() >= until_ms) resolve();
      else ticker.after(pause_ms, look);
    };
    look();
  });
}

/** Heartbeat and metrics at each interval. What a reload changes of the unit's state is published at once. */
export const publisherPart = part({
  name: 'publisher',
  needs: { spool: spoolPart, events: eventsPart },
  uses: { link: linkPart, leaf: leafPart, survey: surveyPart },
  inputs: ({ config: { agent, hub, leaf, time, ptp }, ...file }) => [
    agent,
    hub,
    leaf,
    time,
    ptp,
    file.timeSetup,
    file.problems,
    file.leaf,
    file.connection.creds, // whose days are counted
    file.copies,
  ],
  start: (file, { spool, events, link, leaf, survey, ticker, wall, random }) =>
    startPublisher(
      {
        spool,
        ticker,
        wall,
        random,
        firstTried: () => firstTried({ link, leaf }, spool, ticker),
        async look() {
          const now = await survey().look();
          events.compare(now.health.findings);
          return now;
        },
      },
      publisherOptions(file),
    ),
  adapt: (publisher, file) => publisher.configure(publisherOptions(file)),
});
