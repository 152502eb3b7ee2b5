// What is alerted of, in words. Pure.
import type { Condition } from '../../alerts/alert.ts';

/** When each condition holds. */
export const conditionWords: Readonly<Record<Condition, string>> = {
  offline: 'A unit is not heard',
  critical: 'A unit says that it is critical',
  clock_class: 'Nothing steers a clock that should be, or its quality is below its class',
  clock_bound: 'The error bound of a clock is above its limit',
  clock_unbounded: 'Nothing bounds the error of a clock that is steered',
  clock_contradicts: 'A clock was measured outside of what it claims, three times',
  records_dropped: 'A unit has dropped records',
  expires: 'A certificate or login file of a unit expires soon',
  expired: 'A certificate or login file of a unit has expired',
  login_expires: 'The login of an enrolled unit was not renewed',
  spool_full: 'The memory of a unit for records is nearly full',
  hub_unreachable: 'There is no link to the hub',
  hub_units_unseen: 'The hub is linked, and its units cannot be seen',
  hub_unhealthy: 'The hub says that something is wrong with it',
  hub_clock: 'The clock of the hub is outvoted by those of its units',
  hub_server_missing: 'A server of the hub does not answer',
  hub_certificate: 'The certificate of a server of the hub expires soon',
  hub_stream: 'A stream has no more room soon',
  hub_stream_full: 'A stream takes nothing more',
  hub_disk: 'The room for streams is nearly used up',
};
