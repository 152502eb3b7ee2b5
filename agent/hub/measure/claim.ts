// What a unit claims of its clock in an exchange, and how far the hub's own clock may be from the same thing. Pure.
import type { ClockSummary } from '../../clock/types.ts';
import { known } from '../../lib/known.ts';
import { type Ways, waysOf } from '../../peers/fourtimes.ts';
import type { Measured } from '../fleet/model.ts';
import { resolutionOf_us, type TimeReply } from './reply.ts';

/** The hub's clock at a moment. */
export interface HubClock extends ClockSummary {
  /** Identity of the grandmaster that it follows. */
  readonly grandmaster?: string;
}

/** One exchange with a unit. */
export interface Exchange {
  /** When the answer came, Unix µs by the hub's clock. */
  readonly at_us: number;
  readonly ways: Ways;
  /** Of the times of both. */
  readonly resolution_us: number;
  readonly told: Omit<TimeReply, 't2_us' | 't3_us'>;
  readonly hub: HubClock;
}

/** Of two moments the wider bounds; what is known at one of them only is not known in between. */
export function widest(a: HubClock, b: HubClock): HubClock {
  const both = (one: number | undefined, other: number | undefined): number | undefined =>
    one === undefined || other === undefined ? undefined : Math.max(one, other);
  return {
    source: a.source === b.source ? a.source : 'unsynced',
    quality: b.quality,
    ...known({
      error_bound_ns: both(a.error_bound_ns, b.error_bound_ns),
      error_rel_ns: both(a.error_rel_ns, b.error_rel_ns),
      grandmaster: a.grandmaster === b.grandmaster ? a.grandmaster : undefined,
    }),
  };
}

/** The hub's own resolution, and that of figures of that size in doubles: a quarter of a µs each. */
const ownResolution_us = 2;

/** An exchange made of its times; undefined where these cannot be: an answer cannot have been on its way before it was asked. */
export function exchangeOf(
  sent_us: number,
  reply: TimeReply,
  back_us: number,
  hub: HubClock,
): Exchange | undefined {
  const { t2_us, t3_us, ...told } = reply;
  const ways = waysOf({ sent_us, received_us: t2_us, answered_us: t3_us, back_us });
  const resolution_us = ownResolution_us + resolutionOf_us(reply);
  if (back_us < sent_us || ways.forward_us + ways.back_us < -2 * resolution_us) return undefined;
  return { at_us: back_us, ways, resolution_us, told, hub };
}

/** What is claimed, by both in µs; each missing where nothing bounds it. */
export interface ClockClaim {
  readonly against: Measured['against'];
  readonly claimed_us?: number;
  readonly own_bound_us?: number;
}

/**
 * The bound against the grandmaster where the unit, as its records say, and the hub follow the same one, since it is the
 * tighter one; else that against true time.
 */
export function claimOf({ told, hub }: Exchange, grandmaster: string | undefined): ClockClaim {
  const same =
    grandmaster !== undefined &&
    hub.grandmaster === grandmaster &&
    told.source === 'ptp' &&
    told.error_rel_ns !== undefined &&
    hub.error_rel_ns !== undefined;
  const [theirs, ours] = same
    ? [told.error_rel_ns, hub.error_rel_ns]
    : [told.error_bound_ns, hub.error_bound_ns];
  const us = (ns: number | undefined): number | undefined => (ns === undefined ? undefined : ns / 1000);
  return {
    against: same ? 'grandmaster' : 'utc',
    ...known({ claimed_us: us(theirs), own_bound_us: us(ours) }),
  };
}

/** Where the middle of an exchange puts the unit's clock against the hub's, and the half-width by the path alone. */
export const offsetOf = ({ ways, resolution_us }: Exchange) => ({
  offset_us: (ways.forward_us - ways.back_us) / 2,
  path_us: Math.max(0, ways.forward_us + ways.back_us) / 2 + resolution_us,
});
