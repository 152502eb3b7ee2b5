// What is ordered of root's helper, one line each; openwrt/nunect/time reads them and takes nothing else.
import type { Announcement } from './announce.ts';
import type { GateDecision } from './gate.ts';

const hex = (value: number, digits: number): string =>
  `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;

/** Lets chronyd select PTP, or keeps it from that. */
export const ptpOrder = (order: NonNullable<GateDecision['order']>): string => `ptp ${order}`;

/** Has ptp4l announce this clock so. */
export const serverOrder = (one: Announcement): string =>
  [
    'server',
    one.clockClass,
    hex(one.clockAccuracy, 2),
    hex(one.offsetScaledLogVariance, 4),
    one.currentUtcOffset_s,
    hex(one.flags, 2),
    hex(one.timeSource, 2),
  ].join(' ');

/** Tells the services of the host that the time is right, as OpenWrt's own NTP client does. */
export const synchronisedOrder = 'synchronised';
