// chronyd's monitoring protocol over UDP, version 6, big endian (chrony candm.h). The layouts of these
// three reports are the same from 4.3 to 4.8.

import { type ParseResult, parsed, unparsed } from '../../lib/parse.ts';
import type { ChronySource, ChronySourceState, ChronyTracking } from '../facts.ts';

/** What is asked: command number, length of the request (as long as its reply, or chronyd drops it), reply number. */
const commands = {
  n_sources: { command: 14, length: 32, reply: 2, replyLength: 32 },
  source_data: { command: 15, length: 76, reply: 3, replyLength: 76 },
  tracking: { command: 33, length: 104, reply: 5, replyLength: 104 },
} as const;
/** The reports that are asked for; `source_data` by index. */
export type CmdmonCommand = keyof typeof commands;

const protocolVersion = 6;
const requestType = 1;
const replyType = 2;
const requestBody = 20;
const replyBody = 28;

/** One request. `index` counts the sources from 0, for the commands that want one. `attempt` counts retries. */
export function encodeRequest(command: CmdmonCommand, seq: number, index = 0, attempt = 0): Uint8Array {
  const { command: number, length } = commands[command];
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, protocolVersion);
  view.setUint8(1, requestType);
  view.setUint16(4, number);
  view.setUint16(6, attempt);
  view.setUint32(8, seq);
  if (length >= requestBody + 4) view.setUint32(requestBody, index);
  return bytes;
}

/** A reply that belongs to a request: its body, or the status with which chronyd refused. */
export type CmdmonReply =
  | { readonly ok: true; readonly body: DataView }
  | { readonly ok: false; readonly status: number };

/** chronyd will not tell this to us. */
export const statusUnauthorised = 2;
/** The source went away between counting and asking. */
export const statusNoSuchSource = 4;

/** Undefined when the datagram is not the reply to this request: another one's, or garbage. */
export function decodeReply(command: CmdmonCommand, seq: number, bytes: Uint8Array): CmdmonReply | undefined {
  if (bytes.byteLength < replyBody) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wanted = commands[command];
  const ours =
    view.getUint8(0) === protocolVersion &&
    view.getUint8(1) === replyType &&
    view.getUint16(4) === wanted.command &&
    view.getUint32(16) === seq;
  if (!ours) return undefined;
  const status = view.getUint16(8);
  if (status !== 0) return { ok: false, status };
  if (view.getUint16(6) !== wanted.reply || bytes.byteLength < wanted.replyLength) return undefined;
  return { ok: true, body: new DataView(bytes.buffer, bytes.byteOffset + replyBody) };
}

/** chrony's float: 7 bits of signed exponent, 25 of signed coefficient; value = coefficient * 2^(exponent - 25). */
function float(view: DataView, offset: number): number {
  const raw = view.getInt32(offset);
  return ((raw << 7) >> 7) * 2 ** ((raw >> 25) - 25);
}

const hex8 = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');

/** The printable letters of a refid, which is how chronyc names a refclock: PPS0, SHM0, PHC0. */
const letters = (refid: number): string =>
  [24, 16, 8, 0]
    .map((shift) => String.fromCharCode((refid >>> shift) & 0xff))
    .filter((c) => c > ' ' && c <= '~')
    .join('');

const ipv4 = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');

/** RFC 5952: the longest run of two or more zero groups, the first of equals, becomes `::`. */
function ipv6(view: DataView, offset: number): string {
  const text = Array.from({ length: 8 }, (_, i) => view.getUint16(offset + 2 * i).toString(16)).join(':');
  const [longest] = (text.match(/\b0(?::0)+\b/g) ?? []).sort((a, b) => b.length - a.length);
  return longest === undefined ? text : text.replace(new RegExp(`(^|:)${longest}(:|$)`), '::');
}

/** IPAddr: 16 bytes of address and a family. Undefined for "none". */
function address(view: DataView, offset: number): string | undefined {
  const family = view.getUint16(offset + 16);
  if (family === 1) return ipv4(view.getUint32(offset));
  if (family === 2) return ipv6(view, offset);
  if (family === 3) return `ID#${String(view.getUint32(offset)).padStart(10, '0')}`;
  return undefined;
}

