// Which units are heard of, and which of them nobody has let in by the records of stream BOUND.
import type { Link } from '../../nats/link.ts';
import { readPubAck } from '../../records/puback.ts';
import { readMessages } from '../asks/streamread.ts';
import { kitSubjects } from '../kit/streams.ts';
import type { Bindings } from './bindings.ts';

/** When each unit, or that one, was last heard of, Unix ms, by stream UNITS. `link`: of a user of the fleet's account. */
export async function lastHeard(link: Link, unit = '*'): Promise<ReadonlyMap<string, number>> {
  const heard = new Map<string, number>();
  await readMessages(link, 'UNITS', kitSubjects.roster(unit), ({ subject, at_ms, data }) => {
    // an empty one was forgotten; a PubAck is no word of the unit: another has aimed that of its own record there
    if (data.length > 0 && readPubAck(data).kind === 'other')
      heard.set(subject.split('.').at(-1) ?? '', at_ms);
  });
  return heard;
}

/** Lists a unit no more as heard of; false where it was not. Throws where that cannot be written. */
export async function takeOffRoster(link: Link, unit: string): Promise<boolean> {
  if (!(await lastHeard(link, unit)).has(unit)) return false;
  const answer = await link.request(kitSubjects.roster(unit), '', { timeout_ms: 5000 });
  if (answer.kind === 'reply') return true;
  throw new Error(`stream UNITS does not answer: ${answer.kind}`);
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
