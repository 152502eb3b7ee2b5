// All that the page shows and the alerts watch: units, their clocks as measured, the hub itself. One set of connections for both.
import type { OwnClock } from '../../clock/ownclock.ts';
import { prettyMoment } from '../../lib/format.ts';
import { known } from '../../lib/known.ts';
import { type BothClocks, endingTicker, type Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import type { LinkOptions } from '../../nats/session.ts';
import { openBook } from '../book/book.ts';
import { asOfNow } from '../fleet/asofnow.ts';
import { type FollowedHub, followHub } from '../fleet/follow.ts';
import type { ClockLimits } from '../fleet/limits.ts';
import type { FleetChange, FleetUnit } from '../fleet/model.ts';
import type { MeasureDeps, Measuring } from '../measure/measure.ts';
import { measureFleet } from '../measure/part.ts';
import type { HubHere } from '../run/hubhere.ts';
import type { HubLinks } from '../run/hublinks.ts';
import { type HubWatch, watchHub } from '../servers/watch.ts';
import { doubtWords } from './fleet/words.ts';

/** A hub that is looked at. */
export interface LookedHub {
  /** By what people know it. */
  readonly name: string;
  /** Of a user of the fleet's account, and how it connects. */
  readonly link: Link;
  readonly options: LinkOptions;
  /** A hub of `nunect-hub init`, where its folder is at hand; without it nothing can be changed, and its servers are asked by `link`. */
  readonly kit?: { readonly here: HubHere; readonly links: HubLinks };
}

export interface SourcesDeps {
  readonly ticker: Ticker;
  readonly own: OwnClock;
  /** Unix ms. */
  readonly wall_ms: () => number;
  readonly limits: ClockLimits;
}

/** The units at a moment, the same for all who look within a second. */
export interface FleetMoment {
  /** Unix ms. */
  readonly at_ms: number;
  readonly connected: boolean;
  /** Since when it is not, Unix ms. */
  readonly lost_ms?: number;
  readonly units: readonly FleetUnit[];
  /** What must be known besides, a sentence each. */
  readonly notes: readonly string[];
}

export interface Sources {
  moment(): FleetMoment;
  /** The next moment is anew, and not that of the last second. */
  renew(): void;
  unit(id: string): FleetUnit | undefined;
  /** What happened to units, after that Unix ms. */
  changes(since_ms: number): FleetChange[];
  /** What was until then is not all there, Unix ms. */
  lostChanges_ms(): number | undefined;
  /** Who was silent before we looked is known. */
  isRosterRead(): boolean;
  /** Units may be missing: the roster is not read, or there is none. */
  isPartial(): boolean;
  readonly hub: HubWatch;
  readonly measuring: Measuring;
  stop(): void;
}

const moment_ms = 1000;

/** The hub is not heard: since when, Unix ms, and why. */
interface Lost {
  readonly since_ms: number;
  readonly why: string | undefined;
}

/** A connection that works is proven each second. */
const unproven_ms = 4000;

/** Whether the hub is away: there is no connection, or nothing comes over it. */
function lostSince(
  { link }: LookedHub,
  { listening }: FollowedHub,
  { mono_ms, wall_ms }: BothClocks,
): Lost | undefined {
  const { connected, since_ms, lastError } = link.state();
  const from_ms = connected ? listening.proven_ms : since_ms;
  if (connected && mono_ms - from_ms < unproven_ms) return undefined;
  const why = connected ? 'the connection stands, and the hub does not answer' : lastError?.text;
  return { since_ms: Math.round(wall_ms - (mono_ms - from_ms)), why };
}

/** What is not as it should be with what is seen of the units. */
function notesOf(
  { link, options }: LookedHub,
  followed: FollowedHub,
  lost: Lost | undefined,
  { mono_ms, wall_ms }: BothClocks,
): string[] {
  const { roster, fleet, unreadable, mostUnits } = followed.listening;
  const notes: string[] = [];
  if (lost !== undefined)
    notes.push(
      `The hub is not heard since ${prettyMoment(lost.since_ms, wall_ms)}${lost.why === undefined ? '' : `: ${lost.why}`}. What stands here of its units is from before.`,
    );
  if (roster === 'missing')
    notes.push(
      `${options.servers.join(', ')} has no stream UNITS, as a hub of nunect-hub init has: who was silent before this page began to look is not listed, and no unit is alerted of.`,
    );
  else if (!followed.isRosterRead() && typeof roster === 'string' && lost === undefined)
    notes.push('Who was silent before is being read.');
  else if (typeof roster === 'object')
    notes.push(`Who was silent before is not known: ${roster.failed}. It is read again every 10 s.`);
  const unbound = followed.bookFailure();
  if (unbound !== undefined) notes.push(`Who was let in is not known: ${unbound}.`);
  if (fleet.isTruncated()) notes.push(`More than ${mostUnits} units: the others are not shown.`);
  for (const denied of link.denied()) notes.push(`This login may not: ${denied}.`);
  const unread = unreadable.words(mono_ms);
  if (unread !== undefined) notes.push(`${unread}.`);
  return notes;
}

/** The servers that the hub should have. */
const serversOf = ({ kit }: LookedHub): readonly string[] =>
  kit === undefined ? [] : kit.here.cluster.length > 0 ? kit.here.cluster : [kit.here.server];

/** Of a unit that is silent what was measured says nothing of now. */
function withMeasured(unit: FleetUnit, measuring: Measuring): FleetUnit {
  const measured = unit.clock && measuring.measured(unit.unit);
  return measured === undefined ? unit : { ...unit, measured };
}

/** Gives the moment, and for a second the same again. */
function momentKeeper(hub: LookedHub, followed: FollowedHub, measuring: Measuring) {
  let last: FleetMoment | undefined;
  let made_ms = Number.NEGATIVE_INFINITY;
  return {
    renew(): void {
      last = undefined;
    },
    moment(): FleetMoment {
      const now = followed.now();
      if (last !== undefined && now.mono_ms - made_ms < moment_ms) return last;
      made_ms = now.mono_ms;
      const lost = lostSince(hub, followed, now);
      const { doubt } = measuring.state();
      const units = followed.watch.units(now).map((unit) => withMeasured(unit, measuring));
      last = {
        ...{ at_ms: now.wall_ms, connected: lost === undefined },
        // while the hub is away all are as they were when it was heard: the page says that once
        units: lost === undefined ? units.map(asOfNow) : units,
        notes: [...notesOf(hub, followed, lost, now), ...(doubt === undefined ? [] : [doubtWords(doubt)])],
        ...known({ lost_ms: lost?.since_ms }),
      };
      return last;
    },
  };
}

/** Opens all of them; they end with `stop`, the links are the caller's. */
export function openSources(hub: LookedHub, deps: SourcesDeps, signal: AbortSignal): Sources {
  const { link, options, kit } = hub;
  const { wall_ms, limits, own } = deps;
  const ticker = endingTicker(deps.ticker);
  const book = kit && openBook(kit.links.book);
  const followed = followHub(link, ticker, { link: options, limits, wall_ms, ...(book && { book }) });
  const { watch, listening } = followed;
  const units = () => watch.units(followed.now());
  const changed: MeasureDeps['changed'] = (unit, measured) => watch.setMeasured(unit, measured);
  const measuring = measureFleet({ link, ticker, own, units, changed }, signal);
  const unitRtt_us = (unit: string) => watch.unit(unit, followed.now())?.link?.hub_rtt_us;
  const asked = { sys: kit?.links.sys ?? link, accounts: kit?.links ?? { fleet: link } };
  const servers = watchHub({ ...asked, ticker, wall_ms, unitRtt_us }, serversOf(hub));
  return {
    ...momentKeeper(hub, followed, measuring),
    unit(id) {
      const unit = watch.unit(id, followed.now());
      return unit && asOfNow(withMeasured(unit, measuring));
    },
    changes: (since_ms) => watch.changes(since_ms),
    lostChanges_ms: () => watch.lostChanges_ms(),
    isRosterRead: () => followed.isRosterRead(),
    isPartial: () => !followed.isRosterRead() || listening.fleet.isTruncated(),
    hub: servers,
    measuring,
    stop() {
      measuring.stop();
      servers.stop();
      ticker.end();
    },
  };
}