// What chronyd cannot have sent, however well it reads: a size below zero would make error bounds too small, and a
// poll interval of centuries would keep a dead source alive.

/** Wider than what chronyd takes from its config (-7 to 24 for servers). */
const widestPoll = 32;

const complaint = <T>(facts: T, name: keyof T): ParseResult<never> =>
  unparsed(`${String(name)} is ${facts[name]}`);

/** The same, or the first field that cannot be. */
export function plausibleTracking(read: ParseResult<ChronyTracking>): ParseResult<ChronyTracking> {
  if (!read.ok) return read;
  const sizes = ['root_delay_s', 'root_dispersion_s', 'skew_ppm'] as const;
  const odd = sizes.find((name) => read.value[name] < 0);
  return odd === undefined ? read : complaint(read.value, odd);
}

/** The same, or the first field that cannot be. */
export function plausibleSource(read: ParseResult<ChronySource>): ParseResult<ChronySource> {
  if (!read.ok) return read;
  const { value } = read;
  if (value.name === '') return unparsed('it has no name');
  if (Math.abs(value.poll) > widestPoll) return complaint(value, 'poll');
  if (value.reach > 0o377) return complaint(value, 'reach');
  if ((value.last_rx_s ?? 0) < 0) return complaint(value, 'last_rx_s');
  return value.error_margin_s < 0 ? complaint(value, 'error_margin_s') : read;
}

const leaps = ['normal', 'insert', 'delete', 'unsynchronised'] as const;
const modes = ['server', 'peer', 'refclock'] as const;
const states: readonly ChronySourceState[] = [
  'selected',
  'unusable',
  'falseticker',
  'too_variable',
  'combined',
  'not_combined',
];

/** Timespec: two halves of 64-bit seconds, then nanoseconds. An "unset" high half reads as 0. */
function seconds(view: DataView, offset: number): number {
  const high = view.getUint32(offset) === 0x7fffffff ? 0 : view.getUint32(offset);
  return high * 2 ** 32 + view.getUint32(offset + 4) + view.getUint32(offset + 8) / 1e9;
}

/** RPY_TRACKING. */
export function decodeTracking(body: DataView): ParseResult<ChronyTracking> {
  const refid = body.getUint32(0);
  const leap = leaps[body.getUint16(26)];
  if (leap === undefined) return unparsed(`tracking: leap status ${body.getUint16(26)}`);
  const name = address(body, 4) ?? letters(refid);
  const facts: ChronyTracking = {
    refid: hex8(refid),
    ...(name === '' ? {} : { name }),
    stratum: body.getUint16(24),
    leap,
    ref_time_s: seconds(body, 28),
    system_time_s: float(body, 40),
    last_offset_s: float(body, 44),
    freq_ppm: float(body, 52),
    resid_freq_ppm: float(body, 56),
    skew_ppm: float(body, 60),
    root_delay_s: float(body, 64),
    root_dispersion_s: float(body, 68),
    update_interval_s: float(body, 72),
  };
  return plausibleTracking(parsed(facts));
}

/** RPY_N_SOURCES: how many sources there are, those with unresolved names included. */
export const decodeCount = (body: DataView): number => body.getUint32(0);

const never = 0xffffffff;

/** RPY_SOURCE_DATA. A refclock has its refid in place of an IPv4 address. */
export function decodeSource(body: DataView): ParseResult<ChronySource> {
  const mode = modes[body.getUint16(26)];
  const state = states[body.getUint16(24)];
  if (mode === undefined) return unparsed(`source: mode ${body.getUint16(26)}`);
  if (state === undefined) return unparsed(`source: state ${body.getUint16(24)}`);
  const name = mode === 'refclock' ? letters(body.getUint32(0)) : address(body, 0);
  if (name === undefined) return unparsed('source: no address');
  const since = body.getUint32(32);
  const source: ChronySource = {
    mode,
    state,
    name,
    resolved: !name.startsWith('ID#'),
    stratum: body.getUint16(22),
    poll: body.getInt16(20),
    reach: body.getUint16(30),
    ...(since === never ? {} : { last_rx_s: since }),
    offset_s: float(body, 40),
    error_margin_s: float(body, 44),
  };
  return plausibleSource(parsed(source));
}
