// How figures and words of servers read on the hub's page. Pure.
import { prettyBytes, prettyNs } from '../../../lib/format.ts';
import type { ConnectionKind, HubView } from '../../servers/model.ts';
import { count } from '../look/marks.ts';

const nbsp = '\u00a0';

/** `2,410 /s`, `0.4 /s`; a little is not nothing. */
export function perSecond(rate: number): string {
  if (rate > 0 && rate < 0.05) return `<${nbsp}0.1${nbsp}/s`;
  return `${rate > 0 && rate < 10 ? rate.toFixed(1) : count(rate)}${nbsp}/s`;
}

/** `1.90 MiB/s`. */
export const bytesPerSecond = (rate: number): string => `${prettyBytes(Math.round(rate))}/s`;

/** `7,402`, `318 k`, `41.2 M`. */
export function shortCount(number: number): string {
  if (number < 1e5) return count(number);
  const [size, unit] =
    number < 1e6 ? [number / 1e3, 'k'] : number < 1e9 ? [number / 1e6, 'M'] : [number / 1e9, 'G'];
  return `${size.toFixed(size < 100 ? 1 : 0)}${nbsp}${unit}`;
}

/** A round trip. */
export const tripWords = (rtt_us: number): string => prettyNs(Math.round(rtt_us) * 1000);

/** `54 %`; a little is not nothing, and what is not full is not 100 %. */
export function percent(share: number): string {
  const whole = share >= 1 ? Math.round(share * 100) : Math.min(99, Math.round(share * 100));
  return whole === 0 && share > 0 ? `< 1${nbsp}%` : `${whole}${nbsp}%`;
}

/** What a connection is. */
export const connectionWords: Readonly<Record<ConnectionKind, string>> = {
  leaf: 'a leaf node',
  client: 'a client',
  websocket: 'a client by websocket',
  mqtt: 'a client by MQTT',
  other: 'another connection',
};

/** What nats-server calls the end of a connection, in words of people. */
const endings: ReadonlyMap<string, string> = new Map([
  ['Client Closed', 'it has closed the connection'],
  ['Stale Connection', 'no answer to pings'],
  ['Slow Consumer (Pending Bytes)', 'cut off, as it read too slowly'],
  ['Slow Consumer (Write Deadline)', 'cut off, as it took nothing for too long'],
  ['Server Shutdown', 'the server was stopped'],
  ['Read Error', 'the connection broke'],
  ['Write Error', 'the connection broke'],
  ['TLS Handshake Failure', 'no TLS could be agreed on'],
  ['Authentication Failure', 'wrong credential'],
  ['Authentication Timeout', 'no credential in time'],
  ['Authentication Expired', 'its login has ended'],
  ['Credentials Revoked', 'its login was revoked'],
  ['Duplicate Remote LeafNode Connection', 'there is a link of that name already'],
  ['Maximum Connections Exceeded', 'there are as many connections as are allowed'],
  ['Maximum Account Connections Exceeded', 'its account has as many connections as are allowed'],
]);

/** Why a connection ended; in the server's own words where we have none. */
export const endingWords = (reason: string): string => endings.get(reason) ?? reason;

/** What stands where nothing is known. */
export const untold = ({ trouble }: HubView): string =>
  trouble === undefined
    ? 'Not known yet: the servers are being asked.'
    : 'Not known: the servers do not tell it now.';
