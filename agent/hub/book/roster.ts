// Which units are heard of, and which of them nobody has let in by the records of stream BOUND.
import type { Incoming } from '../../nats/incoming.ts';
import type { Link } from '../../nats/link.ts';
import { readPubAck } from '../../records/puback.ts';
import { askOver } from '../asks/api.ts';
import { readMessages } from '../asks/streamread.ts';
import { kitSubjects } from '../kit/streams.ts';
import type { Bindings } from './bindings.ts';

const stream = 'UNITS';

/** An empty one was forgotten; a PubAck is no word of the unit: another has aimed that of its own record there. */
const isOfUnit = (data: Uint8Array): boolean => data.length > 0 && readPubAck(data).kind === 'other';

const unitIn = (subject: string): string => subject.split('.').at(-1) ?? '';

/** When each unit, or that one, was last heard of, Unix ms, by stream UNITS. `link`: of a user of the fleet's account. */
export async function lastHeard(link: Link, unit = '*'): Promise<ReadonlyMap<string, number>> {
  const heard = new Map<string, number>();
  await readMessages(link, stream, kitSubjects.roster(unit), ({ subject, at_ms, data }) => {
    if (isOfUnit(data)) heard.set(unitIn(subject), at_ms);
  });
  return heard;
}

/** JetStream's number for: there is no such stream. */
const noStream = 10059;

/**
 * Gives the last heartbeat of each unit by stream UNITS, and when the hub heard it on the monotonic clock `now_ms`: its age is by
 * the time of the hub alone. False where the hub has no such stream. Throws where it does not answer.
 */
export async function readRoster(
  link: Link,
  now_ms: () => number,
  take: (message: Incoming, heard_ms: number) => void,
): Promise<boolean> {
  const info = await askOver(link)(`$JS.API.STREAM.INFO.${stream}`);
  if (!info.ok && (info.code === noStream || info.nobody)) return false;
  if (!info.ok) throw new Error(`stream ${stream}: ${info.why}`);
  const atHub_ms = Date.parse(String(info.value['ts'])) || Date.now(); // servers before 2.10 do not say
  const here_ms = now_ms();
  await readMessages(link, stream, kitSubjects.roster('*'), ({ subject, at_ms, data, headers }) => {
    if (isOfUnit(data))
      take({ subject, data, headers, size: () => data.length }, here_ms - Math.max(0, atHub_ms - at_ms));
  });
  return true;
}

/** Lists a unit no more as heard of; false where it was not. Throws where that cannot be written. */
export async function takeOffRoster(link: Link, unit: string): Promise<boolean> {
  if (!(await lastHeard(link, unit)).has(unit)) return false;
  const answer = await link.request(kitSubjects.roster(unit), '', { timeout_ms: 5000 });
  if (answer.kind === 'reply') return true;
  throw new Error(`stream ${stream} does not answer: ${answer.kind}`);
}

/** Ids from before a change of name, and such of an earlier hub, are silent after that. */
const lately_ms = 24 * 3600 * 1000;

/** Units that were heard of lately though BOUND has no record of them. */
export function unboundUnits(
  { units }: Bindings,
  heard: ReadonlyMap<string, number>,
  now_ms: number,
): string[] {
  const earlier = new Set([...units.values()].map(({ was }) => was));
  return [...heard]
    .filter(([unit, at_ms]) => now_ms - at_ms < lately_ms && !units.has(unit) && !earlier.has(unit))
    .map(([unit]) => unit)
    .sort();
}

const mostNamed = 3;

/** What is to be thought of them. */
export function unboundWords(unbound: readonly string[]): string {
  const named = unbound.slice(0, mostNamed).join(', ');
  const more = unbound.length > mostNamed ? `, ... ${unbound.length} in all` : '';
  return `stream BOUND has no record of units that are heard of (${named}${more}): its records are lost, or these units were never enrolled here, or somebody else can sign units`;
}
