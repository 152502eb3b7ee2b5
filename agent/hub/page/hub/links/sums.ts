// What is reckoned of all leaf links at once: there may be ten thousand, and several people may look. Pure.
import { prettyNs } from '../../../../lib/format.ts';
import type { LeafLink } from '../../../servers/model.ts';
import { rttClasses } from '../query.ts';

/** The lowest class ends five to a power of ten above this. */
const least_us = 100;
const perDecade = 5;

/** Lower ends of all classes but the first. */
const edges_us = Array.from({ length: rttClasses - 1 }, (_, at) => least_us * 10 ** ((at + 1) / perDecade));

/** Round trips above this are as long as those over a satellite. */
const long_us = 300_000;
const mostSlowest = 5;
const mostFar = 3;

/** What all links are together. Links have the slowest first, and those that are not measured last. */
export interface LinkSums {
  /** How many are in each class of round trips. */
  readonly classes: readonly number[];
  readonly measured: number;
  readonly median_us?: number;
  /** How many are long as over a satellite, and how many are far slower than they usually are. */
  readonly long: number;
  readonly far: number;
  /** The slowest, and the few that are furthest from what is usual for them, by their round trip. */
  readonly slowest: readonly LeafLink[];
  readonly farthest?: LeafLink;
  readonly by: ReadonlySet<NonNullable<LeafLink['rtt_by']>>;
  readonly servers: ReadonlySet<string>;
  readonly accounts: ReadonlySet<string>;
}

/** In which class a round trip is; what is beyond either end is in the class there. */
export function rttClassOf(rtt_us: number): number {
  let [low, high] = [0, edges_us.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rtt_us >= (edges_us[middle] ?? Infinity)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `from 1.58 ms to 2.51 ms`. */
export function rttClassWords(at: number): string {
  const edge = (index: number): string => prettyNs((edges_us[index] ?? 0) * 1000);
  if (at <= 0) return `below ${edge(0)}`;
  if (at >= rttClasses - 1) return `from ${edge(rttClasses - 2)} on`;
  return `from ${edge(at - 1)} to ${edge(at)}`;
}

const timesOf = ({ times_slower = 0 }: LeafLink): number => times_slower;
const tripOf = ({ rtt_us = 0 }: LeafLink): number => rtt_us;

function reckon(links: readonly LeafLink[]): LinkSums {
  const classes = new Array<number>(rttClasses).fill(0);
  const trips: number[] = [];
  const far: LeafLink[] = [];
  const first: LeafLink[] = [];
  const by = new Set<NonNullable<LeafLink['rtt_by']>>();
  const [servers, accounts] = [new Set<string>(), new Set<string>()];
  let long = 0;
  for (const one of links) {
    const { rtt_us, rtt_by, times_slower } = one;
    servers.add(one.server);
    accounts.add(one.account);
    if (rtt_us === undefined) continue;
    const at = rttClassOf(rtt_us);
    classes[at] = (classes[at] ?? 0) + 1;
    trips.push(rtt_us);
    if (rtt_us > long_us) long += 1;
    if (rtt_by !== undefined) by.add(rtt_by);
    if (times_slower !== undefined) far.push(one);
    if (first.length < mostSlowest) first.push(one);
  }
  far.sort((a, b) => timesOf(b) - timesOf(a));
  const median_us = trips.sort((a, b) => b - a)[trips.length >> 1];
  const [farthest] = far;
  const slowest = [...new Set([...far.slice(0, mostFar), ...first])].slice(0, mostSlowest);
  return {
    ...{ classes, measured: trips.length, long, far: far.length, by, servers, accounts },
    slowest: slowest.sort((a, b) => tripOf(b) - tripOf(a)),
    ...(median_us === undefined ? {} : { median_us }),
    ...(farthest === undefined ? {} : { farthest }),
  };
}

const reckoned = new WeakMap<readonly LeafLink[], LinkSums>();

/** What all these links are together, reckoned once for a list. */
export function linkSums(links: readonly LeafLink[]): LinkSums {
  const found = reckoned.get(links) ?? reckon(links);
  reckoned.set(links, found);
  return found;
}

/** Who has measured these. */
export function measuredBy({ by }: LinkSums): string {
  if (by.size === 0) return '';
  if (by.size === 2) return 'measured by units and servers';
  return by.has('unit')
    ? 'measured by the units'
    : 'measured by the servers, when a link is made and each hour';
}
