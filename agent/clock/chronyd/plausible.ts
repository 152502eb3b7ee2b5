// What chronyd cannot have said, however well it reads: a size below zero would make error bounds too small, and
// a poll interval of centuries would keep a dead source alive.
import type { ChronySource, ChronyTracking } from '../facts.ts';
import { type Parsed, unparsed } from '../textreader.ts';

/** Wider than what chronyd takes from its config (-7 to 24 for servers). */
const widestPoll = 32;

const complaint = <T>(facts: T, name: keyof T): Parsed<never> =>
  unparsed(`${String(name)} is ${facts[name]}`);

/** The same, or the first field that cannot be. */
export function plausibleTracking(read: Parsed<ChronyTracking>): Parsed<ChronyTracking> {
  if (!read.ok) return read;
  const sizes = ['root_delay_s', 'root_dispersion_s', 'skew_ppm'] as const;
  const odd = sizes.find((name) => read.value[name] < 0);
  return odd === undefined ? read : complaint(read.value, odd);
}

/** The same, or the first field that cannot be. */
export function plausibleSource(read: Parsed<ChronySource>): Parsed<ChronySource> {
  if (!read.ok) return read;
  const { value } = read;
  if (value.name === '') return unparsed('it has no name');
  if (Math.abs(value.poll) > widestPoll) return complaint(value, 'poll');
  if (value.reach > 0o377) return complaint(value, 'reach');
  if ((value.last_rx_s ?? 0) < 0) return complaint(value, 'last_rx_s');
  return value.error_margin_s < 0 ? complaint(value, 'error_margin_s') : read;
}
