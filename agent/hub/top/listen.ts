// Records of all units off a link into a fleet, and what there is to show of it.
import { shownServers } from '../../cli/connect/connect.ts';
import type { Ticker } from '../../lib/ticker.ts';
import { denialOf } from '../../nats/denials.ts';
import type { Link } from '../../nats/link.ts';
import type { LinkOptions } from '../../nats/session.ts';
import { type Fleet, newFleet } from '../fleet/fleet.ts';
import { parseRecord, plainText, type RecordKind, recordSubjects } from '../fleet/unitrecord.ts';
import { matchesFilter, sortUnits } from './sorting.ts';
import type { FleetView } from './table.ts';

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
  /** Records that could not be parsed, or are of no unit. */
  unreadable: number;
}

/** Takes the records of all units into a fleet from now on, until the ticker stops. */
export function listen(link: Link, ticker: Ticker, options: LinkOptions): Listening {
  const listening: Listening = { link, ticker, options, fleet: newFleet(mostUnits), unreadable: 0 };
  ticker.every(proof_ms, async () => {
    const rtt_us = await link.flushRtt_us(proof_ms);
    if (rtt_us !== undefined) listening.fleet.markSilent(ticker.now_ms());
  });
  for (const [kind, subject] of Object.entries(recordSubjects)) {
    link.subscribe(subject, (message) => {
      const record = parseRecord(kind as RecordKind, message);
      if (record === undefined) listening.unreadable += 1;
      else listening.fleet.add(record, ticker.now_ms());
    });
  }
  return listening;
}

/** Why the server lets this user hear no heartbeats; undefined when it does. */
export async function heartbeatsDenied(link: Link): Promise<string | undefined> {
  await link.flushRtt_us(2000);
  await new Promise<void>((resolve) => void setTimeout(resolve, settle_ms));
  const denied = denialOf('subscription', recordSubjects.heartbeat);
  return link.denied().includes(denied) ? `the server does not permit this user: ${denied}` : undefined;
}

/** Why and since when there is no connection; undefined while there is one. */
function lossOf({ link, ticker }: Listening, at_ms: number): FleetView['lost'] {
  const { connected, since_ms, lastError } = link.state();
  if (connected) return undefined;
  const for_ms = ticker.now_ms() - since_ms;
  return {
    since_ms: at_ms - for_ms,
    for_s: for_ms / 1000,
    why: plainText(lastError?.text, 200) ?? 'no answer',
  };
}

/** What is there to show at this moment. */
export function viewOf(listening: Listening, order: string, filter: string): FleetView {
  const { link, ticker, options, fleet, unreadable } = listening;
  const at_ms = Date.now();
  const units = fleet.units(ticker.now_ms());
  const lost = lossOf(listening, at_ms);
  return {
    server: shownServers(options),
    at_ms,
    ...(lost === undefined ? {} : { lost }),
    notes: [
      ...link.denied().map((what) => `the server does not permit this: ${what}`),
      ...(fleet.isTruncated() ? [`there are more than ${mostUnits} units: the others are not shown`] : []),
      ...(unreadable === 0 ? [] : [`${unreadable} records could not be understood`]),
    ],
    units,
    shown: sortUnits(
      units.filter((unit) => matchesFilter(unit, filter)),
      order,
    ),
    order,
    filter,
  };
}
