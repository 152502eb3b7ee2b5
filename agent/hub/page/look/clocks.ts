// A clock in words, the same on every page. Pure.
import type { FleetClock } from '../../fleet/model.ts';

const sourceWords: Readonly<Record<string, string>> = { ptp: 'PTP', ntp: 'NTP' };

/** `PTP locked`, `NTP holdover`, `freerun`: in holdover by whom it followed last. */
export function clockLine({ source, quality, holdover, grandmaster, ntp_server }: FleetClock): string {
  const held = grandmaster === undefined ? ntp_server && 'ntp' : 'ptp';
  const followed = holdover === true && source === 'unsynced' ? held : source;
  const name = followed === undefined || followed === 'unsynced' ? '' : (sourceWords[followed] ?? followed);
  return [name, holdover === true ? 'holdover' : (quality ?? '')].filter(Boolean).join(' ') || 'unsynced';
}
