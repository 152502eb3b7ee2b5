// A hub that is followed for its page, its alerts and its exporter: units and apps, who was let in, and what happened.

import { setFlagsFromString } from 'node:v8';
import { messageOf } from '../../lib/errors.ts';
import { isObject } from '../../lib/parse.ts';
import type { BothClocks, Ticker } from '../../lib/ticker.ts';
import type { Link } from '../../nats/link.ts';
import type { LinkOptions } from '../../nats/session.ts';
import { subjectsOf } from '../../wire/subjects.ts';
import { askOver } from '../asks/api.ts';
import type { Book } from '../book/book.ts';
import { kitSubjects } from '../kit/streams.ts';
import { isClientId } from './clients.ts';
import { enrolmentsOf } from './fleetunit.ts';
import type { ClockLimits } from './limits.ts';
import { type Listening, listen, readLastSet } from './listen.ts';
import { type FleetWatch, watchFleet } from './watch.ts';

/**
 * Records live for an interval, and then are garbage of V8's old generation, which by itself grows to several times of what is
 * in use before it is cleaned: of 10,000 units 60 MB are in use, and 450 were taken.
 */
const memoryFlags = '--heap-growing-percent=50';

/** So many units and apps are taken in: what else comes is told, and not shown. */
const mostFollowed = 12_000;
const settle_ms = 1000;
const bookAgain_ms = 10_000;
/** Subjects of events that are read of the stream, in pages. */
const mostRolePages = 10;

export interface FollowedHub {
  readonly watch: FleetWatch;
  readonly listening: Listening;
  now(): BothClocks;
  /** Who was silent before we looked is known, and is among the units. */
  isRosterRead(): boolean;
  /** Why it is not known who was let in; undefined where it is, or where nobody asked. */
  bookFailure(): string | undefined;
}

export interface FollowOptions {
  readonly link: LinkOptions;
  readonly limits: ClockLimits;
  /** Stream BOUND of a hub that `nunect-hub init` has made. */
  readonly book?: Book;
  /** Unix ms. */
  readonly wall_ms: () => number;
}

/** `ops.status.<role>.<unit>` */
function takeRole(watch: FleetWatch, subject: string): void {
  const [, , role = '', unit = ''] = subject.split('.');
  if (role !== '' && unit !== '') watch.setRole(unit, role);
}

/** The roles of all units that the stream has an event of. A hub without that stream, or that refuses, tells them with the next event. */
async function readRoles(link: Link, watch: FleetWatch): Promise<void> {
  const filter = subjectsOf('*', '*').status;
  for (let page = 0, offset = 0; page < mostRolePages; page++) {
    const info = await askOver(link)('$JS.API.STREAM.INFO.NUNECT', { subjects_filter: filter, offset });
    const state = info.ok ? info.value['state'] : undefined;
    const subjects = isObject(state) && isObject(state['subjects']) ? Object.keys(state['subjects']) : [];
    for (const subject of subjects) takeRole(watch, subject);
    offset += subjects.length;
    if (subjects.length === 0 || !info.ok || offset >= Number(info.value['total'])) return;
  }
}

/** So many units each second: a look costs the server some ms, and within two minutes most units tell all by themselves. */
const setsAtOnce = 20;
/** After an answer that stays out, or takes so long that it holds up what the server is to store. */
const setsPause_ms = 30_000;
const slow_ms = 3000;

/**
 * Reads the last full set of each unit that sends slim records, once: those that are unwell first. Without it an ended certificate or
 * what a unit is critical for would be unknown after each start, for as long as the unit pauses between full sets.
 */
function readSets(link: Link, ticker: Ticker, { fleet }: Listening, wall_ms: () => number): () => void {
  const asked = new Set<string>();
  let isReading = false;
  let pausedUntil_ms = Number.NEGATIVE_INFINITY;
  async function readOne(unit: string): Promise<void> {
    asked.add(unit);
    const found = await readLastSet(link, unit);
    const [now_ms, here_ms] = [ticker.now_ms(), wall_ms()];
    const set = found.map(({ record, at_ms }) => ({ record, at_ms: now_ms - Math.max(0, here_ms - at_ms) }));
    fleet.addSet(unit, set, now_ms);
  }
  return () => {
    if (isReading || ticker.now_ms() < pausedUntil_ms || !link.state().connected) return;
    const lacking = new Set(fleet.withoutSet());
    for (const unit of asked) if (!lacking.has(unit)) asked.delete(unit); // it has told all, or was forgotten
    const units = [...lacking].filter((unit) => !asked.has(unit));
    if (units.length === 0) return;
    isReading = true;
    const begun_ms = ticker.now_ms();
    void Promise.all(units.slice(0, setsAtOnce).map(readOne))
      .then(
        () => ticker.now_ms() - begun_ms > slow_ms,
        () => true, // what these units tell comes by itself, later
      )
      .then((isSlow) => {
        if (isSlow) pausedUntil_ms = ticker.now_ms() + setsPause_ms;
      })
      .finally(() => {
        isReading = false;
      });
  };
}

/** Follows a hub over a link of a user of the fleet's account, until link and ticker stop. */
export function followHub(link: Link, ticker: Ticker, options: FollowOptions): FollowedHub {
  const { book, limits, wall_ms } = options;
  setFlagsFromString(memoryFlags);
  const listening = listen(link, ticker, options.link, mostFollowed);
  const { fleet } = listening;
  const watch = watchFleet(fleet, limits);
  const now = (): BothClocks => ({ mono_ms: ticker.now_ms(), wall_ms: wall_ms() });
  let bookFailure: string | undefined;
  let isSettled = false;
  const every = subjectsOf('*', '*');
  link.subscribe(every.status, ({ subject }) => takeRole(watch, subject));
  for (const subject of Object.values(every.log)) {
    link.subscribe(subject, (message) => {
      const id = message.subject.slice(message.subject.lastIndexOf('.') + 1);
      if (isClientId(id)) fleet.hear(id, ticker.now_ms());
    });
  }
  link.onChange(({ connected }) => {
    if (connected) void readRoles(link, watch);
  });
  if (link.state().connected) void readRoles(link, watch);
  ticker.every(settle_ms, () => {
    const isRead = listening.roster === 'read';
    watch.settle(now());
    isSettled = isRead;
    if (isRead) watch.knowsAll();
  });
  ticker.every(settle_ms, readSets(link, ticker, listening, wall_ms));
  let isReading = false;
  const readBook = async (): Promise<void> => {
    if (book === undefined || isReading) return;
    isReading = true;
    try {
      await book.catchUp();
      watch.setEnrolments(enrolmentsOf(book.bindings(), wall_ms()));
      bookFailure = undefined;
    } catch (error) {
      bookFailure = messageOf(error); // also a fault of ours: it must not end the hub
    } finally {
      isReading = false;
    }
  };
  ticker.every(bookAgain_ms, () => void readBook());
  ticker.every(settle_ms, () => {
    if (bookFailure !== undefined) void readBook();
  });
  link.subscribe(kitSubjects.roster('*'), ({ data }) => {
    if (data.length === 0) void readBook(); // forgotten: who was let in has changed, too
  });
  void readBook();
  return { watch, listening, now, bookFailure: () => bookFailure, isRosterRead: () => isSettled };
}
