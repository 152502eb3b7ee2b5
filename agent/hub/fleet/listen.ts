// Records of all units off a link into a fleet, and before these what the roster knows of them.
import type { Ticker } from '../../lib/ticker.ts';
import { denialOf } from '../../nats/denials.ts';
import type { Link } from '../../nats/link.ts';
import type { LinkOptions } from '../../nats/session.ts';
import { subjectsOf } from '../../wire/subjects.ts';
import { getDirect, type StreamMessage } from '../asks/streamread.ts';
import { readRoster } from '../book/roster.ts';
import { kitSubjects } from '../kit/streams.ts';
import { type Fleet, newFleet } from './fleet.ts';
import { parseRecord, type RecordKind, recordSubjects, type UnitRecord } from './record/unitrecord.ts';
import { newUnreadable, type Unreadable } from './record/unreadable.ts';

/** More units than this are not shown: they would take more memory than anybody expects. */
const mostUnits = 10_000;

/** How often the server is asked for a PONG, which proves that all sent before it has arrived. */
const proof_ms = 1000;

/** How long the server's refusal of a subscription may take after it has answered a PING. */
const settle_ms = 100;

/** A hub whose units are listened to. */
export interface Listening {
  readonly link: Link;
  readonly ticker: Ticker;
  readonly options: LinkOptions;
  readonly fleet: Fleet;
  readonly mostUnits: number;
  /** Records that could not be parsed, or are of no unit. */
  readonly unreadable: Unreadable;
  /** Monotonic ms when the connection was last proven to work. */
  proven_ms: number;
  /** Who was silent before we looked is known by it. `missing`: the hub keeps none, as one that `nunect-hub init` has not made. */
  roster: 'reading' | 'read' | 'missing' | { readonly failed: string };
}

/** Reads the last heartbeat of each unit, at each connection anew: who came and fell silent between two is known, too. */
async function readLast(listening: Listening): Promise<void> {
  const { link, ticker, fleet } = listening;
  try {
    const isThere = await readRoster(link, ticker.now_ms, (message, heard_ms) => {
      const record = parseRecord('heartbeat', message);
      if (record !== undefined) fleet.addLast(record, heard_ms, ticker.now_ms());
    });
    listening.roster = isThere ? 'read' : 'missing';
  } catch (error) {
    listening.roster = { failed: error instanceof Error ? error.message : String(error) };
  }
}

/** A hub that has just come up may have no leader for the stream yet, or no JetStream. */
const again_ms = 10_000;

function followRoster(listening: Listening): void {
  const { link, fleet, ticker } = listening;
  let isFollowed = false;
  let isReading = false;
  const read = async (): Promise<void> => {
    if (isReading) return;
    isReading = true;
    await readLast(listening);
    isReading = false;
    if (listening.roster !== 'read' || isFollowed) return;
    isFollowed = true;
    link.subscribe(kitSubjects.roster('*'), ({ subject, data }) => {
      if (data.length === 0) fleet.forget(subject.slice(subject.lastIndexOf('.') + 1));
    });
  };
  link.onChange(({ connected }) => {
    if (connected) void read();
  });
  ticker.every(again_ms, () => {
    if (listening.roster !== 'read' && link.state().connected) void read();
  });
  if (link.state().connected) void read();
}

const stream = 'NUNECT';

/** A record, and when the stream took it, Unix ms. */
interface StoredRecord {
  readonly record: UnitRecord;
  readonly at_ms: number;
}

async function lastOf(link: Link, subjects: readonly string[], before_ms?: number): Promise<StreamMessage[]> {
  const found: StreamMessage[] = [];
  const until = before_ms === undefined ? {} : { up_to_time: new Date(before_ms).toISOString() };
  await getDirect(link, stream, { multi_last: subjects, ...until }, (message) => void found.push(message));
  return found;
}

function recordOf({ subject, data, headers, at_ms }: StreamMessage): StoredRecord[] {
  const kind: RecordKind = subject.startsWith('ops.heartbeat.')
    ? 'heartbeat'
    : subject.startsWith('ops.metric.time.')
      ? 'time'
      : 'nats';
  const record = parseRecord(kind, { subject, data, headers, size: () => data.length });
  return record === undefined || record.backfill ? [] : [{ record, at_ms }];
}

/**
 * Reads the newest full record of each kind: who begins to look hears slim ones for minutes, by `satellite` for an hour, which say no
 * more than that what the full ones said still holds. Two questions: there are no slim ones of `nats`, and the full ones of its set stand
 * right before it. Nothing where the stream has none. Throws where it does not answer.
 */
export async function readLastSet(link: Link, unit: string): Promise<StoredRecord[]> {
  const { heartbeat, metric } = subjectsOf(unit, '*');
  const [nats] = await lastOf(link, [metric.nats]);
  if (nats === undefined) return [];
  const others = await lastOf(link, [heartbeat, metric.time], nats.at_ms + 1);
  return [...others, nats].flatMap(recordOf).filter(({ record }) => record.isFull);
}

/** Takes the records of all units into a fleet from now on, until link and ticker stop. */
export function listen(link: Link, ticker: Ticker, options: LinkOptions, most = mostUnits): Listening {
  const listening: Listening = {
    link,
    ticker,
    options,
    fleet: newFleet(most),
    mostUnits: most,
    unreadable: newUnreadable(),
    proven_ms: ticker.now_ms(),
    roster: 'reading',
  };
  ticker.every(proof_ms, async () => {
    const rtt_us = await link.flushRtt_us(proof_ms);
    if (rtt_us === undefined) return;
    listening.proven_ms = ticker.now_ms();
    listening.fleet.markSilent(listening.proven_ms);
  });
  for (const [kind, subject] of Object.entries(recordSubjects)) {
    link.subscribe(subject, (message) => {
      const record = parseRecord(kind as RecordKind, message);
      if (record === undefined) listening.unreadable.note(message.subject, ticker.now_ms());
      else listening.fleet.add(record, ticker.now_ms());
    });
  }
  followRoster(listening);
  return listening;
}

/** Why the server lets this user hear no heartbeats; undefined when it does. */
export async function heartbeatsDenied(link: Link): Promise<string | undefined> {
  await link.flushRtt_us(2000);
  await new Promise<void>((resolve) => void setTimeout(resolve, settle_ms));
  const denied = denialOf('subscription', recordSubjects.heartbeat);
  return link.denied().includes(denied) ? `the server does not permit this user: ${denied}` : undefined;
}
